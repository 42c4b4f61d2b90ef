import SourceText
import YAMLDocument

extension GroupGraphBuilder {
  /// Reports keys that nobody knows and that are nearly ones which matter: what they say would be lost in silence.
  ///
  /// Keys that resemble nothing are passed over, as providers add new ones all the time.
  ///
  /// - Parameter known: every key of the provider's reference, so that none of them counts as misspelt.
  /// - Returns: whether there was one, so that the rule is not understood.
  mutating func reportMisspeltKeys(of node: YAMLNode, known: Set<String>) -> Bool {
    var isReported = false
    for (key, _) in node.mapping ?? [] {
      guard let text = key.scalar, !known.contains(text),
        let meant = Suggestion.nearest(to: text, among: known.sorted()), node[meant] == nil
      else { continue }
      error("there is no key \(ScalarText.shown(text)) here (did you mean '\(meant)'?)", at: key.range)
      isReported = true
    }
    return isReported
  }
}
