import ArgumentParser
import Compliance
import Glibc
import Requirements

extension CalendarDate: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// What is known and accepted, and from when on.
struct SuppressionOptions: ParsableArguments {
  @Flag(name: .customLong("no-suppressions"), help: "Report what comments and the site file suppress all the same.")
  var ignoresSuppressions = false

  @Option(help: "The day that suppressions end by, as YYYY-MM-DD; today by default.")
  var today: CalendarDate?

  @Option(help: "Report only findings that are not in this file, which --write-baseline wrote.")
  var baseline: String?

  @Option(name: .customLong("write-baseline"), help: "Write the findings of this run to a file, for --baseline.")
  var newBaseline: String?

  /// The day in Coordinated Universal Time, unless one is given.
  private var day: CalendarDate? {
    if let today { return today }
    var now = time(nil)
    var parts = tm()
    guard gmtime_r(&now, &parts) != nil else { return nil }
    return CalendarDate(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
  }

  /// The pass over the reports of a run's sites; nil when suppressions have no effect.
  func pass(selects: @escaping (String) -> Bool) throws -> SuppressionPass? {
    if ignoresSuppressions { return nil }
    guard let day else { throw RunFailure("the clock says no day; give one with --today") }
    return SuppressionPass(today: day, selects: selects)
  }

  /// Writes and applies baselines, in this order.
  ///
  /// - Parameters:
  ///   - isWhole: whether every firewall of the sites was looked at.
  ///   - isComplete: whether every file could be read; else nothing is written, as findings are missing.
  func applyBaselines(
    to report: inout CheckReport, isWhole: Bool, isComplete: Bool, isSelected: (String) -> Bool
  ) throws {
    let known = try baseline.map { try BaselineReader.read($0) }
    if let newBaseline, isComplete {
      let written = Baseline(report)
      try FileWriter.write(BaselineReader.text(of: written), to: newBaseline)
      let mandatory = report.findings.count(where: \.isMandatory)
      if mandatory > 0 {
        report.remarks.append(
          "\(mandatory) finding\(mandatory == 1 ? " that cannot be suppressed is" : "s that cannot be suppressed are") "
            + "not in the baseline")
      }
      written.apply(to: &report, isWhole: isWhole, isSelected: isSelected)
    } else if let known {
      known.apply(to: &report, isWhole: isWhole, isSelected: isSelected)
    }
  }
}
