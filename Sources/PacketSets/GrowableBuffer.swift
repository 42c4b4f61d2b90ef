import Glibc

/// Plain values in one piece of memory that grows where it lies.
///
/// **Rationale:** an Array doubles by copying, so that for a moment there are three times as many bytes as are used;
/// `realloc` moves large pieces by page tables and copies nothing. Subscripts are checked in debug builds only.
struct GrowableBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var storage: UnsafeMutableBufferPointer<Element>
  /// The number of values.
  private(set) var count = 0
  /// Whether memory was refused: values appended since then are lost.
  private(set) var isRefused = false

  /// Makes an empty buffer.
  init() { storage = UnsafeMutableBufferPointer(start: nil, count: 0) }

  /// Makes a buffer of zero bytes; empty where there is no memory for it.
  init(zeroed count: Int) {
    let bytes = calloc(count, MemoryLayout<Element>.stride)
    let size = bytes == nil ? 0 : count
    storage = UnsafeMutableBufferPointer(start: bytes?.bindMemory(to: Element.self, capacity: size), count: size)
    self.count = size
    isRefused = bytes == nil
  }

  deinit { free(storage.baseAddress) }

  @inline(__always)
  subscript(index: Int) -> Element {
    get { storage[index] }
    set { storage[index] = newValue }
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == storage.count { grow(toHold: count + 1) }
    guard count < storage.count else { return }
    storage[count] = element
    count += 1
  }

  /// Appends a part of another buffer.
  @inline(__always)
  mutating func append(_ other: borrowing GrowableBuffer, from first: Int, count added: Int) {
    if count + added > storage.count { grow(toHold: count + added) }
    guard added > 0, count + added <= storage.count, let target = storage.baseAddress,
      let source = other.storage.baseAddress
    else { return }
    (target + count).update(from: source + first, count: added)
    count += added
  }

  @inline(__always)
  mutating func removeLast(_ removed: Int) { count -= removed }

  /// Whether two parts hold the same bytes.
  @inline(__always)
  func equals(_ first: Int, _ other: borrowing GrowableBuffer, _ otherFirst: Int, count: Int) -> Bool {
    guard let left = storage.baseAddress, let right = other.storage.baseAddress else { return false }
    return memcmp(left + first, right + otherFirst, count * MemoryLayout<Element>.stride) == 0
  }

  @inline(never)
  private mutating func grow(toHold needed: Int) {
    let size = Swift.max(needed, storage.count * 2, 64)
    guard let bytes = realloc(storage.baseAddress, size * MemoryLayout<Element>.stride) else {
      isRefused = true
      return
    }
    storage = UnsafeMutableBufferPointer(start: bytes.bindMemory(to: Element.self, capacity: size), count: size)
  }
}
