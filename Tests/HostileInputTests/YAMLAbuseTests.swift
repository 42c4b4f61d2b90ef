import Testing

/// List A: what YAML can do to a reader.
///
/// The file is an export of security groups.
struct YAMLAbuseTests {
  private static func export(_ permission: String) -> String {
    "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions:\n  - \(permission)\n  IpPermissionsEgress: []\n"
  }

  private static let ordinary = "{IpProtocol: tcp, FromPort: 25, ToPort: 25, IpRanges: [{CidrIp: 10.0.0.0/8}]}"

  private static func port(_ text: String) -> String {
    export("{IpProtocol: tcp, FromPort: \(text), ToPort: \(text), IpRanges: [{CidrIp: 10.0.0.0/8}]}")
  }

  static let structure = [
    AbuseCase("alias bomb", "a.yaml", 2, says: "4000000 nodes once its aliases are expanded") {
      (0..<12).map { level in
        let name = level == 0 ? "x" : "*a\(level - 1)"
        return "a\(level): &a\(level) [\(Array(repeating: name, count: 10).joined(separator: ","))]\n"
      }.joined() + "SecurityGroups: *a11\n"
    },
    AbuseCase("anchor inside of itself", "a.yaml", 2, says: "a.yaml:1:21: the alias '...' stands inside of") {
      "SecurityGroups: &x [*x]\n"
    },
    AbuseCase("merge of itself", "a.yaml", 2, says: "a.yaml:2:7: the alias '...' stands inside of") {
      "SecurityGroups: &x\n  <<: *x\n"
    },
    AbuseCase("deep flow nesting", "a.yaml", 2, says: "deeper than 64 levels") {
      "SecurityGroups: " + String(repeating: "[", count: 100_000)
    },
    AbuseCase("deep block nesting", "a.yaml", 2, says: "deeper than 64 levels") {
      "SecurityGroups:\n" + (0..<3000).map { String(repeating: " ", count: $0) + "- \n" }.joined()
    },
    AbuseCase("100,000 anchors", "a.yaml", 0, says: "") {
      (0..<100_000).map { "a\($0): &a\($0) x\n" }.joined() + export(ordinary)
    },
    AbuseCase("huge scalar", "a.yaml", 2, says: "a.yaml:1:4: a scalar is longer than 1048576 bytes") {
      "x: " + String(repeating: "a", count: 3_000_000) + "\n" + export(ordinary)
    },
    AbuseCase("one key 200,000 times", "a.yaml", 2, says: "the key 'k' on line 2 is already given on line 1") {
      String(repeating: "k: 1\n", count: 200_000)
    },
    AbuseCase("a key twice", "a.yaml", 1, says: "the key 'FromPort' on line 4 is already given on line 4") {
      export("{IpProtocol: tcp, FromPort: 25, ToPort: 25, FromPort: 22, IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    },
    AbuseCase("100,000 documents", "a.yaml", 2, says: "a.yaml:1:5: a single value") {
      String(repeating: "--- a\n", count: 100_000)
    },
    AbuseCase("product of lists", "a.yaml", 1, says: "too many combinations of their lists") {
      let allowed = (1..<100).map { "{IPProtocol: tcp, ports: ['\($0)']}" }.joined(separator: ",")
      let ranges = (0..<200).map { "10.0.0.\($0)" }.joined(separator: ",")
      return (0..<40).map {
        "- {name: a\($0), direction: INGRESS, priority: 1, network: n, allowed: [\(allowed)], sourceRanges: [\(ranges)]}\n"
      }.joined()
    },
  ]

  static let values = [
    AbuseCase("tag that runs code elsewhere", "a.yaml", 1, says: "FW501") {
      export("!!python/object/apply:os.system ['exit 1']")
    },
    AbuseCase("tag that nobody knows", "a.yaml", 1, says: "a.yaml:4:18: error FW501") {
      export("{IpProtocol: !!python/name:os.system tcp, FromPort: 25, ToPort: 25, IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    },
    AbuseCase("reference outside of a template", "a.yaml", 1, says: "a.yaml:4:69: error FW501") {
      export("{IpProtocol: tcp, FromPort: 25, ToPort: 25, IpRanges: [{CidrIp: !Ref Net}]}")
    },
    AbuseCase("sexagesimal port", "a.yaml", 1, says: "'22:22' is not a port") { port("22:22") },
    AbuseCase("octal port", "a.yaml", 1, says: "'022' is not a port") { port("022") },
    AbuseCase("truth as port", "a.yaml", 1, says: "'on' is not a port") { port("on") },
    AbuseCase("underscore in a port", "a.yaml", 1, says: "'1_000' is not a port") { port("1_000") },
    AbuseCase("hexadecimal port", "a.yaml", 1, says: "'0x19' is not a port") { port("0x19") },
    AbuseCase("fraction as port", "a.yaml", 1, says: "'25.0' is not a port") { port("25.0") },
    AbuseCase("port beyond all", "a.yaml", 1, says: "'99999999999999999999' is not a port") {
      port("99999999999999999999")
    },
  ]

  static let encodings = [
    AbuseCase("tab as indentation", "a.yaml", 2, says: "a.yaml:2:1: a tab cannot stand here") {
      "SecurityGroups:\n\t- GroupId: sg-1\n"
    },
    AbuseCase("NUL", "a.yaml", 2, says: "a.yaml:6:1: a NUL byte is not allowed") { export(ordinary) + "\0" },
    AbuseCase("lone CR", "a.yaml", 2, says: "nothing understood") { export(ordinary).replacing("\n", with: "\r") },
    AbuseCase("CR LF", "a.yaml", 0, says: "") { export(ordinary).replacing("\n", with: "\r\n") },
    AbuseCase("byte order mark", "a.yaml", 0, says: "") { "\u{FEFF}" + export(ordinary) },
    AbuseCase("no final line end", "a.yaml", 0, says: "") { String(export(ordinary).dropLast()) },
    AbuseCase(name: "UTF-16", file: "a.yaml", status: 2, says: "encoded in UTF-16; fwlint reads UTF-8") {
      [0xFF, 0xFE] + export(ordinary).utf8.flatMap { [$0, 0] }
    },
    AbuseCase(name: "invalid UTF-8", file: "a.yaml", status: 2, says: "a.yaml:6:4: these bytes are not valid UTF-8") {
      Array(export(ordinary).utf8) + [0x78, 0x3A, 0x20, 0xFF, 0xFE, 0x0A]
    },
    AbuseCase("half a surrogate pair", "a.json", 2, says: "invalid Unicode") {
      #"{"SecurityGroups": [{"GroupId": "\ud83d", "IpPermissions": []}]}"#
    },
    AbuseCase("direction marks", "a.yaml", 1, says: #"'10.0.0.0/8\u{202e}' is not an IP address"#) {
      export("{IpProtocol: tcp, FromPort: 25, ToPort: 25, IpRanges: [{CidrIp: \"10.0.0.0/8\u{202E}\"}]}")
    },
    AbuseCase("escape sequence in a value", "a.yaml", 1, says: "␛[31m") {
      export("{IpProtocol: \"\\e[31m\", FromPort: 25, ToPort: 25, IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    },
  ]

  @Test(arguments: structure + values + encodings)
  func survives(abuse: AbuseCase) throws { try abuse.check() }

  /// The same for the documents that are ours.
  @Test(arguments: [
    ("bomb", "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "is no site file"),
    ("deep", "policy: " + String(repeating: "{a: ", count: 10_000), "deeper than 64 levels"),
    ("self", "units: &x [*x]\n", "stands inside of what it refers to"),
    ("octal", Folder.site.replacing("path: edge", with: "path: !!python/name:os.system edge"), "the tag"),
    ("utf16", "p\0o\0l\0i\0c\0y\0:\0 \0", "is no site file"),
    ("port", Folder.site + "ports: {port-https: 010}\n", "must be a number from 1 to 65535"),
    ("list", Folder.site.replacing("smtp", with: "[smtp]"), "error"),
  ])
  func siteFilesSurvive(name: String, text: String, says: String) throws {
    try Folder.with { folder in
      try folder.write(text, to: "fwlint.yaml")
      try folder.write("table ip t { }\n", to: "edge.nft")
      let outcome = try Program.run(["check"], folder: folder.path)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(says), "\(outcome.errors.prefix(1000))")
      #expect(outcome.seconds < AbuseCase.seconds && outcome.megabytes < AbuseCase.megabytes)
    }
  }

  @Test(arguments: [
    ("deep", String(repeating: "[", count: 100_000), "deeper than 64 levels"),
    (
      "number", #"[{"hook":"input","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp","dport":99999999999999999999}]"#,
      "65535"
    ),
    ("octal", #"[{"hook":"input","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp","dport":025}]"#, "65535"),
    ("sign", #"[{"hook":"input","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp","dport":+25}]"#, "65535"),
    ("zero", #"[{"hook":"input","src":"010.0.0.1","dst":"10.0.0.2","proto":"tcp"}]"#, "no IP address"),
    ("twice", #"[{"hook":"input","hook":"output","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp"}]"#, "already given"),
    ("tag", #"[{hook: !x input, src: 10.0.0.1, dst: 10.0.0.2, proto: tcp}]"#, "the tag"),
    ("two", "[]\n---\n[]\n", "single document"),
    ("escape", #"[{"hook":"\u001b[31m","src":"10.0.0.1","dst":"10.0.0.2","proto":"tcp"}]"#, "␛"),
  ])
  func packetFilesSurvive(name: String, text: String, says: String) throws {
    try Folder.with { folder in
      try folder.write("table ip t {\n}\n", to: "a.nft")
      try folder.write(text, to: "p.json")
      let outcome = try Program.run(["trace", "a.nft", "--packets", "p.json"], folder: folder.path)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(says), "\(outcome.errors.prefix(1000))")
      #expect(outcome.raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A })
    }
  }
}
