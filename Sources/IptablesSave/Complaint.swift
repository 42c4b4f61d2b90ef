import SourceText

/// Why a statement is not understood, and the bytes of the file that are to blame.
struct Complaint: Error {
  let message: String
  let range: SourceRange

  init(_ message: String, _ range: SourceRange) {
    self.message = message
    self.range = range
  }
}
