import FoundationEssentials
import Nftables
import RuleGraph
import SourceText
import Testing

/// How many rules of some files are understood how well, and why not better.
struct Shares {
  var files = 0
  var exact = 0
  var approximated = 0
  var unparsed = 0
  /// What cannot be known offline, with the number of rules each.
  var reasons: [String: Int] = [:]
  /// What was reported, without what stands in quotes.
  var faults: [String: Int] = [:]

  mutating func add(_ reading: (graph: RuleGraph, diagnostics: [Diagnostic])) {
    let counts = reading.graph.counts
    files += 1
    exact += counts.exact
    approximated += counts.approximated
    unparsed += counts.unparsed
    for (index, rule) in reading.graph.rules.enumerated() where rule.understanding == .approximated && rule.isWritten {
      for reason in Set(reading.graph.approximations(of: UInt32(index)).map(\.reason)) {
        reasons[reason, default: 0] += 1
      }
    }
    for diagnostic in reading.diagnostics where diagnostic.severity == .error {
      let words = diagnostic.message.split(separator: "'", omittingEmptySubsequences: false)
      faults[words.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "…" }.joined(), default: 0] += 1
    }
  }

  /// The share of rules that are exact among those that are read.
  var exactShare: Double { Double(exact) / Double(max(1, exact + approximated)) }

  func report(_ name: String, of all: Int? = nil) {
    let share = (exactShare * 10_000).rounded() / 100
    print(
      "\(name): \(all.map { "\(files) of \($0)" } ?? "\(files)") files; rules exact \(exact), approximated "
        + "\(approximated) (\(share) of 100 that are read are exact), not read \(unparsed)")
    func list(_ counts: [String: Int], _ limit: Int) {
      for (text, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(limit) {
        print("  \(count) \(text)")
      }
    }
    list(reasons, 10)
    list(faults, 6)
  }
}

@Suite struct ShareTests {
  /// Texts between `-- Expect stdout --` and `-- End --` of OpenWrt's tests.
  static func expectedOutputs(_ text: String) -> [String] {
    var outputs: [String] = []
    var current: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "-- Expect stdout --" {
        current = ""
      } else if line == "-- End --" {
        if let current, current.contains("table inet") { outputs.append(current) }
        current = nil
      } else if current != nil {
        current?.append(contentsOf: line + "\n")
      }
    }
    return outputs
  }

  @Test("at least 95 of 100 rules of the real files are exact")
  func realFiles() {
    guard let mined = Corpora.files("verified-nftables", [".nft"]),
      let routers = Corpora.files("router-repos", [".conf", ".nft"]),
      let openwrt = Corpora.files("openwrt-fw4/tests", [""])
    else { return }
    var all = Shares()
    for file in mined + routers { all.add(Corpora.parse(file)) }
    var fw4 = Shares()
    for file in openwrt {
      for text in Self.expectedOutputs(String(decoding: Corpora.bytes(file), as: UTF8.self)) {
        let reading = parse(text)
        all.add(reading)
        fw4.add(reading)
      }
    }
    all.report("real files")
    fw4.report("openwrt-fw4 of these")
    #expect(all.exactShare >= 0.953)
    // What nft refuses as well: ports that are translated without a protocol.
    #expect(fw4.unparsed <= 7)
  }

  /// Corpora that hold more than rule sets of nft: templates, samples with deliberate mistakes, goldens of several
  /// tools.
  @Test(
    "other corpora are read without stopping, and their shares are printed",
    arguments: [("vim-syntax-nftables", ".nft"), ("moby-bridge", ".golden")])
  func others(_ folder: String, _ suffix: String) {
    guard let files = Corpora.files(folder, [suffix]) else { return }
    var shares = Shares()
    for file in files where NftablesFrontend.recognises(Corpora.bytes(file)) { shares.add(Corpora.parse(file)) }
    shares.report(folder, of: files.count)
    #expect(shares.files > 0)
  }
}
