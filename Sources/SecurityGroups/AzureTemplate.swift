import YAMLDocument

/// The expressions of an Azure Resource Manager template, as far as they can be carried out offline.
///
/// **Source:** Azure documentation, "Syntax and expressions in Azure Resource Manager templates": a text in brackets
/// is an expression, `[[` stands for a bracket.
struct AzureTemplate {
  private var parameters: [String: YAMLNode] = [:]
  private var variables: [String: YAMLNode] = [:]

  /// No template: all texts are what they are.
  init() {}

  /// The parameters with their defaults and the variables of a template.
  init(_ node: YAMLNode) {
    node["parameters"]?.forEachEntry { key, value in
      if let name = key.scalar, let standard = value["defaultValue"] { parameters[name.lowercased()] = standard }
    }
    node["variables"]?.forEachEntry { key, value in
      if let name = key.scalar { variables[name.lowercased()] = value }
    }
  }

  /// The value of a node.
  func value(_ node: YAMLNode?) -> NodeValue { value(node, depth: 0) }

  /// The text of a node; an expression that is not known stands for itself.
  func text(_ node: YAMLNode?) -> String? {
    if case .text(let text, _) = value(node) { return text }
    return node?.scalar
  }

  private func value(_ node: YAMLNode?, depth: Int) -> NodeValue {
    guard let node, case .text(let text, _) = NodeValue(node), text.hasPrefix("["), text.hasSuffix("]"),
      !text.hasPrefix("[[")
    else { return NodeValue(node) }
    let expression = text.dropFirst().dropLast()
    for (function, table) in [("parameters", parameters), ("variables", variables)] {
      guard expression.hasPrefix("\(function)('"), expression.hasSuffix("')") else { continue }
      let name = expression.dropFirst(function.utf8.count + 2).dropLast(2)
      guard depth < 8, !name.contains("'"), let target = table[name.lowercased()] else { break }
      switch value(target, depth: depth + 1) {
      case .text(let text, _): return .text(text, node)
      case let other: return other
      }
    }
    return .unresolved("the expression \(ScalarText.shown(text))")
  }
}
