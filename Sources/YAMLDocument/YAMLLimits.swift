/// What a YAML document may cost before reading it stops with an error.
public struct YAMLLimits: Sendable, Hashable {
  /// Nodes of all documents together, each alias counted as the whole tree that it stands for.
  public var nodes: Int
  /// Collections inside of one another, through aliases too.
  public var depth: Int
  /// Bytes of one scalar.
  public var scalarBytes: Int
  /// Diagnostics; further ones are dropped.
  public var diagnostics: Int
  /// `%TAG` directives, as libyaml compares each with all others.
  public var tagDirectives: Int
  /// Whether tags beyond those of plain data (`!!str`, `!!int` and so on) are taken.
  ///
  /// A reader that knows no tags must not read past them: elsewhere they may mean anything.
  public var allowsForeignTags = true

  /// Makes limits.
  public init(
    nodes: Int = 4_000_000, depth: Int = 64, scalarBytes: Int = 1 << 20, diagnostics: Int = 100,
    tagDirectives: Int = 100
  ) {
    self.nodes = nodes
    self.depth = depth
    self.scalarBytes = scalarBytes
    self.diagnostics = diagnostics
    self.tagDirectives = tagDirectives
  }

  /// The same limits for documents of plain data.
  public var withoutForeignTags: YAMLLimits {
    var limits = self
    limits.allowsForeignTags = false
    return limits
  }

  /// Limits that no export of a real cloud comes near: ten thousand rules are some 200,000 nodes.
  public static let standard = YAMLLimits()
}
