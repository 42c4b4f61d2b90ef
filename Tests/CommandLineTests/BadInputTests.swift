import FoundationEssentials
import Testing

/// Bad input ends with exit code 2 and one clear line, at its place where there is one; never with a crash.
struct BadInputTests {
  /// What a file holds, how it is called, and what has to be said of it.
  struct Input: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var says: String
    var testDescription: String { "\(name): \(says)" }
  }

  static let inputs = [
    Input(name: "empty.nft", text: "", says: "empty.nft: nothing understood: the file is empty"),
    Input(name: "comments.v4", text: "# nothing\n# at all\n", says: "nothing understood"),
    Input(name: "prose.txt", text: "Dear firewall,\nplease be strict.\n", says: "prose.txt:1:1: nothing understood"),
    Input(
      name: "policy.yaml", text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n",
      says: "NetworkPolicy"),
    Input(
      name: "truncated.yaml", text: "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions: [{\n", says: "truncated.yaml:"),
    Input(name: "nul.nft", text: "\0\0\0\0", says: "nothing understood"),
  ]

  @Test(arguments: inputs, ["check", "inspect", "graph"])
  func files(file: Input, command: String) throws {
    try Program.withFolder { folder in
      try Program.write(file.text, to: "\(folder)/\(file.name)")
      let outcome = try Program.run([command, file.name], folder: folder)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(file.says), "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("error: \(file.name)"))
      #expect(outcome.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func placesThatAreNoFiles() throws {
    try Program.withFolder { folder in
      let missing = try Program.run(["check", "missing.nft"], folder: folder)
      #expect(missing.status == 2)
      #expect(missing.errors == "error: missing.nft: no such file\n")
      let directory = try Program.run(["check", "."], folder: folder)
      #expect(directory.status == 2)
      #expect(directory.errors == "error: .: is a directory\n")
      let device = try Program.run(["check", "/dev/zero"], folder: folder)
      #expect(device.status == 2)
      #expect(device.errors == "error: /dev/zero: is not a regular file\n")
    }
  }

  static let sites = [
    Input(
      name: "feature", text: "features: [smtpp]", says: ":4:12: error: unknown feature 'smtpp' (did you mean 'smtp'?)"),
    Input(name: "role", text: "features: [dns]", says: ":4:12: error: 'dns' needs the role 'dns-server'"),
    Input(name: "address", text: "features: []\nintercepts: [10.0.0.300]", says: ":5:14: error: "),
    Input(name: "key", text: "features: []\nfirewals: []", says: ":5:1: error: "),
    Input(name: "syntax", text: "features: [", says: "error: not valid YAML"),
  ]

  @Test(arguments: sites)
  func siteFiles(site: Input) throws {
    try Program.withFolder { folder in
      let head = "policy: fortimail-7.6\nmode: gateway\nunits: [{name: m, addresses: [10.0.0.1]}]\n"
      try Program.write(head + site.text + "\n", to: "\(folder)/fwlint.yaml")
      let outcome = try Program.run(["check"], folder: folder)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("fwlint.yaml"))
      #expect(outcome.errors.contains(site.says), "\(outcome.errors)")
    }
  }

  @Test(arguments: [
    ["check", "--nonsense"], ["check", "--format", "jsn", "x"], ["nonsense"], ["check", "--select", "FW999", "x"],
    ["trace"], ["check", "--fail-on", "never", "x"],
  ])
  func usage(arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 2)
    #expect(!outcome.errors.isEmpty)
    #expect(outcome.output.isEmpty)
  }

  static let packets = [
    Input(
      name: "noport", text: #"[{"hook":"input","src":"10.0.0.1","dst":"10.0.0.2","proto":"icmp","dport":25}]"#,
      says: "1:75: error: the protocol has no ports"),
    Input(
      name: "field", text: #"[{"hook":"input","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp","dpot":25}]"#,
      says: "did you mean 'dport'"),
    Input(
      name: "state",
      text: #"[{"hook":"input","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp","flags":["syn","ack"],"state":"new"}]"#,
      says: "invalid to connection tracking, not new"),
    Input(
      name: "family", text: #"[{"hook":"input","src":"10.0.0.1","dst":"::1","proto":"tcp"}]"#,
      says: "different families"),
    Input(name: "missing", text: #"[{"hook":"input","src":"10.0.0.1","proto":"tcp"}]"#, says: "no field 'dst'"),
    Input(name: "object", text: #"{"hook":"input"}"#, says: "packets are an array"),
    Input(name: "json", text: #"[{"hook":"#, says: "not valid YAML"),
  ]

  @Test(arguments: packets)
  func packetFiles(packets: Input) throws {
    try Program.withFolder { folder in
      try Program.write("table ip t { chain c { type filter hook input priority 0; } }\n", to: "\(folder)/a.nft")
      try Program.write(packets.text, to: "\(folder)/p.json")
      let outcome = try Program.run(["trace", "a.nft", "--packets", "p.json"], folder: folder)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(packets.says), "\(outcome.errors)")
      #expect(outcome.errors.contains("p.json"))
    }
  }

  /// A file understood in part is a finding, not a failure of the run, and never passes.
  @Test func partsThatAreNotUnderstood() throws {
    try Program.withFolder { folder in
      let text = "table ip t {\n  chain c {\n    type filter hook input priority 0;\n    tcp dprot 22 accept\n  }\n}\n"
      try Program.write(text, to: "\(folder)/a.nft")
      let outcome = try Program.run(["check", "a.nft", "--format", "concise"], folder: folder)
      #expect(outcome.status == 1)
      #expect(outcome.output.hasPrefix("a.nft:4:9: error FW501 syntax: "), "\(outcome.output)")
      #expect(outcome.output.contains("the kernel would load none of this file"))
    }
  }

  /// Nothing outside of the git top is read on a site file's say-so.
  @Test func pathsOutsideOfTheRoot() throws {
    try Program.withFolder { folder in
      try FileManager.default.createDirectory(atPath: "\(folder)/repo/.git", withIntermediateDirectories: true)
      try Program.write("secret", to: "\(folder)/secret.nft")
      try Program.write(
        "policy: fortimail-7.6\nmode: gateway\nunits: [{name: m, addresses: [10.0.0.1]}]\nfeatures: []\n"
          + "firewalls: [{path: ../secret.nft, position: host}]\n", to: "\(folder)/repo/fwlint.yaml")
      let outcome = try Program.run(["check"], folder: "\(folder)/repo")
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("lies outside of the lint root"))
      #expect(!outcome.errors.contains("secret\n"))
    }
  }
}
