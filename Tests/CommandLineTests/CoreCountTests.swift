import ConformanceSupport
import Testing

/// Work is split over the cores; what comes of it is the same on one.
struct CoreCountTests {
  /// A site of copies of a gateway with mistakes, and one large dump whose rules overlap.
  private static func writeSite(_ folder: String) throws {
    let gateway = Program.text("Fixtures/sites/gateway/broken/edge.nft")
    let site = Program.text("Fixtures/sites/gateway/broken/fwlint.yaml")
    let parts = site.split(separator: "firewalls:\n", maxSplits: 1)
    let entry = parts.count == 2 ? String(parts[1]) : ""
    var entries = ""
    for index in 0..<6 {
      try Program.write(gateway, to: "\(folder)/edge\(index).nft")
      entries += entry.split(separator: "edge.nft", omittingEmptySubsequences: false).joined(
        separator: "edge\(index).nft")
    }
    var lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    var state: UInt32 = 1
    for _ in 0..<2500 {
      state = state &* 1_664_525 &+ 1_013_904_223
      let length = 8 + state >> 28
      lines.append(
        "-A FORWARD -s \(state >> 24).\(state >> 16 & 255).0.0/\(length) -p tcp --dport \(state >> 12 & 15) -j ACCEPT")
    }
    try Program.write((lines + ["COMMIT\n"]).joined(separator: "\n"), to: "\(folder)/rules.v4")
    entries += "  - path: rules.v4\n    position: forward\n"
    // What stands before names the file that translates the published addresses.
    let head = parts[0].split(separator: "edge.nft", omittingEmptySubsequences: false).joined(separator: "edge0.nft")
    try Program.write(head + "firewalls:\n" + entries, to: "\(folder)/fwlint.yaml")
  }

  @Test func reportsDoNotDependOnCores() throws {
    try Program.withFolder { folder in
      try Self.writeSite(folder)
      let arguments = ["check", "--site", "fwlint.yaml", "--format", "json"]
      let all = try Program.run(arguments, folder: folder)
      let one = try Subprocess.run(
        ["env", "-C", folder, "NO_COLOR=1", "taskset", "-c", "0", Program.path] + arguments, timeout: 60)
      #expect(all.status == 1)
      #expect(all.output.utf8.count > 10_000)
      #expect(all.output == one.output)
      #expect(all.output.contains("\"FW401\""))
    }
  }
}
