import Compliance
import Reporting
import SourceText

/// How a firewall is read again.
struct FirewallReload {
  /// The folder outside of which nothing is written.
  let root: LintRoot
  /// Reads it with some files in the given versions.
  let read: (_ files: [String: SourceFile]) throws -> LoadedFirewall

  /// What tells firewalls of one run apart: several sites, or several entries of one, may name the same file.
  static func key(of firewall: LoadedFirewall) -> String {
    let paths = firewall.graphs.compactMap { $0.sources.first?.path }.joined(separator: "\n")
    let entry = firewall.entry.map { "\($0.position.rawValue) \($0.groups ?? [])" } ?? ""
    return "\(firewall.name)\n\(paths)\n\(entry)"
  }
}

/// `check --fix` and `check --diff`.
struct FixRun {
  let options: FixOptions
  let selection: SelectionOptions
  /// Fingerprints of findings that stay as they are.
  let accepted: Set<String>

  /// Makes the fixes and writes the files, or prints the patch.
  ///
  /// - Returns: whether there was a patch to print.
  /// - Throws: a `RunFailure` for files that must not be written, before any is.
  func perform(on run: inout CheckRun) throws -> Bool {
    let reloads = run.reloads
    let session = FixSession(
      includesUnsafe: options.includesUnsafe,
      isWanted: { selection.selects($0.code) && !accepted.contains($0.fingerprint) },
      reload: { firewall, files in
        guard let reload = reloads[FirewallReload.key(of: firewall)] else {
          throw RunFailure("\(firewall.name) cannot be read again")
        }
        return try reload.read(files)
      })
    var files: [String: SourceFile] = [:]
    var inputs: [CheckInput] = []
    var changes: [String: (before: SourceFile, after: SourceFile)] = [:]
    for var input in run.inputs {
      // Another site may have changed a file that this one lists, too.
      if !files.isEmpty {
        for (index, firewall) in input.firewalls.enumerated() {
          if let reload = reloads[FirewallReload.key(of: firewall)] { input.firewalls[index] = try reload.read(files) }
        }
      }
      let outcome = session.run(input)
      inputs.append(outcome.input)
      for (before, after) in outcome.changes {
        changes[after.path] = (changes[after.path]?.before ?? before, after)
        files[after.path] = after
      }
      describe(outcome)
    }
    let ordered = changes.values.sorted { $0.after.path < $1.after.path }
    if options.printsPatch {
      let patch = ordered.flatMap { UnifiedDiff.bytes(from: $0.before, to: $0.after) }
      Terminal.print(bytes: patch)
      return !patch.isEmpty
    }
    let targets = try ordered.map { try target($0.before, reloads.values.map(\.root)) }
    for (change, path) in zip(ordered, targets) { try FileWriter.write(change.after.bytes, to: path) }
    run.replaceFirewalls(inputs)
    return false
  }

  /// Where a changed file is written: at its real place, which has to lie below a lint root and to be as it was read.
  private func target(_ source: SourceFile, _ roots: [LintRoot]) throws -> String {
    guard let canonical = Paths.canonical(source.path), roots.contains(where: { $0.holds(canonical) }) else {
      throw RunFailure("\(source.path): lies outside of the lint root, so that nothing is written there")
    }
    let now = try FileReader(sizeLimit: .max).read(canonical, as: source.path)
    guard now.bytes == source.bytes else {
      throw RunFailure("\(source.path): has changed since it was read; nothing was written")
    }
    return canonical
  }

  /// What was done and what was not, on standard error.
  private func describe(_ outcome: FixOutcome) {
    let verb = options.printsPatch ? "can be fixed" : "fixed"
    if !outcome.applied.isEmpty {
      let count = outcome.applied.count
      Terminal.printError("\(count) finding\(count == 1 ? "" : "s") \(verb)")
    }
    for withheld in outcome.withheld {
      let place = withheld.finding.location.map { "\($0.path):\($0.line): " } ?? ""
      Terminal.printErrorLine(
        Harmless.line("\(place)\(withheld.finding.code): the fix is withheld: \(withheld.reason)"))
    }
    if !outcome.unsafe.isEmpty {
      let count = outcome.unsafe.count
      Terminal.printError("\(count) more finding\(count == 1 ? " has a fix" : "s have fixes") for --unsafe-fixes")
    }
  }
}
