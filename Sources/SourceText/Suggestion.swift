/// "Did you mean": finds the candidate nearest to a mistyped word.
public enum Suggestion {
  /// The nearest candidate by edit distance (insertions, deletions, substitutions, swaps of neighbours), or nil when
  /// none is near enough: at most a third of the word's length, at least 1.
  ///
  /// The word itself is no suggestion.
  public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let wordScalars = Array(word.lowercased().unicodeScalars.prefix(64))
    var best: (distance: Int, initial: Int, candidate: String)?
    for candidate in candidates where candidate != word {
      let scalars = Array(candidate.lowercased().unicodeScalars.prefix(64))
      let distance = distance(wordScalars, scalars)
      // People rarely get the first letter wrong.
      let initial = scalars.first == wordScalars.first ? 0 : 1
      if best.map({ (distance, initial, candidate) < ($0.distance, $0.initial, $0.candidate) }) ?? true {
        best = (distance, initial, candidate)
      }
    }
    guard let best, best.distance <= max(1, wordScalars.count / 3) else { return nil }
    return best.candidate
  }

  /// The text ` (did you mean 'x'?)`, or nothing.
  public static func hint(for word: String, among candidates: some Sequence<String>) -> String {
    nearest(to: word, among: candidates).map { " (did you mean '\($0)'?)" } ?? ""
  }

  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for (row, leftScalar) in left.enumerated() {
      var current = [row + 1]
      current.reserveCapacity(right.count + 1)
      for (column, rightScalar) in right.enumerated() {
        var cost = min(
          last[column + 1] + 1, current[column] + 1, last[column] + (leftScalar == rightScalar ? 0 : 1))
        if row > 0, column > 0, leftScalar == right[column - 1], left[row - 1] == rightScalar {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
