import ArgumentParser
import Compliance
import Glibc
import Reporting
import Requirements
import RuleGraph
import SourceText

/// `fwlint check`: the main job.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks firewalls against the flows that a site's features need.",
    discussion: """
      Without arguments, fwlint.yaml is looked for upward to the git top. FILE narrows the run to some firewalls of the \
      site; a FILE that the site does not list needs --position. Without any site only the graph, age and input checks \
      run.
      """)

  @Option(name: .customLong("site"), help: "A site file; may be repeated.")
  var sites: [String] = []

  @Option(help: "The report on standard output: \(ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: ReportFormat = .text

  @Option(help: "Where the report goes, in place of standard output: FILE, or FORMAT=FILE for one more report.")
  var output: [String] = []

  @Option(name: .customLong("group"), help: "Security groups in force, for files without a site; may be repeated.")
  var groups: [String] = []

  @OptionGroup var siteOptions: SiteOptions
  @OptionGroup var selection: SelectionOptions
  @OptionGroup var fixing: FixOptions
  @OptionGroup var suppression: SuppressionOptions
  @OptionGroup var newOnly: NewOnlyOptions
  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Limits") var limits: CheckLimitOptions
  @OptionGroup var color: ColorOptions

  @Argument(help: "Files to check.")
  var files: [String] = []

  func run() throws {
    let outputs = try ReportOutput.parse(output, standard: format)
    var run = CheckRun(command: self, style: color.style(for: STDERR_FILENO))
    try run.load()
    var hasPatch = false
    if fixing.isAsked {
      let accepted = try acceptedFindings(run)
      hasPatch = try FixRun(options: fixing, selection: selection, accepted: accepted).perform(on: &run)
    }
    var report = run.check(suppressing: try suppression.pass { selection.selects($0) })
    report.findings.removeAll { !selection.selects($0.code) }
    report.suppressed.removeAll { !selection.selects($0.finding.code) }
    try newOnly.apply(
      to: &report, sites: sites, input: input, suppressing: try suppression.pass { selection.selects($0) },
      style: color.style(for: STDERR_FILENO))
    let isWhole = files.isEmpty && run.failures.isEmpty
    try suppression.applyBaselines(to: &report, isWhole: isWhole, isComplete: run.failures.isEmpty) {
      selection.selects($0)
    }
    if outputs.contains(where: \.format.needsDigests) { report.inputs = run.inputs(withDigests: true) }
    let isFailing = report.findings.contains { $0.severity >= selection.failOn }
    if let remark = report.keep(most: limits.findings) { Terminal.printErrorLine("note: \(remark)") }
    for output in outputs where output.path != nil || !fixing.printsPatch {
      try output.write(report, firewalls: run.firewalls, style: color.style())
    }
    for failure in run.failures { Terminal.printErrorLine("error: \(Harmless.line(failure))") }
    for name in report.exhausted {
      Terminal.printErrorLine(
        "error: \(Harmless.line(name)): the evaluation budget ran out, not everything was judged (raise --max-diagram-edges)"
      )
    }
    if !run.failures.isEmpty || !report.exhausted.isEmpty { throw ExitCode(2) }
    if isFailing || hasPatch { throw ExitCode(1) }
  }

  /// Fingerprints of findings that somebody accepted: they are not mended behind their back.
  private func acceptedFindings(_ run: CheckRun) throws -> Set<String> {
    var report = run.check(suppressing: try suppression.pass { selection.selects($0) })
    try suppression.applyBaselines(to: &report, isWhole: false, isComplete: false) { selection.selects($0) }
    return Set(report.suppressed.map(\.finding.fingerprint))
  }
}

/// What one call of `check` looks at, and what came of reading it.
struct CheckRun {
  let command: CheckCommand
  let style: TextStyle
  private(set) var sites: [(loaded: LoadedSite, firewalls: [LoadedFirewall])] = []
  private(set) var loose: [LoadedFirewall] = []
  /// How each firewall is read again with some files in other versions, by `FirewallReload.key`.
  private(set) var reloads: [String: FirewallReload] = [:]
  private(set) var failures: [String] = []

  init(command: CheckCommand, style: TextStyle) {
    self.command = command
    self.style = style
  }

  /// Reads the sites and their firewalls; a file that cannot be read is a failure, and the others go on.
  mutating func load() throws {
    let options = command.siteOptions
    var paths = command.sites
    if paths.isEmpty, options.describesSite || options.position != nil, !options.describesSite {
      // --position alone adds a file to the site that is found.
      paths = SiteLoader.discover().map { [$0] } ?? []
    } else if paths.isEmpty, !options.describesSite, let found = SiteLoader.discover() {
      paths = [found]
    }
    if paths.isEmpty {
      guard !command.files.isEmpty else {
        throw RunFailure(
          "there is no \(SiteLoader.fileName) here or above; give --site or files, or write one with fwlint init")
      }
      if options.describesSite { return try loadCommandLineSite() }
      return loadLooseFiles()
    }
    for path in paths {
      let loaded = try SiteLoader.load(path, limits: command.input.limits, style: style)
      // A gate that looks at nothing is no gate.
      if loaded.site.firewalls.isEmpty, command.files.isEmpty {
        throw RunFailure("\(path): the site lists no firewalls, and no file is given")
      }
      try load(loaded)
    }
    try requireListed(paths)
  }

  /// The files that no site has claimed so far.
  private var unclaimed: Set<Int> = []

  private mutating func load(_ loaded: LoadedSite) throws {
    if sites.isEmpty { unclaimed = Set(command.files.indices) }
    let loader = FirewallLoader(loaded: loaded, loader: command.input.loader(root: loaded.root))
    let wanted = command.files.map { Paths.canonical($0) ?? $0 }
    var firewalls: [LoadedFirewall] = []
    for entry in loaded.site.firewalls {
      if !wanted.isEmpty {
        let own = loader.paths(of: entry).map { Paths.canonical($0.path) ?? $0.path }
        let hits = wanted.indices.filter { own.contains(wanted[$0]) }
        unclaimed.subtract(hits)
        if hits.isEmpty { continue }
      }
      do { firewalls.append(try remembered(loader, entry)) } catch { failures.append("\(error)") }
    }
    sites.append((loaded, firewalls))
  }

  /// Reads a firewall and keeps how that was done.
  private mutating func remembered(_ loader: FirewallLoader, _ entry: FirewallEntry) throws -> LoadedFirewall {
    let firewall = try loader.load(entry)
    reloads[FirewallReload.key(of: firewall)] = FirewallReload(root: loader.loader.root) { files in
      var loader = loader
      loader.loader.files = files
      return try loader.load(entry)
    }
    return firewall
  }

  /// A file that no site lists joins the first one when --position says where it stands.
  private mutating func requireListed(_ paths: [String]) throws {
    let files = unclaimed.sorted().map { command.files[$0] }
    guard !files.isEmpty else { return }
    guard let word = command.siteOptions.position else {
      throw RunFailure("\(files[0]) is not listed in \(paths[0]); --position says where it stands")
    }
    guard let position = FirewallPosition(rawValue: word) else {
      throw RunFailure("--position is forward, host or attached, not '\(word)'")
    }
    for file in files {
      let entry = FirewallEntry(
        paths: [FirewallPath(file)], position: position, groups: command.groups.isEmpty ? nil : command.groups)
      let root = LintRoot(around: Paths.folder(of: file))
      let loader = FirewallLoader(
        loaded: LoadedSite(
          site: sites[0].loaded.site, policy: sites[0].loaded.policy, folder: "", root: root, remarks: []),
        loader: command.input.loader(root: root))
      do { sites[0].firewalls.append(try remembered(loader, entry)) } catch { failures.append("\(error)") }
    }
  }

  private mutating func loadCommandLineSite() throws {
    let source = try command.siteOptions.document(files: command.files, groups: command.groups)
    let loaded = try SiteLoader.parse(source, limits: command.input.limits, folder: "", style: style)
    let root = LintRoot(around: command.files.first.map(Paths.folder) ?? "")
    let loader = FirewallLoader(loaded: loaded, loader: command.input.loader(root: root))
    var firewalls: [LoadedFirewall] = []
    for entry in loaded.site.firewalls {
      do { firewalls.append(try remembered(loader, entry)) } catch { failures.append("\(error)") }
    }
    sites.append((loaded, firewalls))
  }

  private mutating func loadLooseFiles() {
    for file in command.files {
      let loader = command.input.loader(root: LintRoot(around: Paths.folder(of: file)))
      let groups = command.groups
      let reload = FirewallReload(root: loader.root) { known in
        var loader = loader
        loader.files = known
        var files = try loader.load([(file, file)]).map { try $0.understood() }
        if !groups.isEmpty { files = try FirewallLoader.select(groups, in: files) }
        return LoadedFirewall(
          name: file, entry: nil, graphs: files.map(\.graph), diagnostics: files.map(\.diagnostics))
      }
      do {
        let firewall = try reload.read([:])
        reloads[FirewallReload.key(of: firewall)] = reload
        loose.append(firewall)
      } catch { failures.append("\(error)") }
    }
  }

  /// What the checks look at, one input a site.
  var inputs: [CheckInput] {
    let inputs =
      sites.isEmpty
      ? [CheckInput(policy: loosePolicy, site: nil, firewalls: loose)]
      : sites.map { CheckInput(policy: $0.loaded.policy, site: $0.loaded.site, firewalls: $0.firewalls) }
    return inputs.map { input in
      var input = input
      input.edgeLimit = command.limits.diagramEdges
      return input
    }
  }

  /// Puts other versions of the firewalls in place of those that were read.
  mutating func replaceFirewalls(_ inputs: [CheckInput]) {
    if sites.isEmpty { loose = inputs.first?.firewalls ?? loose }
    for index in sites.indices where index < inputs.count { sites[index].firewalls = inputs[index].firewalls }
  }

  private var loosePolicy: Policy? { Policy.embedded(named: command.siteOptions.policy, withWords: false).policy }

  /// Runs the checks; several sites make one report.
  func check(suppressing pass: SuppressionPass?) -> CheckReport {
    let selected = Set(CheckRegistry.checks.map(\.code).filter { command.selection.selects($0) })
    let selects: @Sendable (String) -> Bool = { selected.contains($0) }
    var pass = pass
    var reports: [CheckReport] = []
    for (index, input) in inputs.enumerated() {
      var report = Checker().run(input, selects: selects)
      if index < sites.count { report.remarks = sites[index].loaded.remarks + report.remarks }
      SuppressionPass.mark(&report.findings, input.site)
      pass?.apply(to: &report, of: input)
      reports.append(report)
    }
    var report = CheckReport.joining(reports)
    pass?.finish(&report)
    report.inputs = inputs(withDigests: false)
    return report
  }

  /// The firewalls that were read.
  var firewalls: [LoadedFirewall] { sites.flatMap(\.firewalls) + loose }

  /// The files that were read, each once.
  func inputs(withDigests: Bool) -> [InputSummary] {
    var inputs: [InputSummary] = []
    var seen: Set<String> = []
    for firewall in firewalls {
      for graph in firewall.graphs {
        for source in graph.sources where seen.insert(source.path).inserted {
          let digest = withDigests ? SHA256.hexDigest(source.bytes) : ""
          inputs.append(InputSummary(path: source.path, dialect: graph.dialect.rawValue, sha256: digest))
        }
      }
    }
    return inputs
  }
}
