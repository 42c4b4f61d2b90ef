extension Unicode.Scalar {
  /// What stands for a character that could be markup, in HTML as in XML; nil for all others.
  var markupEntity: String? {
    switch self {
    case "&": "&amp;"
    case "<": "&lt;"
    case ">": "&gt;"
    case "\"": "&quot;"
    case "'": "&#39;"
    default: nil
    }
  }
}
