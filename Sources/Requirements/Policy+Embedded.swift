import CPolicies
import SourceText

extension Policy {
  /// The names of the policies that are part of the program, as sites ask for them.
  public static let embeddedNames = ["fortimail-7.6"]

  /// The YAML of an embedded policy; nil for other names.
  public static func embeddedSource(named name: String) -> SourceFile? {
    embeddedBytes(named: name).map { SourceFile(path: "\(name).yaml", bytes: Array($0)) }
  }

  /// An embedded policy; nil for other names.
  ///
  /// References inside the document are not checked again at run time: the tests do that.
  /// - Parameter withWords: whether to read the printed cells and the explanations too, which take most of the time and
  ///   which no check depends on. Without them, those properties are empty.
  public static func embedded(
    named name: String, withWords: Bool = true
  ) -> (policy: Policy?, diagnostics: [Diagnostic]) {
    guard let bytes = embeddedBytes(named: name) else { return (nil, []) }
    let part = withWords ? bytes[...] : bytes[..<startOfWords(bytes)]
    return parse(SourceFile(path: "\(name).yaml", bytes: Array(part)), isTrusted: true)
  }

  private static func embeddedBytes(named name: String) -> UnsafeBufferPointer<UInt8>? {
    guard name == embeddedNames[0] else { return nil }
    var size = 0
    let bytes = fwlint_policy_fortimail_7_6(&size)
    return UnsafeBufferPointer(start: bytes, count: size)
  }

  /// The offset of the line `words:`, the document's last key.
  private static func startOfWords(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let key = Array("\nwords:\n".utf8)
    var offset = 0
    while offset + key.count <= bytes.count {
      if bytes[offset] == key[0], bytes[offset..<offset + key.count].elementsEqual(key) { return offset + 1 }
      offset += 1
    }
    return bytes.count
  }
}
