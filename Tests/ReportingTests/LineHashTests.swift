import Testing

@testable import Reporting

/// Hashes that code scanning's own upload action gives for the same texts.
struct LineHashTests {
  @Test(arguments: [
    ("", ["c129715d7a2bc9a3:1"]),
    ("a\n", ["243cbaa4685aab12:1", "c129715d7a2bc9a3:1"]),
    ("a\r\nb\r\n", ["81b8d8db678b2bbe:1", "ade70578248be16f:1", "c129715d7a2bc9a3:1"]),
    (" a\n\tb\n", ["81b8d8db678b2bbe:1", "ade70578248be16f:1", "c129715d7a2bc9a3:1"]),
    ("x\nx\nx\n", ["4c74ab87820424b1:1", "8c072f39cc89b447:1", "828973aa50c68d6d:1", "c129715d7a2bc9a3:1"]),
    ("é\n😀\n", ["f337840c85bceac9:1", "49e42825ed591e1a:1", "c129715d7a2bc9a3:1"]),
    (
      " a\nb\n  \t\tc\n d",
      ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
    ),
  ])
  func agreesWithPublishedValues(text: String, expected: [String]) {
    let hashes = LineHashes(text).hashes
    #expect((1...expected.count).map { hashes[$0] ?? "" } == expected)
    #expect(hashes.count == expected.count)
  }

  @Test func equalLinesAreCounted() {
    // Two lines with the same 100 units behind them differ in the count only.
    let block = String(repeating: "x", count: 120) + "\n"
    let hashes = LineHashes(block + block).hashes
    #expect(hashes[1]?.hasSuffix(":1") == true)
    #expect(hashes[2]?.hasSuffix(":2") == true)
    #expect(hashes[1]?.dropLast(2) == hashes[2]?.dropLast(2))
  }
}
