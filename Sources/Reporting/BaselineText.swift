import Compliance

/// Words about what a baseline did not need any more.
enum BaselineText {
  /// Stale entries that are named one by one.
  static let limit = 20

  /// One remark an entry, and one that counts the rest.
  static func remarks(_ report: CheckReport) -> [String] {
    guard let baseline = report.baseline, !baseline.stale.isEmpty else { return [] }
    var remarks = baseline.stale.prefix(limit).map { entry in
      let count = entry.count == 1 ? "" : " (\(entry.count) times)"
      return "the baseline's \(entry.code) of \(entry.path)\(count), fingerprint \(entry.fingerprint), is stale: "
        + "nothing like it is found any more"
    }
    let rest = baseline.stale.count - limit
    if rest > 0 { remarks.append("\(rest) more entries of the baseline are stale") }
    remarks.append("write the baseline again with --write-baseline to drop its stale entries")
    return remarks
  }
}
