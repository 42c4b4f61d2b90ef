import Dispatch
import Synchronization

/// Work that is split over the cores; what comes of it never depends on how many there are.
public enum Workers {
  /// The results of a function for 0 up to a count, in that order, worked out side by side.
  ///
  /// - Parameter grain: how many neighbouring numbers one core takes at a time; a count below two grains is not split.
  public static func map<Result: Sendable>(
    _ count: Int, grain: Int = 1, _ transform: @Sendable (Int) -> Result
  ) -> [Result] {
    guard count >= 2 * max(grain, 1) else { return (0..<max(count, 0)).map(transform) }
    let grain = max(grain, 1)
    let blocks = (count + grain - 1) / grain
    let finished = Mutex<[(block: Int, results: [Result])]>([])
    DispatchQueue.concurrentPerform(iterations: blocks) { block in
      let results = (block * grain..<min(count, (block + 1) * grain)).map(transform)
      finished.withLock { $0.append((block, results)) }
    }
    let sorted = finished.withLock { $0 }.sorted { $0.block < $1.block }
    return sorted.flatMap(\.results)
  }
}
