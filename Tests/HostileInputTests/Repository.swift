import FoundationEssentials

/// Where the tests' own files are.
enum Repository {
  /// The folder of the repository.
  static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
}
