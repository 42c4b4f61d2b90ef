import ArgumentParser

/// Whether findings are mended.
struct FixOptions: ParsableArguments {
  @Flag(name: .customLong("fix"), help: "Make the safe fixes that can be proved, then report what is left.")
  var appliesFixes = false

  @Flag(
    name: .customLong("diff"), help: "Print the fixes as a patch and write nothing; exit code 1 where there are any.")
  var printsPatch = false

  @Flag(name: .customLong("unsafe-fixes"), help: "With --fix or --diff: also fixes that open something.")
  var includesUnsafe = false

  /// Whether there is anything to do.
  var isAsked: Bool { appliesFixes || printsPatch }

  func validate() throws {
    if appliesFixes, printsPatch { throw ValidationError("--fix writes and --diff does not: give one of them") }
    if includesUnsafe, !isAsked { throw ValidationError("--unsafe-fixes goes with --fix or --diff") }
  }
}
