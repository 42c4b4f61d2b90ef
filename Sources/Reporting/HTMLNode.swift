/// A piece of an HTML or SVG document; text is escaped where it is written out, nowhere else.
///
/// Names of elements and attributes come from the program only, so that nothing from a file can become markup.
enum HTMLNode {
  indirect case element(StaticString, [Attribute], [HTMLNode])
  case text(String)
  case many([HTMLNode])
  /// A style sheet of the program's own.
  case style(StaticString)

  /// A name with its value.
  struct Attribute {
    var name: StaticString
    var value: String

    /// Makes an attribute.
    init(_ name: StaticString, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// An element with a class.
  static func element(
    _ name: StaticString, class style: String? = nil, _ attributes: [Attribute] = [], _ children: HTMLNode...
  ) -> HTMLNode {
    .element(name, (style.map { [Attribute("class", $0)] } ?? []) + attributes, children)
  }

  /// An element that holds a text.
  static func element(
    _ name: StaticString, class style: String? = nil, _ attributes: [Attribute] = [], text: String
  ) -> HTMLNode {
    .element(name, (style.map { [Attribute("class", $0)] } ?? []) + attributes, [.text(text)])
  }

  /// Elements that have no end tag (HTML, 13.1.2).
  private static let void: Set<String> = ["meta", "br", "hr", "col"]

  /// The node as text.
  func render() -> String {
    var result = ""
    write(to: &result)
    return result
  }

  private func write(to result: inout String) {
    switch self {
    case .text(let text): result += Self.escaped(text)
    case .many(let nodes): for node in nodes { node.write(to: &result) }
    case .style(let sheet): result += "<style>\(sheet)</style>\n"
    case .element(let name, let attributes, let children):
      result += "<\(name)"
      for attribute in attributes { result += " \(attribute.name)=\"\(Self.escaped(attribute.value))\"" }
      result += ">"
      if Self.void.contains("\(name)") { return }
      for child in children { child.write(to: &result) }
      result += "</\(name)>"
    }
  }

  /// Text for elements and attribute values: harmless, with everything that could be markup as an entity.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in Harmless.lines(text).unicodeScalars {
      if let entity = scalar.markupEntity { result += entity } else { result.unicodeScalars.append(scalar) }
    }
    return result
  }
}
