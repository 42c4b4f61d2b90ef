import ArgumentParser
import Compliance
import Glibc
import Reporting
import RuleGraph
import SourceText

extension Dialect: ExpressibleByArgument {}
extension Severity: ExpressibleByArgument {}

/// When text is coloured.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto
  case always
  case never
}

/// Options that all reports share.
struct ColorOptions: ParsableArguments {
  @Option(help: "When to colour text: auto, always or never. NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  /// The style for a descriptor such as standard output.
  func style(for descriptor: Int32 = STDOUT_FILENO) -> TextStyle {
    switch color {
    case .auto: TextStyle(isColored: Terminal.showsColor(descriptor))
    case .always: TextStyle(isColored: true)
    case .never: TextStyle(isColored: false)
    }
  }
}

/// How the files are read.
struct InputOptions: ParsableArguments {
  @Option(help: "The language of the files, in place of telling it from their content.")
  var dialect: Dialect?

  @Option(name: .customLong("include-path"), help: "A folder that nftables files may include from; may be repeated.")
  var includePaths: [String] = []

  @OptionGroup(title: "Limits") var limits: LimitOptions

  /// A loader for files below a root.
  func loader(root: LintRoot) -> RuleSetLoader {
    RuleSetLoader(root: root, forcedDialect: dialect, includePaths: includePaths, limits: limits)
  }
}

/// Which findings count.
struct SelectionOptions: ParsableArguments {
  @Option(help: "Codes or series to report, comma separated: FW101, FW2, FW2xx.")
  var select: [String] = []

  @Option(help: "Codes or series not to report, comma separated.")
  var ignore: [String] = []

  @Option(name: .customLong("fail-on"), help: "Least severity that makes the exit code 1: error, warning or note.")
  var failOn: Severity = .warning

  func validate() throws {
    for word in words(select) + words(ignore) where !CheckRegistry.checks.contains(where: { Self.names(word, $0.code) })
    {
      let hint = Suggestion.hint(for: word.uppercased(), among: CheckRegistry.checks.map(\.code))
      throw ValidationError("there is no check or series '\(word)'\(hint)")
    }
  }

  /// Whether findings of a code are reported.
  func selects(_ code: String) -> Bool {
    let selected = words(select)
    let isSelected = selected.isEmpty || selected.contains { Self.names($0, code) }
    return isSelected && !words(ignore).contains { Self.names($0, code) }
  }

  private func words(_ lists: [String]) -> [String] { lists.flatMap { $0.split(separator: ",").map(String.init) } }

  /// Whether a word is a code, or a series that begins it, with `x` for the digits that are open.
  private static func names(_ word: String, _ code: String) -> Bool {
    let word = word.uppercased()
    guard word.hasPrefix("FW"), word.utf8.count <= code.utf8.count else { return false }
    return zip(word.utf8, code.utf8).allSatisfy { $0 == $1 || $0 == UInt8(ascii: "X") }
  }
}
