import ArgumentParser
import Compliance
import Evaluation
import Glibc
import PacketSets
import Reporting
import Requirements
import RuleGraph
import SourceText

/// `fwlint trace`: what happens to packets, rule by rule.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Follows packets through rule sets, rule by rule.",
    discussion: """
      The packets come from a JSON file (--packets), or from flags (--from, --to, --port). FILEs are one firewall. With \
      --site, the site's facts are known too: the units' addresses, the contents under resolve: and the groups in force.
      """)

  @Option(help: "A JSON array of packets; - is standard input.")
  var packets: String?

  @Option(name: .customLong("from"), help: "Source address of a single packet.")
  var source: String?

  @Option(name: .customLong("to"), help: "Destination address of a single packet, or a unit of the site.")
  var destination: String?

  @Option(help: "Destination port of a single packet.")
  var port: Int?

  @Option(name: .customLong("proto"), help: "Protocol of a single packet.")
  var protocolWord: String = "tcp"

  @Option(help: "Fate of a single packet at the host: input, forward or output; for a security group input is ingress.")
  var hook: String?

  @Option(name: .customLong("iif"), help: "Interface by which a single packet comes in.")
  var inputInterface: String?

  @Option(name: .customLong("oif"), help: "Interface by which a single packet leaves.")
  var outputInterface: String?

  @Option(name: .customLong("group"), help: "A security group in force; may be repeated. All of the file by default.")
  var groups: [String] = []

  @Option(help: "A site file whose facts are used.")
  var site: String?

  @Option(help: "text or json.")
  var format: TraceFormat = .text

  @OptionGroup var walk: WalkOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var color: ColorOptions

  @Argument(help: "The files of one firewall.")
  var files: [String]

  enum TraceFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  func run() throws {
    let style = color.style(for: STDERR_FILENO)
    let (graphs, facts, loadedSite) = try load(style)
    let isGroup = graphs.contains(where: \.dialect.isSecurityGroup)
    let packets = try readPackets(style, site: loadedSite, hook: hook ?? (isGroup ? "input" : "forward"))
    if isGroup, packets.contains(where: { $0.path == .forward }) {
      throw RunFailure("a security group has no forward hook: input is ingress, output is egress")
    }
    let map = PlaceMap()
    let tracer = PacketTracer(graphs: graphs, facts: facts)
    let reports = packets.map { packet in
      let result = tracer.trace(packet, recordingSteps: format == .text)
      let decider = result.undecidedAt ?? result.decider
      return TracedPacketReport(
        packet: packet, result: result, rule: decider.flatMap { map.location(of: $0, in: graphs) },
        walk: result.steps.map { map.step($0, in: graphs) })
    }
    Terminal.print(
      format == .json
        ? TraceReport.json(reports) : TraceReport.text(reports, style: color.style(), showsAll: walk.showsAll))
  }

  // MARK: Reading

  private func load(_ style: TextStyle) throws -> ([RuleGraph], SiteFacts, Site?) {
    if let site {
      let loaded = try SiteLoader.load(site, limits: input.limits, style: style)
      let loader = FirewallLoader(loaded: loaded, loader: input.loader(root: loaded.root))
      let wanted = Set(files.map { Paths.canonical($0) ?? $0 })
      let entry = loaded.site.firewalls.first { entry in
        !wanted.isDisjoint(with: loader.paths(of: entry).map { Paths.canonical($0.path) ?? $0.path })
      }
      guard let entry else { throw RunFailure("\(files[0]) is not listed in \(site)") }
      var firewall = try loader.load(entry)
      if !groups.isEmpty {
        let selected = try FirewallLoader.select(
          groups, in: firewall.graphs.map { LoadedFile(graph: $0, diagnostics: []) })
        firewall.graphs = selected.map(\.graph)
      }
      return (firewall.graphs, loaded.site.facts(behind: entry, groups: firewall.groupIDs), loaded.site)
    }
    let loader = input.loader(root: LintRoot(around: files.first.map(Paths.folder) ?? ""))
    var loaded = try loader.load(files.map { ($0, $0) }).map { try $0.understood() }
    if !groups.isEmpty { loaded = try FirewallLoader.select(groups, in: loaded) }
    return (loaded.map(\.graph), SiteFacts(), nil)
  }

  private func readPackets(_ style: TextStyle, site: Site?, hook: String) throws -> [Packet] {
    let source: SourceFile
    if let packets {
      try LintRoot(around: Paths.folder(of: packets)).requireInside(packets, as: packets)
      source = try input.limits.reader.read(packets)
    } else {
      source = try commandLinePacket(site, hook: hook)
    }
    let (read, mistakes) = PacketReader.read(source, limits: input.limits.yaml)
    guard mistakes.isEmpty else {
      let lines = LineIndex(source)
      for mistake in mistakes { Terminal.printErrorLine(Diagnostics.line(mistake, source, lines, style)) }
      throw RunFailure("\(source.path): the packets cannot be read")
    }
    return read
  }

  /// A packet of flags, as the document that would say the same.
  private func commandLinePacket(_ site: Site?, hook: String) throws -> SourceFile {
    guard let source, let destination else {
      throw ValidationError("give --packets FILE, or a single packet by --from and --to")
    }
    func address(_ word: String) -> String {
      site?.unit(word)?.addresses.first.map { "\($0.address)" } ?? word
    }
    var fields = [("hook", hook), ("src", address(source)), ("dst", address(destination)), ("proto", protocolWord)]
    if let port { fields.append(("dport", String(port))) }
    if let inputInterface { fields.append(("iif", inputInterface)) }
    if let outputInterface { fields.append(("oif", outputInterface)) }
    let body = fields.map { key, value in "\(key): \(YAMLText.quoted(value))" }
    return SourceFile(path: "<command line>", text: "[{" + body.joined(separator: ", ") + "}]")
  }
}
