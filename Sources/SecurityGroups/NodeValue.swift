import PacketSets
import SourceText
import YAMLDocument

/// What a node of an export says, after a template's functions have been carried out as far as they can be.
enum NodeValue {
  /// Nothing is given, or null.
  case absent
  /// A scalar's text.
  case text(String, YAMLNode)
  /// A collection.
  case collection(YAMLNode)
  /// Known only to the provider, for a reason.
  case unresolved(String)

  /// The value of a node of a plain export.
  init(_ node: YAMLNode?) {
    guard let node, !node.isNull else {
      self = .absent
      return
    }
    if let text = node.scalar { self = .text(text, node) } else { self = .collection(node) }
  }
}

/// Reads single values from scalars.
enum ScalarText {
  /// A decimal number with an optional sign, of at most nine digits and without zeros in front.
  static func integer(_ text: String) -> Int? {
    var bytes = text.utf8[...]
    let isNegative = bytes.first == 0x2D
    if isNegative || bytes.first == 0x2B { bytes = bytes.dropFirst() }
    // Zeros in front make a number octal to some readers of YAML and not to others.
    guard let first = bytes.first, bytes.count <= 9, first != 0x30 || bytes.count == 1 else { return nil }
    var value = 0
    for byte in bytes {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return isNegative ? -value : value
  }

  /// A port, or two with a hyphen between; spaces around the hyphen do not count.
  static func portRange(_ text: String) -> Interval<UInt32>? {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let bounds = parts.map { part in integer(String(part.trimmingSpaces)) }
    guard let first = bounds.first, let lower = first, let last = bounds.last, let upper = last,
      lower >= 0, lower <= upper, upper <= 65535
    else { return nil }
    return Interval(UInt32(lower), UInt32(upper))
  }

  /// Whether a text is a truth value of YAML 1.1 or JSON.
  static func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: nil
    }
  }

  /// A text as it is quoted in a message: cut when it is long.
  static func shown(_ text: String) -> String {
    text.unicodeScalars.count <= 60 ? "'\(text)'" : "'\(String(text.unicodeScalars.prefix(57)))...'"
  }
}

extension StringProtocol {
  /// The text without spaces at its ends.
  var trimmingSpaces: SubSequence {
    var rest = self[...]
    while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
    while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
    return rest
  }
}
