import SourceText

/// The nodes of all documents of a file, in flat arrays; never changed once it is built.
final class YAMLTree: Sendable {
  /// One node; collections name a run of `children`, scalars a run of `text`.
  struct Node: Sendable {
    var kind: YAMLNode.Kind
    var isPlain = false
    /// One more than the index of the explicit tag; 0 for none.
    var tag: UInt32 = 0
    var range: SourceRange
    /// First child, or first byte of the text.
    var first: UInt32 = 0
    /// Children (a key and a value count as two), or bytes of text.
    var count: UInt32 = 0
  }

  let nodes: [Node]
  let children: [UInt32]
  let text: [UInt8]
  let tags: [String]

  init(nodes: [Node], children: [UInt32], text: [UInt8], tags: [String]) {
    self.nodes = nodes
    self.children = children
    self.text = text
    self.tags = tags
  }
}
