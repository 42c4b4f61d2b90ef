import ArgumentParser

/// How much of a packet's way is shown.
struct WalkOptions: ParsableArguments {
  @Flag(name: .customLong("all-rules"), help: "Show every rule that does not match, in long runs, too.")
  var showsAll = false
}
