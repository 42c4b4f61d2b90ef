import Requirements
import Testing

@testable import Compliance

/// What comments for fwlint ask for.
@Suite("Suppression comments")
struct SuppressionDirectiveTests {
  @Test func everyPart() {
    let directive = SuppressionDirective(
      "## fwlint: allow FW202, exposed-to-internet FW202 until=2027-03-01 reason=\"a, b's\" requirement=IN-03,IN-02")
    #expect(directive?.codes == ["FW202", "FW204"])
    #expect(directive?.until == CalendarDate("2027-03-01"))
    #expect(directive?.reason == "a, b's")
    #expect(directive?.requirements == ["IN-03", "IN-02"])
    #expect(directive?.mistakes == [])
  }

  @Test(arguments: [
    ("fwlint: alow FW202", "did you mean 'allow'?"), ("fwlint: allow FW222", "did you mean 'FW202'?"),
    ("fwlint: allow source-to-broad", "did you mean 'source-too-broad'?"), ("fwlint: allow", "names no check"),
    ("fwlint: allow FW202 util=2027-01-01", "did you mean 'until'?"),
    ("fwlint: allow FW202 until=2027-02-29", "'2027-02-29' is not a day"),
    ("fwlint: allow FW202 until=tomorrow", "is not a day"), ("fwlint:", "names no check"),
  ])
  func mistakes(text: String, says: String) {
    let directive = SuppressionDirective(text)
    #expect(directive?.mistakes.contains { $0.contains(says) } == true, "\(directive?.mistakes ?? [])")
  }

  @Test(arguments: ["", "# fwlin: allow FW202", "see fwlint: allow FW202", "FWLINT: allow FW202"])
  func otherComments(text: String) {
    #expect(SuppressionDirective(text) == nil)
  }

  @Test func unclosedQuotesEnd() {
    #expect(SuppressionDirective("fwlint: allow FW202 reason=\"open end")?.reason == "open end")
    #expect(SuppressionDirective("fwlint: allow FW202 reason=' '")?.reason == nil)
    #expect(SuppressionDirective("fwlint: allow FW202 reason=")?.reason == nil)
  }

  @Test(arguments: [
    ("2024-02-29", true), ("2023-02-29", false), ("2100-02-29", false), ("2000-02-29", true), ("2027-13-01", false),
    ("2027-00-01", false), ("2027-04-31", false), ("2027-4-1", false), ("20270401", false), ("+027-04-01", false),
  ])
  func days(text: String, isDay: Bool) {
    #expect(CalendarDate(text)?.description == (isDay ? text : nil))
  }
}
