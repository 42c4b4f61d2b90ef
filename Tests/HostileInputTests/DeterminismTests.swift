import FoundationEssentials
import Glibc
import Testing

/// The same input gives the same bytes, whatever surrounds it.
struct DeterminismTests {
  private static let formats = ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown"]
  private static let sites = ["gateway", "host", "cloud"].map { "Fixtures/sites/\($0)/broken/fwlint.yaml" }

  /// The reports of a site in every format.
  private func reports(
    _ site: String, environment: [String] = [], through wrapper: [String] = []
  ) throws -> [[UInt8]] {
    try Folder.with { folder in
      let outputs = Self.formats.flatMap { ["--output", "\($0)=\(folder.path)/\($0)"] }
      let outcome = try Program.run(
        ["check", "--site", site] + outputs, folder: Repository.path, environment: environment, through: wrapper)
      #expect(outcome.status == 1)
      return [outcome.raw] + Self.formats.map { folder.read($0) ?? [] }
    }
  }

  /// Swift seeds its hashing anew in every process; nothing may come of it.
  @Test(arguments: sites)
  func hashingDoesNotShow(site: String) throws {
    let first = try reports(site)
    #expect(first.allSatisfy { $0.count > 100 })
    for _ in 0..<3 { #expect(try reports(site) == first) }
    #expect(try reports(site, environment: ["SWIFT_DETERMINISTIC_HASHING=1"]) == first)
  }

  @Test(arguments: [
    ["LC_ALL=C"], ["LC_ALL=tr_TR.UTF-8", "LANG=tr_TR.UTF-8"], ["LC_ALL=de_DE.UTF-8", "LC_NUMERIC=de_DE.UTF-8"],
    ["TZ=Pacific/Kiritimati"], ["TZ=UTC+12"], ["COLUMNS=20"], ["TERM=dumb"], ["HOME=/nowhere"], ["PATH="],
  ])
  func surroundingsDoNotShow(environment: [String]) throws {
    #expect(try reports(Self.sites[0], environment: environment) == reports(Self.sites[0]))
  }

  @Test(arguments: [
    ["taskset", "-c", "0"], ["sh", "-c", "umask 077; exec \"$0\" \"$@\""], ["nice", "-n", "5"],
    ["sh", "-c", "ulimit -s 2048; exec \"$0\" \"$@\""],
  ])
  func machinesDoNotShow(wrapper: [String]) throws {
    #expect(try reports(Self.sites[0], through: wrapper) == reports(Self.sites[0]))
  }

  /// The order of arguments is the order of what was asked for, not of what is found.
  @Test func orderOfArgumentsDoesNotShow() throws {
    try Folder.with { folder in
      let rules = { (port: Int) in
        "table inet t {\n  chain c {\n    type filter hook input priority 0;\n    tcp dprot \(port)\n  }\n}\n"
      }
      let names = ["a.nft", "b.nft", "c.nft", "d.nft"]
      for (port, name) in names.enumerated() { try folder.write(rules(port), to: name) }
      var outputs: Set<String> = []
      for order in [names, names.reversed(), ["c.nft", "a.nft", "d.nft", "b.nft"]] {
        outputs.insert(try Program.run(["check", "--format", "concise"] + order, folder: folder.path).output)
      }
      #expect(outputs.count == 1)
    }
  }

  /// Files of a pattern are read in the order of their names, however the folder lists them.
  @Test func orderOfFoldersDoesNotShow() throws {
    var outputs: Set<String> = []
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
      try Folder.with { folder in
        try folder.write("table ip t {\n  chain c {\n  }\n}\ninclude \"parts/*.nft\"\n", to: "a.nft")
        for index in order {
          try folder.write("add rule ip t c tcp dport \(index + 1) accept\n", to: "parts/\(index).nft")
        }
        let outcome = try Program.run(["inspect", "a.nft", "--format", "json"], folder: folder.path)
        let graph = try Program.run(["graph", "a.nft", "--format", "json"], folder: folder.path)
        outputs.insert(outcome.output + graph.output)
      }
    }
    #expect(outputs.count == 1)
  }
}
