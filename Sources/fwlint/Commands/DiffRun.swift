import Compliance
import Glibc
import Reporting
import Requirements
import RuleGraph

/// What one call of `diff` looks at, and what came of it.
struct DiffRun {
  let base: ComparedVersion
  let head: ComparedVersion
  let loader: VersionLoader
  let trustsBase: Bool
  private(set) var failures: [String] = []

  init(base: ComparedVersion, head: ComparedVersion, loader: VersionLoader, trustsBase: Bool) {
    self.base = base
    self.head = head
    self.loader = loader
    self.trustsBase = trustsBase
  }

  /// Compares the two versions.
  ///
  /// - Throws: a `RunFailure` when there is nothing to compare, or a site file must not be used.
  mutating func report() throws -> ChangeReport {
    var report = ChangeReport(base: base.name, head: head.name)
    if case (.file(let old), .file(let new)) = (base, head) {
      try compareLoose([(old, new, new)], isStrict: true, into: &report)
      noteExhaustion(report)
      return report
    }
    let paths = sitePaths()
    if paths.isEmpty {
      try compareLoose(try commonFiles(), isStrict: false, into: &report)
      noteExhaustion(report)
      guard !report.differences.isEmpty else {
        throw RunFailure("there is no \(SiteLoader.fileName), and no firewall configuration differs")
      }
      return report
    }
    for (old, new) in paths { try compareSite(old, new, into: &report) }
    noteExhaustion(report)
    return report
  }

  /// What could not be judged is a failure of the run, not an answer.
  private mutating func noteExhaustion(_ report: ChangeReport) {
    failures += report.differences.filter(\.isExhausted).map {
      "\($0.firewall): the evaluation budget ran out, not everything was compared"
    }
  }

  // MARK: Sites

  /// The site files of both sides, paired; where one side has none its own path is taken for it all the same.
  private func sitePaths() -> [(base: String, head: String)] {
    let (old, new) = (loader.sitePaths(base), loader.sitePaths(head))
    if case (.folder(let oldFolder), .folder(let newFolder)) = (base, head) {
      if old.isEmpty, new.isEmpty { return [] }
      if loader.sites.isEmpty {
        return [(Paths.join(oldFolder, SiteLoader.fileName), Paths.join(newFolder, SiteLoader.fileName))]
      }
      return zip(old, new).map { (base: $0, head: $1) }
    }
    let paths = new.isEmpty || trustsBase && !old.isEmpty ? old : new
    return paths.map { ($0, $0) }
  }

  private mutating func compareSite(_ oldPath: String, _ newPath: String, into report: inout ChangeReport) throws {
    let oldSite = try loader.site(oldPath, of: base)
    var newSite = trustsBase ? nil : try loader.site(newPath, of: head)
    if trustsBase {
      guard let oldSite else { throw RunFailure("\(oldPath): \(base.name) has no such site file to trust") }
      newSite = LoadedSite(
        site: oldSite.site, policy: oldSite.policy, folder: Paths.folder(of: newPath),
        root: head.reading { LintRoot(around: Paths.folder(of: newPath)) }, remarks: oldSite.remarks)
    }
    guard let newSite else {
      throw RunFailure("\(newPath): \(head.name) has no such site file; --trust-base takes the one of \(base.name)")
    }
    if oldSite == nil {
      report.remarks.append("\(base.name) has no site file: both versions are judged by the one of \(head.name)")
    }
    let after = loader.firewalls(of: newSite, path: newPath, in: head)
    failures += after.failures.map { $0.reason }
    let before = loader.firewalls(
      of: oldSite
        ?? LoadedSite(
          site: newSite.site, policy: newSite.policy, folder: Paths.folder(of: oldPath), root: newSite.root,
          remarks: []), path: oldPath, in: base)
    for firewall in after.firewalls {
      guard let former = before.firewalls.first(where: { $0.name == firewall.name }) else {
        let failure = before.failures.first { $0.name == firewall.name }?.reason
        report.remarks.append(
          "\(firewall.name): not compared, only its findings are shown (\(failure ?? "\(base.name) does not list it"))")
        continue
      }
      report.differences.append(
        compare(former, firewall, sites: (before.loaded.site, after.loaded.site), policy: newSite.policy))
    }
    let listed = Set(after.firewalls.map(\.name) + after.failures.map { $0.name })
    report.droppedFirewalls += before.firewalls.map(\.name).filter { !listed.contains($0) }
    report.add(check(before), check(after))
  }

  private func check(_ version: VersionSite) -> CheckReport {
    Checker().run(
      CheckInput(policy: version.loaded.policy, site: version.loaded.site, firewalls: version.firewalls))
  }

  private func compare(
    _ before: LoadedFirewall, _ after: LoadedFirewall, sites: (Site, Site)?, policy: Policy?
  ) -> TrafficDifference {
    if Self.bytes(before) == Self.bytes(after), before.entry == after.entry,
      sites.map({ $0.0.source.bytes == $0.1.source.bytes }) ?? true
    {
      return TrafficDifference(firewall: after.name)
    }
    return TrafficComparer(
      before: .init(firewall: before, site: sites?.0), after: .init(firewall: after, site: sites?.1), policy: policy
    ).compare()
  }

  private static func bytes(_ firewall: LoadedFirewall) -> [[UInt8]] {
    firewall.graphs.flatMap { $0.sources.map(\.bytes) }
  }

  // MARK: Files without a site

  /// Compares files in full; of those that are not named one by one, only the ones that are firewall configurations.
  private mutating func compareLoose(
    _ pairs: [(base: String, head: String, name: String)], isStrict: Bool, into report: inout ChangeReport
  ) throws {
    let policy = Policy.embedded(named: Policy.embeddedNames[0], withWords: false).policy
    var (olds, news): ([LoadedFirewall], [LoadedFirewall]) = ([], [])
    for (oldPath, newPath, name) in pairs {
      let former: LoadedFirewall?
      let firewall: LoadedFirewall?
      if isStrict {
        former = try loader.looseFile(oldPath, as: name, in: base)
        firewall = try loader.looseFile(newPath, as: name, in: head)
      } else {
        former = try? loader.looseFile(oldPath, as: name, in: base)
        do {
          firewall = try loader.looseFile(newPath, as: name, in: head)
        } catch {
          // What was a firewall configuration and is none any more has to be said; other files are no business here.
          if former != nil { failures.append("\(error)") }
          continue
        }
      }
      if let firewall { news.append(firewall) }
      if let former { olds.append(former) }
      switch (former, firewall) {
      case (let former?, let firewall?):
        report.differences.append(compare(former, firewall, sites: nil, policy: nil))
      case (nil, let firewall?):
        report.remarks.append("\(firewall.name): \(base.name) does not have it; only its findings are shown")
      case (_?, nil): report.droppedFirewalls.append(name)
      case (nil, nil): break
      }
    }
    // Across languages nothing but traffic can be compared: findings name rules as they are written.
    let dialects = (olds.flatMap(\.graphs).map(\.dialect), news.flatMap(\.graphs).map(\.dialect))
    guard Set(dialects.0) == Set(dialects.1) else { return }
    report.add(
      Checker().run(CheckInput(policy: policy, site: nil, firewalls: olds)),
      Checker().run(CheckInput(policy: policy, site: nil, firewalls: news)))
  }

  /// Files that both sides may have, where no site says which count.
  private func commonFiles() throws -> [(base: String, head: String, name: String)] {
    switch (base, head) {
    case (.folder(let old), .folder(let new)):
      let names = Set(try FolderListing.files(below: old)).union(try FolderListing.files(below: new))
      return names.sorted().map { (Paths.join(old, $0), Paths.join(new, $0), $0) }
    case (.revision(let old), .revision(let new)):
      let objects = Dictionary(old.files.map { ($0.path, $0.object) }) { first, _ in first }
      let later = Dictionary(new.files.map { ($0.path, $0.object) }) { first, _ in first }
      let names = Set(objects.keys).union(later.keys).filter { objects[$0] != later[$0] }
      return names.sorted().map { ("\(old.top)/\($0)", "\(new.top)/\($0)", $0) }
    case (.revision(let old), .workTree):
      let names = Set(old.files.map { $0.path }).union(try FolderListing.files(below: old.top))
      return names.sorted().map { ("\(old.top)/\($0)", "\(old.top)/\($0)", $0) }
    default: return []
    }
  }
}

/// The files below a folder.
enum FolderListing {
  /// Files that are listed at most; a larger folder is no folder of firewall configurations.
  private static let limit = 20_000

  /// Paths of regular files relative to a folder, without hidden ones; links are not followed.
  ///
  /// - Throws: a `RunFailure` when there are too many.
  static func files(below folder: String) throws -> [String] {
    var result: [String] = []
    var pending = [""]
    while let next = pending.popLast() {
      guard let handle = opendir(Paths.join(folder, next)) else { continue }
      defer { closedir(handle) }
      while let entry = readdir(handle) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasPrefix(".") { continue }
        let path = next.isEmpty ? name : "\(next)/\(name)"
        var status = stat()
        guard lstat(Paths.join(folder, path), &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: pending.append(path)
        case S_IFREG: result.append(path)
        default: break
        }
        guard result.count + pending.count <= limit else {
          throw RunFailure("\(folder): has more than \(limit) files; --site names what is to be compared")
        }
      }
    }
    return result
  }
}
