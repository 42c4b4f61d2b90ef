import RuleGraph
import SourceText
import Testing

@testable import Compliance

/// Comments for fwlint are found where the file's own language has comments, and nowhere else.
@Suite("Comments of configurations")
struct CommentScannerTests {
  /// What is found in a text, each as `line: text`, with `>` before those on a line of their own.
  private func found(_ text: String, _ dialect: Dialect) -> [String] {
    let source = SourceFile(path: "x", text: text)
    let lines = LineIndex(source)
    return CommentScanner.comments(source, dialect: dialect).map { comment in
      "\(lines.line(at: comment.range.start))\(comment.isOwnLine ? ">" : ":")\(comment.text)"
    }
  }

  @Test func nftables() {
    let text = """
      # fwlint: allow FW101
      table ip t { # fwlint: allow FW102
        chain c {
          tcp dport 22 accept comment "fwlint: allow FW203 reason='a b'"
          log prefix "# fwlint: allow FW204" accept
          log prefix "two
      # fwlint: allow FW205
      lines" accept # x " # fwlint: allow FW206
          tcp dport 23 accept comment "# fwlint: allow FW207" #fwlint: allow FW301
          tcp dport 24 accept comment "see # fwlint: allow FW302"
        }
      }
      """
    #expect(
      found(text, .nftables) == [
        "1># fwlint: allow FW101", "2:# fwlint: allow FW102", "4:fwlint: allow FW203 reason='a b'",
        "9:# fwlint: allow FW207", "9:#fwlint: allow FW301",
      ])
  }

  @Test func dumps() {
    let text = """
      # fwlint: allow FW101
      *filter
      -A INPUT -m comment --comment "fwlint: allow FW203 reason=\\"it's odd\\"" -j ACCEPT
      -A INPUT -m comment --comment "say # fwlint: allow FW204" -j ACCEPT
      -A INPUT -j LOG --log-prefix "# fwlint: allow FW205"
      -A INPUT -m comment --comment it's -j ACCEPT # fwlint: allow FW206
      [1:2] -A INPUT -m comment --comment fwlint:allow -j ACCEPT
      COMMIT
      """
    #expect(
      found(text, .iptables) == [
        "1># fwlint: allow FW101", "3:fwlint: allow FW203 reason=\"it's odd\"", "7:fwlint:allow",
      ])
  }

  @Test func scripts() {
    let text = """
      #!/bin/sh
      iptables -A INPUT -p tcp --dport 22 -j ACCEPT # fwlint: allow FW202
      echo 'a # fwlint: allow FW203' "b # fwlint: allow FW204" c#fwlint: allow FW205
        # fwlint: allow FW206
      """
    #expect(found(text, .iptables) == ["2:# fwlint: allow FW202", "4># fwlint: allow FW206"])
  }

  @Test func exports() {
    let text = """
      # fwlint: allow FW101
      SecurityGroups:
      - GroupId: sg-1 # fwlint: allow FW102
        Description: "a # fwlint: allow FW201"
        GroupName: it's # fwlint: allow FW202
        Tags: |
          # fwlint: allow FW203
          b # fwlint: allow FW204
        # fwlint: allow FW205
        Other: 'x
          # fwlint: allow FW206'
        Last: a#fwlint:allow
      """
    #expect(
      found(text, .aws) == [
        "1># fwlint: allow FW101", "3:# fwlint: allow FW102", "5:# fwlint: allow FW202", "9># fwlint: allow FW205",
      ])
    #expect(found(#"{"SecurityGroups": [], "x": "a # fwlint: allow FW101"}"#, .aws) == [])
  }

  @Test func aliasesDoNotMultiply() {
    var text = "a0: &a0 [x, x]\n"
    for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    _ = found(text + "# fwlint: allow FW101\n", .aws)
  }

  @Test(arguments: ["\"", "# fwlint:", "fwlint:", "comment \"fwlint: allow", "--comment \"fwlint:", "\r\n# fwlint:\r"])
  func piecesAreHarmless(text: String) {
    for dialect in Dialect.allCases { _ = found(text, dialect) }
  }
}
