import Requirements
import RuleGraph
import SourceText

/// What came of making the fixes of a site's findings.
public struct FixOutcome: Sendable {
  /// A fix that was not made, and why.
  public struct Withheld: Sendable {
    public var finding: Finding
    public var reason: String
  }

  /// The findings that were done away with, in the order in which that happened.
  public var applied: [Finding] = []
  public var withheld: [Withheld] = []
  /// Findings whose fixes are left for those who ask for unsafe ones.
  public var unsafe: [Finding] = []
  /// The files that changed, by path: as they were, and as they are to be.
  public var changes: [(before: SourceFile, after: SourceFile)] = []
  /// The firewalls as they are to be.
  public var input: CheckInput
}

/// Makes the fixes of findings, each proved, until there is nothing left to mend.
///
/// Fixes that do not touch one another are proved together; when that fails, by halves, so that the ones that cannot be
/// proved are found out. Every round begins with the findings of the files as they are by then.
public struct FixSession {
  /// Reads a firewall again with some files in other versions.
  public typealias Reload = (_ firewall: LoadedFirewall, _ files: [String: SourceFile]) throws -> LoadedFirewall

  private let includesUnsafe: Bool
  private let isWanted: (Finding) -> Bool
  private let reload: Reload

  /// Bounds of the work.
  static let roundLimit = 64
  static let proofLimit = 512

  /// Makes a session.
  public init(includesUnsafe: Bool, isWanted: @escaping (Finding) -> Bool = { _ in true }, reload: @escaping Reload) {
    self.includesUnsafe = includesUnsafe
    self.isWanted = isWanted
    self.reload = reload
  }

  /// A fix with the findings that it does away with.
  private struct Job {
    var fix: Fix
    var findings: [Finding]

    /// Edits that were tried and could not be proved are not tried again while nothing else changes.
    var key: [[TextEdit]] { fix.ways }
  }

  /// The firewalls as they stand, with what `check` says of each.
  private struct Progress {
    var input: CheckInput
    var reports: [CheckReport]
    var original: [String: SourceFile] = [:]
    var current: [String: SourceFile] = [:]
    var applied: [Finding] = []
    var proofs = 0
  }

  /// Makes all fixes that can be proved.
  public func run(_ input: CheckInput) -> FixOutcome {
    var progress = Progress(input: input, reports: input.firewalls.map { report(input, $0) })
    for source in input.firewalls.flatMap(\.graphs).flatMap(\.sources) { progress.original[source.path] = source }
    progress.current = progress.original
    var withheld: [[[TextEdit]]: FixOutcome.Withheld] = [:]
    for _ in 0..<Self.roundLimit {
      let jobs = self.jobs(progress).filter { withheld[$0.key] == nil }
      guard !jobs.isEmpty, progress.proofs < Self.proofLimit else { break }
      var refused: [(Job, String)] = []
      if advance(&progress, batch(of: jobs), &refused) {
        // What could not be proved before may be possible now.
        withheld = [:]
      }
      for (job, reason) in refused {
        withheld[job.key] = job.findings.first.map { FixOutcome.Withheld(finding: $0, reason: reason) }
      }
    }
    var outcome = FixOutcome(input: progress.input)
    outcome.applied = progress.applied
    outcome.withheld = jobs(progress).map { job in
      withheld[job.key] ?? FixOutcome.Withheld(finding: job.findings[0], reason: "there was too much to prove")
    }
    if !includesUnsafe {
      outcome.unsafe = progress.reports.flatMap(\.findings).filter { isWanted($0) && $0.fix?.isSafe == false }
    }
    for path in progress.current.keys.sorted() {
      guard let before = progress.original[path], let after = progress.current[path], before.bytes != after.bytes
      else { continue }
      outcome.changes.append((before, after))
    }
    return outcome
  }

  private func report(_ input: CheckInput, _ firewall: LoadedFirewall) -> CheckReport {
    var single = input
    single.firewalls = [firewall]
    return Checker().run(single)
  }

  // MARK: What is to be done

  /// The fixes that may be made, each once with all the findings that it does away with.
  private func jobs(_ progress: Progress) -> [Job] {
    var jobs: [Job] = []
    var places: [[[TextEdit]]: Int] = [:]
    for finding in progress.reports.flatMap(\.findings) {
      guard let fix = finding.fix, fix.isSafe || includesUnsafe, isWanted(finding), !fix.edits.isEmpty else { continue }
      if let place = places[fix.ways] {
        jobs[place].findings.append(finding)
        jobs[place].fix.asked += fix.asked
      } else {
        places[fix.ways] = jobs.count
        jobs.append(Job(fix: fix, findings: [finding]))
      }
    }
    return jobs
  }

  /// As many fixes as do not touch one another; what opens comes after what closes.
  private func batch(of jobs: [Job]) -> [Job] {
    var batch: [Job] = []
    let narrowing = jobs.filter { $0.fix.effect != .opens }
    for job in narrowing.isEmpty ? jobs : narrowing {
      let conflicts = batch.contains { other in
        other.fix.edits.contains { edit in job.fix.edits.contains { $0.conflicts(with: edit) || $0 == edit } }
      }
      if !conflicts { batch.append(job) }
    }
    return batch
  }

  // MARK: Doing it

  /// Makes what can be proved of a batch; the first part that succeeds ends the round, as lines have moved then.
  private func advance(_ progress: inout Progress, _ batch: [Job], _ refused: inout [(Job, String)]) -> Bool {
    guard !batch.isEmpty, progress.proofs < Self.proofLimit else { return false }
    let ways = batch.count == 1 ? batch[0].fix.ways : [batch.flatMap { $0.fix.edits }]
    var reasons: [String] = []
    for edits in ways {
      guard let reason = attempt(&progress, edits, batch) else { return true }
      reasons.append(reason)
    }
    if batch.count == 1 {
      refused.append((batch[0], reasons.last ?? ""))
      return false
    }
    let middle = batch.count / 2
    return advance(&progress, Array(batch[..<middle]), &refused)
      || advance(&progress, Array(batch[middle...]), &refused)
  }

  /// Makes some edits if they can be proved; otherwise says why not.
  private func attempt(_ progress: inout Progress, _ edits: [TextEdit], _ batch: [Job]) -> String? {
    progress.proofs += 1
    let paths = Set(edits.map(\.path))
    var files = progress.current
    for path in paths { files[path] = files[path]?.applying(edits) }
    let written = Self.written(edits)
    let findings = batch.flatMap(\.findings)
    let proof = FixProof(site: progress.input.site, policy: progress.input.policy)
    var next = progress
    for (index, firewall) in progress.input.firewalls.enumerated() {
      let own = Set(firewall.graphs.flatMap(\.sources).map(\.path))
      guard !own.isDisjoint(with: paths) else { continue }
      let reloaded: LoadedFirewall
      do { reloaded = try reload(firewall, files) } catch { return "the edited file could not be read: \(error)" }
      let report = report(progress.input, reloaded)
      let change = FixProof.Change(
        old: firewall, new: reloaded, oldReport: progress.reports[index], newReport: report, written: written)
      // A file may belong to several firewalls: each of them has to agree.
      let stems = Set(progress.reports[index].findings.map(FixProof.stem))
      let concerned = findings.filter { stems.contains(FixProof.stem($0)) }
      if let objection = proof.objection(to: change, for: concerned, by: batch.map(\.fix)) { return objection }
      next.input.firewalls[index] = reloaded
      next.reports[index] = report
    }
    next.current = files
    next.applied += findings
    progress = next
    return nil
  }

  /// Where replacements stand in the edited files.
  private static func written(_ edits: [TextEdit]) -> [String: [SourceRange]] {
    var result: [String: [SourceRange]] = [:]
    var shifts: [String: Int] = [:]
    let ordered = edits.enumerated().sorted {
      ($0.element.path, $0.element.range.start, $0.element.range.end, $0.offset)
        < ($1.element.path, $1.element.range.start, $1.element.range.end, $1.offset)
    }
    for (_, edit) in ordered {
      let start = Int(edit.range.start) + shifts[edit.path, default: 0]
      let count = edit.replacement.utf8.count
      result[edit.path, default: []].append(SourceRange(start, start + count))
      shifts[edit.path, default: 0] += count - Int(edit.range.end - edit.range.start)
    }
    return result
  }
}
