import ArgumentParser
import Compliance
import Evaluation
import Glibc
import Reporting
import RuleGraph
import SourceText

/// `fwlint graph`: the rule graph drawn.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Draws the chains of rule sets and who calls whom.",
    discussion: """
      With --site, the ways of the site's declared flows stand out: green where they get through, red where they end. \
      With --packets, those of single packets do. Chains that nothing leads to are grey.
      """)

  enum GraphFormat: String, ExpressibleByArgument, CaseIterable {
    case dot
    case mermaid
    case json
  }

  @Option(help: "dot, mermaid or json.")
  var format: GraphFormat = .dot

  @Option(help: "A site file that lists the firewall; without FILEs its only one is drawn.")
  var site: String?

  @Option(help: "A JSON array of packets whose ways are shown, as for trace; - is standard input.")
  var packets: String?

  @OptionGroup var input: InputOptions
  @OptionGroup var color: ColorOptions

  @Argument(help: "The files of one firewall.")
  var files: [String] = []

  func run() throws {
    let (graphs, facts, routes) = try load()
    let traced = try packetRoutes(graphs, facts)
    let report = GraphReport(graphs, routes: routes + traced)
    switch format {
    case .dot: Terminal.print(report.dot())
    case .mermaid: Terminal.print(report.mermaid())
    case .json: Terminal.print(report.json())
    }
  }

  private func load() throws -> ([RuleGraph], SiteFacts, [FlowRoute]) {
    guard let site else {
      guard !files.isEmpty else { throw ValidationError("give the files of one firewall, or --site") }
      let loader = input.loader(root: LintRoot(around: files.first.map(Paths.folder) ?? ""))
      let loaded = try loader.load(files.map { ($0, $0) }).map { try $0.understood() }
      return (loaded.map(\.graph), SiteFacts(), [])
    }
    let loaded = try SiteLoader.load(site, limits: input.limits, style: color.style(for: STDERR_FILENO))
    let loader = FirewallLoader(loaded: loaded, loader: input.loader(root: loaded.root))
    let wanted = Set(files.map { Paths.canonical($0) ?? $0 })
    let entries = loaded.site.firewalls.filter { entry in
      wanted.isEmpty || !wanted.isDisjoint(with: loader.paths(of: entry).map { Paths.canonical($0.path) ?? $0.path })
    }
    guard let entry = entries.first else { throw RunFailure("\(files.first ?? site) is not listed in \(site)") }
    guard entries.count == 1 else {
      throw RunFailure("\(site) lists \(entries.count) firewalls; name the files of the one to draw")
    }
    let firewall = try loader.load(entry)
    return (
      firewall.graphs, loaded.site.facts(behind: entry, groups: firewall.groupIDs),
      FlowRoute.routes(at: firewall, loaded.site, loaded.policy, edgeLimit: 32_000_000)
    )
  }

  private func packetRoutes(_ graphs: [RuleGraph], _ facts: SiteFacts) throws -> [FlowRoute] {
    guard let packets else { return [] }
    try LintRoot(around: Paths.folder(of: packets)).requireInside(packets, as: packets)
    let source = try input.limits.reader.read(packets)
    let (read, mistakes) = PacketReader.read(source, limits: input.limits.yaml)
    guard mistakes.isEmpty else {
      let lines = LineIndex(source)
      for mistake in mistakes {
        Terminal.printErrorLine(Diagnostics.line(mistake, source, lines, color.style(for: STDERR_FILENO)))
      }
      throw RunFailure("\(source.path): the packets cannot be read")
    }
    let tracer = PacketTracer(graphs: graphs, facts: facts)
    return read.enumerated().flatMap { index, packet in
      FlowRoute.routes(of: tracer.trace(packet, recordingSteps: true), named: "packet \(index + 1)")
    }
  }
}
