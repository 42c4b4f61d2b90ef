/// Writes texts as YAML scalars that read as the same texts.
enum YAMLText {
  /// In single quotes; in double quotes, all but plain characters escaped, where there are others.
  static func quoted(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy {
      (0x20...0x7E).contains($0.value) || $0.value >= 0xA0 && $0.value < 0x2000
    }
    if isPlain { return "'" + text.map { $0 == "'" ? "''" : String($0) }.joined() + "'" }
    var result = "\""
    for scalar in text.unicodeScalars {
      if (0x20...0x7E).contains(scalar.value), scalar != "\"", scalar != "\\" {
        result.unicodeScalars.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16)
        result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
