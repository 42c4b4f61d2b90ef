import SourceText
import YAMLDocument

/// Checks YAML nodes against the part of JSON Schema (draft 7) that the published schemas use.
///
/// The schema itself is read as YAML too, of which JSON is a part. A keyword that is not understood here is a problem,
/// so that the schemas cannot outgrow the test.
struct SchemaValidator {
  let schema: YAMLNode

  /// Keywords that only inform.
  private static let annotations: Set<String> = ["$schema", "title", "description", "definitions", "then", "required"]

  /// What is wrong with a document, as messages with the path of the place; empty when it is valid.
  func problems(_ node: YAMLNode) -> [String] { problems(node, schema, at: "") }

  private func problems(_ node: YAMLNode, _ schema: YAMLNode, at path: String) -> [String] {
    if schema.scalar == "true" { return [] }
    if schema.scalar == "false" { return ["\(path) is not allowed"] }
    var found: [String] = []
    for (key, value) in schema.mapping ?? [] {
      found += problems(node, keyword: key.scalar ?? "", value, schema, at: path)
    }
    return found
  }

  private func problems(
    _ node: YAMLNode, keyword: String, _ value: YAMLNode, _ schema: YAMLNode, at path: String
  ) -> [String] {
    let pairs = node.mapping ?? []
    switch keyword {
    case "$ref":
      let name = String((value.scalar ?? "").split(separator: "/").last ?? "")
      guard let target = self.schema.member("definitions")?.member(name) else { return ["no definition \(name)"] }
      return problems(node, target, at: path)
    case "type":
      return Self.type(of: node) == value.scalar ? [] : ["\(path) is no \(value.scalar ?? "")"]
    case "enum": return value.sequence?.contains { Self.equal($0, node) } == true ? [] : ["\(path) is no known word"]
    case "const": return Self.equal(value, node) ? [] : ["\(path) is not \(value.scalar ?? "")"]
    case "pattern":
      guard Self.type(of: node) == "string", let text = node.scalar else { return [] }
      guard let regex = try? Regex(value.scalar ?? "") else { return ["bad pattern \(value.scalar ?? "")"] }
      return text.firstMatch(of: regex) == nil ? ["\(path) does not match"] : []
    case "minLength": return node.scalar?.isEmpty == true ? ["\(path) is empty"] : []
    case "minimum", "maximum":
      guard let number = Int(node.scalar ?? ""), let limit = Int(value.scalar ?? "") else { return [] }
      return keyword == "minimum"
        ? (number < limit ? ["\(path) is too small"] : []) : number > limit ? ["\(path) is too big"] : []
    case "minItems", "minProperties":
      guard let count = keyword == "minItems" ? node.sequence?.count : node.mapping?.count else { return [] }
      return count < Int(value.scalar ?? "") ?? 0 ? ["\(path) has too few entries"] : []
    case "items":
      return (node.sequence ?? []).enumerated().flatMap { problems($1, value, at: "\(path)/\($0)") }
    case "properties":
      return pairs.flatMap { key, item in
        value.member(key.scalar ?? "").map { problems(item, $0, at: "\(path)/\(key.scalar ?? "")") } ?? []
      }
    case "additionalProperties":
      let known = Set((schema.member("properties")?.mapping ?? []).compactMap { $0.key.scalar })
      return pairs.filter { !known.contains($0.key.scalar ?? "") }.flatMap {
        problems($0.value, value, at: "\(path)/\($0.key.scalar ?? "")")
      }
    case "propertyNames": return pairs.flatMap { problems($0.key, value, at: "\(path)/\($0.key.scalar ?? "")") }
    case "oneOf":
      let matches = (value.sequence ?? []).count { problems(node, $0, at: path).isEmpty }
      return matches == 1 ? [] : ["\(path) matches \(matches) forms"]
    case "anyOf":
      let matches = (value.sequence ?? []).contains { problems(node, $0, at: path).isEmpty }
      return matches ? [] : ["\(path) matches no form"]
    case "if":
      guard problems(node, value, at: path).isEmpty, let then = schema.member("then") else { return [] }
      return problems(node, then, at: path)
    case "required" where node.mapping != nil:
      return (value.sequence ?? []).compactMap(\.scalar).filter { node.member($0) == nil }.map { "\(path) lacks \($0)" }
    default: return Self.annotations.contains(keyword) ? [] : ["the test does not know the keyword \(keyword)"]
    }
  }

  /// The JSON type of a node, by YAML's core schema.
  private static func type(of node: YAMLNode) -> String {
    guard let text = node.scalar else { return node.sequence == nil ? "object" : "array" }
    if node.isNull { return "null" }
    guard node.isPlain else { return "string" }
    if text == "true" || text == "false" { return "boolean" }
    return Int(text) == nil ? "string" : "integer"
  }

  private static func equal(_ left: YAMLNode, _ right: YAMLNode) -> Bool {
    left.scalar == right.scalar && type(of: left) == type(of: right)
  }
}

extension YAMLNode {
  /// The value of a key of a mapping.
  fileprivate func member(_ name: String) -> YAMLNode? {
    mapping?.first { $0.key.scalar == name }?.value
  }
}
