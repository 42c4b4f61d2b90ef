import SourceText

/// A node of a YAML document: a scalar, a sequence or a mapping, with the bytes that it stands for.
///
/// Values are handles into a shared, immutable tree, so that copies cost nothing. Scalars are text and only text: none
/// of YAML 1.1's types is guessed, `22:22`, `022`, `on` and `~` stay what was written. Aliases are resolved: a node
/// reached through one has the place of the alias, its children that of the anchor.
public struct YAMLNode: Sendable {
  /// The three kinds of node.
  public enum Kind: Sendable {
    case scalar
    case sequence
    case mapping
  }

  let tree: YAMLTree
  let index: UInt32

  init(tree: YAMLTree, index: UInt32) {
    self.tree = tree
    self.index = index
  }

  private var node: YAMLTree.Node { tree.nodes[Int(index)] }

  /// The kind of node.
  public var kind: Kind { node.kind }

  /// The bytes of the node; block collections end with their last entry.
  public var range: SourceRange { node.range }

  /// The text of a scalar; nil for collections.
  public var scalar: String? {
    withScalarBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether the node is a plain scalar: neither quoted nor a block scalar.
  public var isPlain: Bool { node.isPlain }

  /// Whether the node is an untagged plain scalar that YAML's core schema reads as null: nothing, `~` or `null`.
  public var isNull: Bool {
    let node = node
    guard node.kind == .scalar, node.isPlain, node.tag == 0 else { return false }
    if node.count == 0 { return true }
    return equals("~") || equals("null") || equals("Null") || equals("NULL")
  }

  /// The explicit tag as it resolves (`!Ref`, `tag:yaml.org,2002:str` for `!!str`); nil when none is written.
  public var tag: String? {
    let tag = node.tag
    return tag == 0 ? nil : tree.tags[Int(tag - 1)]
  }

  /// The elements of a sequence; nil for other kinds.
  public var sequence: [YAMLNode]? {
    guard kind == .sequence else { return nil }
    return (0..<count).map { child($0) }
  }

  /// The entries of a mapping in their order, those of merge keys last; nil for other kinds.
  public var mapping: [(key: YAMLNode, value: YAMLNode)]? {
    guard kind == .mapping else { return nil }
    return (0..<count).map { (child(2 * $0), child(2 * $0 + 1)) }
  }

  /// The value of a scalar key; nil when there is none or the node is no mapping.
  public subscript(key: String) -> YAMLNode? {
    guard kind == .mapping else { return nil }
    var key = key
    return key.withUTF8 { self[bytes: $0] }
  }
}

// MARK: Access without copies

extension YAMLNode {
  /// The number of elements of a sequence or entries of a mapping; 0 for scalars.
  public var count: Int {
    switch kind {
    case .scalar: 0
    case .sequence: Int(node.count)
    case .mapping: Int(node.count) / 2
    }
  }

  /// Calls a closure with each element of a sequence; with nothing for other kinds.
  @inlinable
  public func forEachElement(_ body: (YAMLNode) -> Void) {
    guard kind == .sequence else { return }
    for position in 0..<count { body(child(position)) }
  }

  /// Calls a closure with each entry of a mapping; with nothing for other kinds.
  @inlinable
  public func forEachEntry(_ body: (_ key: YAMLNode, _ value: YAMLNode) -> Void) {
    guard kind == .mapping else { return }
    for position in 0..<count { body(child(2 * position), child(2 * position + 1)) }
  }

  /// A child by its place; keys and values of a mapping alternate.
  @usableFromInline
  func child(_ position: Int) -> YAMLNode {
    YAMLNode(tree: tree, index: tree.children[Int(node.first) + position])
  }

  /// Gives a closure the UTF-8 bytes of a scalar; nil for collections.
  public func withScalarBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
    let node = node
    guard node.kind == .scalar else { return nil }
    return tree.text.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[Int(node.first)..<Int(node.first + node.count)]))
    }
  }

  /// Whether the node is a scalar with exactly this text.
  public func equals(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { equals($0) }
  }

  private func equals(_ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
    let node = node
    guard node.kind == .scalar, Int(node.count) == wanted.count else { return false }
    return tree.text.withUnsafeBufferPointer { text in
      for offset in 0..<wanted.count where text[Int(node.first) + offset] != wanted[offset] { return false }
      return true
    }
  }

  private subscript(bytes wanted: UnsafeBufferPointer<UInt8>) -> YAMLNode? {
    let node = node
    guard node.kind == .mapping else { return nil }
    for position in stride(from: Int(node.first), to: Int(node.first + node.count), by: 2) {
      let key = tree.nodes[Int(tree.children[position])]
      guard key.kind == .scalar, Int(key.count) == wanted.count else { continue }
      if YAMLNode(tree: tree, index: tree.children[position]).equals(wanted) {
        return YAMLNode(tree: tree, index: tree.children[position + 1])
      }
    }
    return nil
  }
}
