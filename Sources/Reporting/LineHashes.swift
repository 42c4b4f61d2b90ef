/// Hashes of a file's lines as GitHub's code scanning computes them, for `primaryLocationLineHash`.
///
/// **Source:** the fingerprints that code scanning's own upload action computes: a rolling hash to the base 37 in 64 bits over 100 UTF-16 units from the start of
/// the line on, blanks and tabs left out, line ends as LF, U+FFFF and then zeros behind the end. Equal lines are told
/// apart by a count.
struct LineHashes {
  /// By line, from 1: hexadecimal hash, a colon, the occurrence of that hash.
  private(set) var hashes: [Int: String] = [:]
  private var counts: [UInt64: Int] = [:]
  private var window = [UInt16](repeating: 0, count: Self.width)
  /// The line that begins at a place of the window, or 0.
  private var lines = [Int](repeating: 0, count: Self.width)
  private var index = 0
  private var hash: UInt64 = 0

  private static let width = 100
  private static let base: UInt64 = 37
  private static let outgoing: UInt64 = (0..<width).reduce(1) { power, _ in power &* base }

  /// Hashes every line of a text.
  init(_ text: String) {
    var line = 0
    var isLineStart = true
    var followsReturn = false
    func take(_ unit: UInt16, _ hashes: inout LineHashes) {
      var unit = unit
      if unit == 0x20 || unit == 0x09 || (followsReturn && unit == 0x0A) {
        followsReturn = false
        return
      }
      followsReturn = unit == 0x0D
      if followsReturn { unit = 0x0A }
      hashes.emit()
      if isLineStart {
        isLineStart = false
        line += 1
        hashes.lines[hashes.index] = line
      }
      if unit == 0x0A { isLineStart = true }
      hashes.push(unit)
    }
    for unit in text.utf16 { take(unit, &self) }
    take(0xFFFF, &self)
    for _ in 0..<Self.width {
      emit()
      push(0)
    }
  }

  /// Notes the hash of the line that begins where the window is about to move on, if one does.
  private mutating func emit() {
    guard lines[index] > 0 else { return }
    counts[hash, default: 0] += 1
    hashes[lines[index]] = "\(String(hash, radix: 16)):\(counts[hash, default: 0])"
    lines[index] = 0
  }

  private mutating func push(_ unit: UInt16) {
    let oldest = window[index]
    window[index] = unit
    hash = Self.base &* hash &+ UInt64(unit) &- Self.outgoing &* UInt64(oldest)
    index = (index + 1) % Self.width
  }
}
