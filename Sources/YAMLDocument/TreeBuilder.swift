import SourceText

/// Makes trees of events, without recursion and in time linear in the file.
struct TreeBuilder {
  /// A collection whose end has not come yet.
  private struct Frame {
    var node: UInt32
    var isFlow: Bool
    var anchor: [UInt8]?
    /// First of its children on `pending`.
    var firstPending: Int
    /// Nodes of the tree so far, aliases expanded.
    var size = 1
    /// Collections inside of one another, itself included.
    var height = 1
    /// Offset just past the last byte of what was read of it.
    var end: UInt32
  }

  /// What an anchor stands for.
  private struct Anchor {
    /// Nil while the node's end has not come: an alias to it is a loop.
    var node: UInt32?
    var size = 1
    var height = 0
  }

  private let limits: YAMLLimits
  private let source: SourceFile
  private let offsets: CharacterOffsets
  private var frames: [Frame] = []
  private var pending: [UInt32] = []
  private var anchors: [[UInt8]: Anchor] = [:]
  private var total = 0
  private var roots: [UInt32] = []
  private var root: UInt32?
  private var nodes: [YAMLTree.Node] = []
  private var children: [UInt32] = []
  private var text: [UInt8] = []
  private var tags: [String] = []
  private var tagIDs: [String: UInt32] = [:]
  private var lines: LineIndex?
  private(set) var diagnostics: [Diagnostic] = []
  /// Whether a limit was passed: the rest of the file is not read.
  private(set) var hasStopped = false
  private(set) var isFinished = false

  init(source: SourceFile, offsets: CharacterOffsets, limits: YAMLLimits) {
    self.source = source
    self.offsets = offsets
    self.limits = limits
    let guess = source.bytes.count / 8
    nodes.reserveCapacity(min(guess, 1 << 20))
    children.reserveCapacity(min(guess, 1 << 20))
    text.reserveCapacity(source.bytes.count / 2)
  }

  /// The roots of the documents that were read whole.
  func documents() -> [YAMLNode] {
    let tree = YAMLTree(nodes: nodes, children: children, text: text, tags: tags)
    return roots.map { YAMLNode(tree: tree, index: $0) }
  }

  mutating func report(_ message: String, _ range: SourceRange) {
    guard diagnostics.count < limits.diagnostics else { return }
    diagnostics.append(Diagnostic(.error, message, range: range))
  }

  // MARK: Events

  mutating func take(_ event: EventReader.Event) {
    let range = SourceRange(offsets.byteOffset(event.start), offsets.byteOffset(event.end))
    switch event.content {
    case .streamEnd: isFinished = true
    case .documentStart:
      anchors.removeAll(keepingCapacity: true)
      root = nil
    case .documentEnd:
      if let root { roots.append(root) }
    case .alias(let name): takeAlias(Array(name), range)
    case .scalar(let bytes, let style, let anchor, let tag):
      takeScalar(bytes, style: style, anchor: anchor.map(Array.init), tag: tag, range)
    case .sequenceStart(let isFlow, let anchor, let tag):
      open(.sequence, isFlow: isFlow, anchor: anchor.map(Array.init), tag: tag, range)
    case .mappingStart(let isFlow, let anchor, let tag):
      open(.mapping, isFlow: isFlow, anchor: anchor.map(Array.init), tag: tag, range)
    case .collectionEnd: close(range)
    case .other: break
    }
  }

  private mutating func takeAlias(_ name: [UInt8], _ range: SourceRange) {
    let shown = String(decoding: name, as: UTF8.self)
    guard let anchor = anchors[name] else {
      report("the alias '*\(shown)' has no anchor before it", range)
      hasStopped = true
      return
    }
    guard let target = anchor.node else {
      report("the alias '*\(shown)' stands inside of what it refers to", range)
      hasStopped = true
      return
    }
    guard frames.count + anchor.height <= limits.depth else {
      report("collections are nested deeper than \(limits.depth) levels through the alias '*\(shown)'", range)
      hasStopped = true
      return
    }
    guard count(anchor.size, range) else { return }
    var node = nodes[Int(target)]
    node.range = range
    nodes.append(node)
    add(UInt32(nodes.count - 1), size: anchor.size, height: anchor.height, end: range.end)
  }

  private mutating func takeScalar(
    _ bytes: UnsafeBufferPointer<UInt8>, style: EventReader.Style, anchor: [UInt8]?,
    tag: UnsafeBufferPointer<UInt8>?, _ range: SourceRange
  ) {
    guard bytes.count <= limits.scalarBytes else {
      report("a scalar is longer than \(limits.scalarBytes) bytes", range)
      hasStopped = true
      return
    }
    guard count(1, range) else { return }
    var node = YAMLTree.Node(kind: .scalar, range: style == .block ? trimmed(range) : range)
    node.isPlain = style == .plain
    node.tag = intern(tag, range)
    node.first = UInt32(truncatingIfNeeded: text.count)
    node.count = UInt32(truncatingIfNeeded: bytes.count)
    text.append(contentsOf: bytes)
    let index = UInt32(nodes.count)
    nodes.append(node)
    if let anchor { anchors[anchor] = Anchor(node: index) }
    add(index, size: 1, height: 0, end: node.range.end)
  }

  private mutating func open(
    _ kind: YAMLNode.Kind, isFlow: Bool, anchor: [UInt8]?, tag: UnsafeBufferPointer<UInt8>?, _ range: SourceRange
  ) {
    guard frames.count < limits.depth else {
      report("collections are nested deeper than \(limits.depth) levels", range)
      hasStopped = true
      return
    }
    guard count(1, range) else { return }
    var node = YAMLTree.Node(kind: kind, range: range)
    node.tag = intern(tag, range)
    if let anchor { anchors[anchor] = Anchor(node: nil) }
    frames.append(
      Frame(
        node: UInt32(nodes.count), isFlow: isFlow, anchor: anchor, firstPending: pending.count, end: range.end))
    nodes.append(node)
  }

  private mutating func close(_ range: SourceRange) {
    guard let frame = frames.popLast() else { return }
    let end = frame.isFlow ? range.end : frame.end
    var own = pending[frame.firstPending...]
    if nodes[Int(frame.node)].kind == .mapping {
      reportDuplicates(own)
      if let merged = mergedEntries(own) { own = merged }
    }
    nodes[Int(frame.node)].range.end = end
    nodes[Int(frame.node)].first = UInt32(truncatingIfNeeded: children.count)
    nodes[Int(frame.node)].count = UInt32(truncatingIfNeeded: own.count)
    children.append(contentsOf: own)
    // A slice that is still held would make the removal copy everything that is pending.
    own = []
    pending.removeLast(pending.count - frame.firstPending)
    if let anchor = frame.anchor {
      anchors[anchor] = Anchor(node: frame.node, size: frame.size, height: frame.height)
    }
    add(frame.node, size: frame.size, height: frame.height, end: end)
  }

  /// Makes a finished node the next child of the open collection, or the document's root.
  private mutating func add(_ node: UInt32, size: Int, height: Int, end: UInt32) {
    guard !frames.isEmpty else {
      root = node
      return
    }
    let last = frames.count - 1
    pending.append(node)
    frames[last].size += size
    frames[last].height = max(frames[last].height, height + 1)
    frames[last].end = max(frames[last].end, end)
  }

  /// Counts nodes; sizes of aliases are known, so that a bomb costs no more than its text.
  private mutating func count(_ size: Int, _ range: SourceRange) -> Bool {
    let (sum, overflow) = total.addingReportingOverflow(size)
    guard !overflow, sum <= limits.nodes else {
      report("the document has more than \(limits.nodes) nodes once its aliases are expanded", range)
      hasStopped = true
      return false
    }
    total = sum
    return true
  }

  private static let plainTags = [
    "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:null", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map",
  ]

  private mutating func intern(_ tag: UnsafeBufferPointer<UInt8>?, _ range: SourceRange) -> UInt32 {
    guard let tag else { return 0 }
    let text = String(decoding: tag, as: UTF8.self)
    if !limits.allowsForeignTags, !Self.plainTags.contains(text) {
      report("the tag '\(text.prefix(80))' means nothing here", range)
    }
    if let id = tagIDs[text] { return id }
    tags.append(text)
    tagIDs[text] = UInt32(tags.count)
    return UInt32(tags.count)
  }

  /// A range without the white space at its end.
  private func trimmed(_ range: SourceRange) -> SourceRange {
    var end = Int(range.end)
    while end > Int(range.start), [0x20, 0x09, 0x0A, 0x0D].contains(source.bytes[end - 1]) { end -= 1 }
    return SourceRange(Int(range.start), end)
  }

  // MARK: Keys

  private func isSameText(_ left: YAMLTree.Node, _ right: YAMLTree.Node) -> Bool {
    guard left.kind == .scalar, right.kind == .scalar, left.count == right.count else { return false }
    return text.withUnsafeBufferPointer { text in
      for offset in 0..<Int(left.count) where text[Int(left.first) + offset] != text[Int(right.first) + offset] {
        return false
      }
      return true
    }
  }

  private func textBytes(_ node: YAMLTree.Node) -> ArraySlice<UInt8> {
    text[Int(node.first)..<Int(node.first + node.count)]
  }

  private mutating func reportDuplicates(_ entries: ArraySlice<UInt32>) {
    if entries.count <= 32 {
      for later in stride(from: entries.startIndex + 2, to: entries.endIndex, by: 2) {
        let key = nodes[Int(entries[later])]
        for earlier in stride(from: entries.startIndex, to: later, by: 2) {
          let first = nodes[Int(entries[earlier])]
          guard isSameText(first, key) else { continue }
          reportDuplicate(key, first)
          break
        }
      }
      return
    }
    var seen: [ArraySlice<UInt8>: UInt32] = Dictionary(minimumCapacity: entries.count / 2)
    for position in stride(from: entries.startIndex, to: entries.endIndex, by: 2) {
      let key = nodes[Int(entries[position])]
      guard key.kind == .scalar else { continue }
      if let first = seen.updateValue(entries[position], forKey: textBytes(key)) {
        seen[textBytes(key)] = first
        reportDuplicate(key, nodes[Int(first)])
      }
    }
  }

  private mutating func reportDuplicate(_ key: YAMLTree.Node, _ first: YAMLTree.Node) {
    guard diagnostics.count < limits.diagnostics else { return }
    let lines = lines ?? LineIndex(source)
    self.lines = lines
    let shown = String(decoding: textBytes(key).prefix(80), as: UTF8.self)
    report(
      "the key '\(shown)' on line \(lines.line(at: key.range.start)) is already given on line "
        + "\(lines.line(at: first.range.start))", key.range)
  }

  /// The entries with those of `<<` in place of it, at the end; nil when there is no merge key.
  ///
  /// Own keys win, then earlier mappings of a list (the merge key type of yaml.org). The work is bounded as every
  /// alias has already been counted with its size.
  private mutating func mergedEntries(_ entries: ArraySlice<UInt32>) -> ArraySlice<UInt32>? {
    func isMerge(_ index: UInt32) -> Bool {
      let key = nodes[Int(index)]
      guard key.kind == .scalar, key.isPlain, key.count == 2, key.tag == 0 else { return false }
      return text[Int(key.first)] == 0x3C && text[Int(key.first) + 1] == 0x3C
    }
    var merges: [UInt32] = []
    for position in stride(from: entries.startIndex, to: entries.endIndex, by: 2) where isMerge(entries[position]) {
      merges.append(entries[position + 1])
    }
    guard !merges.isEmpty else { return nil }
    var result: [UInt32] = []
    var seen: Set<ArraySlice<UInt8>> = []
    for position in stride(from: entries.startIndex, to: entries.endIndex, by: 2) where !isMerge(entries[position]) {
      result += [entries[position], entries[position + 1]]
      if nodes[Int(entries[position])].kind == .scalar { seen.insert(textBytes(nodes[Int(entries[position])])) }
    }
    for value in merges {
      let node = nodes[Int(value)]
      let mappings =
        node.kind == .sequence ? Array(children[Int(node.first)..<Int(node.first + node.count)]) : [value]
      for mapping in mappings {
        let merged = nodes[Int(mapping)]
        guard merged.kind == .mapping else {
          report("a merge key '<<' takes a mapping or a list of mappings", merged.range)
          continue
        }
        for position in stride(from: Int(merged.first), to: Int(merged.first + merged.count), by: 2) {
          let key = nodes[Int(children[position])]
          if key.kind == .scalar, !seen.insert(textBytes(key)).inserted { continue }
          result += [children[position], children[position + 1]]
        }
      }
    }
    return result[...]
  }
}
