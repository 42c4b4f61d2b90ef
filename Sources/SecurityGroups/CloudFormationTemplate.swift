import SourceText
import YAMLDocument

/// The functions of a CloudFormation template, as far as they can be carried out offline.
///
/// Parameters are known by their defaults, mappings by their keys; conditions, imports and attributes of resources are
/// not known.
///
/// **Source:** AWS CloudFormation user guide, "Intrinsic function reference" and "Parameters".
struct CloudFormationTemplate {
  private var parameters: [String: YAMLNode] = [:]
  private let mappings: YAMLNode?
  /// Resources by their logical ids.
  private(set) var resources: [String: YAMLNode] = [:]

  /// Longer texts are not put together.
  private static let textLimit = 4096
  /// Functions inside of one another; CloudFormation's own templates stay far below.
  private static let depthLimit = 16

  init(_ node: YAMLNode) {
    mappings = node["Mappings"]
    node["Parameters"]?.forEachEntry { key, value in
      // A parameter of a Systems Manager type has the name of the value, not the value, as its default.
      guard let name = key.scalar, let standard = value["Default"],
        value["Type"]?.scalar?.hasPrefix("AWS::SSM::") != true
      else { return }
      parameters[name] = standard
    }
    node["Resources"]?.forEachEntry { key, value in
      if let name = key.scalar { resources[name] = value }
    }
  }

  /// A function: its name in the short form (`!Ref`), and its argument.
  struct Function {
    var name: String
    var argument: YAMLNode
  }

  /// The function that a node is, in the short or the long form; nil for plain values.
  func function(_ node: YAMLNode) -> Function? {
    if let tag = node.tag, tag.hasPrefix("!") { return Function(name: tag, argument: node) }
    guard node.kind == .mapping, node.count == 1 else { return nil }
    var function: Function?
    node.forEachEntry { key, value in
      guard let name = key.scalar else { return }
      if name == "Ref" || name == "Condition" {
        function = Function(name: "!\(name)", argument: value)
      } else if name.hasPrefix("Fn::") {
        function = Function(name: "!\(name.dropFirst(4))", argument: value)
      }
    }
    return function
  }

  /// The value of a node.
  func value(_ node: YAMLNode?) -> NodeValue { value(node, depth: 0) }

  private func value(_ node: YAMLNode?, depth: Int) -> NodeValue {
    guard let node, let function = function(node) else { return NodeValue(node) }
    let unresolved = NodeValue.unresolved(reason(function))
    guard depth < Self.depthLimit else { return unresolved }
    let text: String?
    switch function.name {
    case "!Ref":
      guard let name = function.argument.scalar else { return unresolved }
      if name == "AWS::NoValue" { return .absent }
      guard let standard = parameters[name] else { return unresolved }
      text = standard.scalar
    case "!Sub": text = substituted(function.argument, depth: depth)
    case "!Join": text = joined(function.argument, depth: depth)
    case "!FindInMap": text = found(function.argument, depth: depth)
    default: text = nil
    }
    return text.map { .text($0, node) } ?? unresolved
  }

  private func text(_ node: YAMLNode?, depth: Int) -> String? {
    if case .text(let text, _) = value(node, depth: depth + 1) { return text }
    return nil
  }

  /// The words of a message: `!Ref SSHLocation`.
  func reason(_ function: Function) -> String {
    let parts = function.argument.scalar.map { [$0] } ?? function.argument.sequence?.compactMap(\.scalar) ?? []
    let shown = parts.joined(separator: " ")
    return shown.isEmpty || shown.utf8.count > 80 ? function.name : "\(function.name) \(shown)"
  }

  // MARK: Functions

  private func substituted(_ argument: YAMLNode, depth: Int) -> String? {
    let elements = argument.sequence
    guard let pattern = elements.map({ $0.first?.scalar ?? "" }) ?? argument.scalar else { return nil }
    let variables = elements.flatMap { $0.count > 1 ? $0[1] : nil }
    var result = ""
    var rest = pattern[...]
    while let start = rest.firstRange(of: "${") {
      result += rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      guard let end = rest.firstIndex(of: "}"), result.utf8.count < Self.textLimit else { return nil }
      let name = String(rest[..<end])
      rest = rest[rest.index(after: end)...]
      if name.hasPrefix("!") {
        result += "${\(name.dropFirst())}"
      } else if let variable = variables?[name] {
        guard let text = text(variable, depth: depth) else { return nil }
        result += text
      } else {
        guard let text = parameters[name]?.scalar else { return nil }
        result += text
      }
    }
    return result + rest
  }

  private func joined(_ argument: YAMLNode, depth: Int) -> String? {
    guard let elements = argument.sequence, elements.count == 2, let separator = elements[0].scalar,
      let parts = elements[1].sequence, function(elements[1]) == nil
    else { return nil }
    var result = ""
    for (position, part) in parts.enumerated() {
      guard let text = text(part, depth: depth), result.utf8.count < Self.textLimit else { return nil }
      result += position == 0 ? text : separator + text
    }
    return result
  }

  private func found(_ argument: YAMLNode, depth: Int) -> String? {
    guard let elements = argument.sequence, elements.count >= 3 else { return nil }
    let keys = elements.prefix(3).map { text($0, depth: depth) }
    guard let map = keys[0], let first = keys[1], let second = keys[2] else { return nil }
    return mappings?[map]?[first]?[second]?.scalar
  }
}
