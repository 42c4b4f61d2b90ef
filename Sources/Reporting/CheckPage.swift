import Compliance
import SourceText

/// The page of a check in Markdown: what it does and why, an example with what is printed, and how to mend it.
public enum CheckPage {
  /// A page.
  ///
  /// - Parameter printed: what `check` prints of the example, as far as it is about this check.
  public static func render(_ check: Check, printed: String) -> String {
    guard let text = CheckRegistry.documentation(of: check.code) else { return "" }
    var parts = ["# \(check.code) \(check.name)", "Default severity: \(check.severity.rawValue)", text.what, text.why]
    if CheckRegistry.reserved.contains(check.code) {
      parts.append("This version does not run the check; its code is kept for it.")
    }
    if let example = text.example {
      parts.append("## Example")
      parts += example.files.map(file)
      if !printed.isEmpty { parts += ["`fwlint check` prints:", fenced(printed, "text")] }
      parts += ["## How to mend it", text.mend]
      parts += example.mended.map(file)
    } else {
      parts += ["## How to mend it", text.mend]
    }
    if !text.references.isEmpty {
      parts += ["## References", text.references.map { "- \($0)" }.joined(separator: "\n")]
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// The table of all checks, with links to their pages.
  public static func index() -> String {
    var text = "# Checks\n\n| code | name | severity | what it finds |\n|---|---|---|---|\n"
    for check in CheckRegistry.checks {
      let what = CheckRegistry.documentation(of: check.code)?.what ?? ""
      text += "| [\(check.code)](\(check.code).md) | \(check.name) | \(check.severity.rawValue) | \(cell(what)) |\n"
    }
    text += """

      Each page is what `fwlint explain --format markdown CODE` prints, and this list what it prints for `checks`:

      ```sh
      for code in checks $(fwlint explain --format markdown checks | grep -o '^| .FW[0-9]*' | grep -o 'FW.*'); do
        page=$code
        if [ "$code" = checks ]; then page=README; fi
        fwlint explain --format markdown "$code" > "docs/checks/$page.md"
      done
      ```

      """
    return text
  }

  private static func file(_ file: CheckExample.File) -> String { "`\(file.name)`:\n\n\(fenced(file.text, ""))" }

  /// A code block; its fence is longer than any run of backticks inside.
  private static func fenced(_ text: String, _ language: String) -> String {
    var longest = 2
    var run = 0
    for character in text {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    let body = text.hasSuffix("\n") || text.isEmpty ? text : text + "\n"
    return "\(fence)\(language)\n\(body)\(fence)"
  }

  private static func cell(_ text: String) -> String {
    text.map { $0 == "|" ? "\\|" : $0 == "\n" ? " " : String($0) }.joined()
  }
}
