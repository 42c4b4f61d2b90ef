import FoundationEssentials
import Glibc
import Nftables
import RuleGraph
import SourceText

/// A diagnostic as a test writes it: `line:column severity message`.
func lines(_ diagnostics: [Diagnostic], _ graph: RuleGraph) -> [String] {
  let indices = graph.sources.map { LineIndex($0) }
  return diagnostics.map { diagnostic in
    let position = indices[diagnostic.file].position(at: diagnostic.range.start)
    return "\(position.line):\(position.column) \(diagnostic.severity.rawValue) \(diagnostic.message)"
  }
}

/// Reads a text without includes.
func parse(_ text: String) -> (graph: RuleGraph, diagnostics: [Diagnostic]) {
  NftablesFrontend.parse(SourceFile(path: "test.nft", text: text))
}

/// The corpora beside the repository.
enum Corpora {
  static let root: String = {
    var path = #filePath.split(separator: "/")
    path.removeLast(4)
    return "/" + path.joined(separator: "/") + "/shared/corpora"
  }()

  /// Files below a folder whose names end with one of some suffixes, sorted; nil when the folder is absent.
  static func files(_ folder: String, _ suffixes: [String]) -> [String]? {
    let base = root + "/" + folder
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: base) else {
      print("skipped: there is no corpus \(folder)")
      return nil
    }
    return names.filter { name in suffixes.contains { name.hasSuffix($0) } }.sorted().map { base + "/" + $0 }
  }

  static func bytes(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? [] }

  /// Reads a file and the files that it includes from its own folder.
  static func parse(_ path: String) -> (graph: RuleGraph, diagnostics: [Diagnostic]) {
    NftablesFrontend.parse(SourceFile(path: path, bytes: bytes(path))) { pattern, from in
      let folder = from.split(separator: "/").dropLast().joined(separator: "/")
      let target = pattern.hasPrefix("/") ? pattern : "/\(folder)/\(pattern)"
      if pattern.contains("*") { return .files([]) }
      guard let data = FileManager.default.contents(atPath: target) else { return .refused("there is no such file") }
      return .files([SourceFile(path: target, bytes: [UInt8](data))])
    }
  }
}

/// The installed nft, where this process may use it in a network namespace of its own.
enum InstalledNft {
  static let isUsable: Bool = {
    guard geteuid() == 0, run("unshare -n nft --version 2>&1").status == 0 else {
      print("skipped: nft cannot be run in a network namespace")
      return false
    }
    return true
  }()

  /// Runs a command and gives what it prints.
  static func run(_ command: String) -> (status: Int32, output: String) {
    guard let pipe = popen(command, "r") else { return (-1, "") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { break }
      output += buffer[0..<count]
    }
    return (pclose(pipe), String(decoding: output, as: UTF8.self))
  }

  /// Whether the kernel of a fresh network namespace takes a text.
  static func loads(_ text: String) -> Bool {
    let path = FileManager.default.temporaryDirectory.path + "/fwlint-load-\(getpid()).nft"
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else { return false }
    return run("unshare -n nft -f '\(path)' 2>&1").status == 0
  }

  /// Lines with errors that `nft -c` finds in a file, with their messages; empty when it accepts the file.
  static func errors(_ path: String) -> (accepts: Bool, lines: [(line: Int, message: String)]) {
    let (status, output) = run("unshare -n nft -c -f '\(path)' 2>&1")
    guard status != 0 else { return (true, []) }
    var lines: [(line: Int, message: String)] = []
    for line in output.split(separator: "\n") where line.hasPrefix(path + ":") {
      let rest = line.dropFirst(path.utf8.count + 1)
      guard let number = Int(rest.prefix { $0 != ":" }), let message = rest.range(of: "Error: ") else { continue }
      lines.append((number, String(rest[message.upperBound...])))
    }
    return (false, lines)
  }
}

extension Substring {
  /// The first place of a text.
  func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
