import FoundationEssentials
import FuzzSupport
import Testing

/// The fuzz targets without libFuzzer: what is checked in, every crash found so far, and seeded changes of both.
struct FuzzTargetTests {
  static let folder = URL(filePath: Repository.path).appending(path: "Fixtures/fuzzing").path

  /// Seeds of a target, in the order of their names.
  static func seeds(_ target: FuzzTarget) -> [(name: String, bytes: [UInt8])] {
    let more = FileManager.default.contents(atPath: "\(folder)/\(target.rawValue).folders") ?? Data()
    let others = String(decoding: more, as: UTF8.self).split(separator: "\n").map { "\(Repository.path)/\($0)" }
    return (["\(folder)/\(target.rawValue)"] + others).flatMap { folder -> [(String, [UInt8])] in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return names.sorted().compactMap { name in
        FileManager.default.contents(atPath: "\(folder)/\(name)").map { (name, Array($0)) }
      }
    }
  }

  /// The words of a target's dictionary, which is written for libFuzzer: one in quotes a line.
  static func words(_ target: FuzzTarget) -> [[UInt8]] {
    let data = FileManager.default.contents(atPath: "\(folder)/\(target.rawValue).dict") ?? Data()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
      guard line.hasPrefix("\""), line.hasSuffix("\""), line.utf8.count > 2 else { return nil }
      return Array(line.dropFirst().dropLast().utf8)
    }
  }

  @Test(arguments: FuzzTarget.real)
  func seedsAreHandledWell(target: FuzzTarget) {
    let seeds = Self.seeds(target)
    #expect(seeds.count >= 3)
    for (name, bytes) in seeds { #expect(target.violation(of: bytes) == nil, "\(name)") }
  }

  /// As many as a debug build manages in the time; `FWLINT_FUZZ_ROUNDS` makes it more.
  static let rounds = ProcessInfo.processInfo.environment["FWLINT_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 120

  @Test(arguments: FuzzTarget.real)
  func changedSeedsAreHandledWell(target: FuzzTarget) {
    let seeds = Self.seeds(target).map(\.bytes)
    guard !seeds.isEmpty else { return }
    for round in 0..<Self.rounds {
      var mutator = Mutator(seed: UInt64(round), words: Self.words(target))
      let bytes = mutator.changed(seeds[round % seeds.count], other: seeds[(round / 3) % seeds.count])
      if let violation = target.violation(of: bytes) {
        Issue.record("round \(round): \(violation): \(String(decoding: bytes, as: UTF8.self).prefix(500))")
      }
    }
  }

  @Test func theCanaryIsFound() {
    #expect(FuzzTarget.canary.violation(of: Array("fw!t".utf8)) != nil)
    #expect(FuzzTarget.canary.violation(of: Array("fw!".utf8)) == nil)
  }
}
