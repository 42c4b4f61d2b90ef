import FuzzSupport
import Glibc

// fuzz TARGET [options of libFuzzer] [folders]: runs one target under libFuzzer until something breaks.
//
// A promise that is not kept ends the process as a crash would, with the promise on standard error.

guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
  FuzzRun.say("usage: fuzz TARGET [options]; targets: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
  exit(2)
}
FuzzRun.target = target
let arguments = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
exit(FuzzRun.run(Array(arguments)))
