import Testing

/// One input of the list of what a linter must survive: what it is, and the answer that it must get.
struct AbuseCase: Sendable, CustomTestStringConvertible {
  /// What the input is, in the words of the list.
  var name: String
  /// How the file is called.
  var file: String
  /// What is in it.
  var bytes: @Sendable () -> [UInt8]
  /// The exit code.
  var status: Int32
  /// What has to be said, on either output.
  var says: String
  /// What must not be said, on either output.
  var never: String?

  var testDescription: String { name }

  /// A case of a text.
  init(
    _ name: String, _ file: String, _ status: Int32, says: String, never: String? = nil,
    _ text: @escaping @Sendable () -> String
  ) {
    self.init(name: name, file: file, status: status, says: says, never: never) { Array(text().utf8) }
  }

  /// A case of bytes.
  init(
    name: String, file: String, status: Int32, says: String, never: String? = nil,
    bytes: @escaping @Sendable () -> [UInt8]
  ) {
    self.name = name
    self.file = file
    self.bytes = bytes
    self.status = status
    self.says = says
    self.never = never
  }

  /// Seconds and megabytes that any of them may take, in a debug build.
  static let seconds = 10.0
  static let megabytes = 300

  /// Lints the file, and holds the answer against what is expected.
  func check(_ arguments: [String] = []) throws {
    try Folder.with { folder in
      try folder.write(bytes(), to: Array(file.utf8))
      let outcome = try Program.run(["check", file, "--format", "concise"] + arguments, folder: folder.path)
      expect(outcome)
    }
  }

  /// The exit code, the words, the bounds; nothing that a terminal would act on.
  func expect(_ outcome: Program.Outcome) {
    let said = String((outcome.output + outcome.errors).prefix(2000))
    #expect(outcome.status == status, "\(said)")
    #expect((outcome.output + outcome.errors).contains(says), "\(said)")
    if let never { #expect(!(outcome.output + outcome.errors).contains(never), "\(said)") }
    #expect(outcome.seconds < Self.seconds)
    #expect(outcome.megabytes < Self.megabytes)
    #expect(outcome.raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A })
    if status == 2 { #expect(outcome.complaints.count == 1, "\(said)") }
  }
}
