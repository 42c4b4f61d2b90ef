import FoundationEssentials
import Testing

/// What every source file of the program keeps to.
struct SourceTests {
  /// A source file.
  struct Source: Sendable {
    var path: String
    var module: String
    var text: SwiftText
  }

  static let sources: [Source] = {
    let top = Repository.path + "/Sources"
    var sources: [Source] = []
    var folders = [""]
    while let folder = folders.popLast() {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(top)/\(folder)")) ?? [] {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        if name.hasSuffix(".swift"), let data = FileManager.default.contents(atPath: "\(top)/\(path)") {
          sources.append(
            Source(
              path: path, module: String(path.split(separator: "/")[0]),
              text: SwiftText(String(decoding: data, as: UTF8.self))))
        } else if !name.contains(".") {
          folders.append(path)
        }
      }
    }
    return sources.sorted { $0.path < $1.path }
  }()

  /// What must not stand in the code, and why.
  static let forbidden = [
    ("try!", "an error that input can cause ends the program"),
    ("as!", "a wrong guess about a type ends the program"),
    ("fatalError", "the program ends instead of answering"),
    ("precondition", "the program ends instead of answering"),
    ("@unchecked", "the compiler no longer checks who shares what"),
    ("unsafeBitCast", "the compiler no longer checks types"),
    ("nonisolated(unsafe)", "the compiler no longer checks who shares what"),
  ]

  @Test func thereAreSources() { #expect(Self.sources.count > 150) }

  @Test(arguments: forbidden)
  func constructsThatEndTheProgram(word: String, why: String) {
    for source in Self.sources {
      let lines = source.text.lineNumbers { $0.contains(word) }
      #expect(lines.isEmpty, "\(source.path), lines \(lines): \(why)")
    }
  }

  @Test func nothingIsUnwrappedByForce() {
    for source in Self.sources {
      let lines = source.text.lineNumbers(where: SwiftText.unwrapsByForce)
      #expect(lines.isEmpty, "\(source.path), lines \(lines)")
    }
  }

  @Test func nothingIsLeftForLater() {
    // In pieces, so that this file holds none of them.
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "not implemented" + " yet"]
    for source in Self.sources {
      for (index, line) in source.text.lines.enumerated() where words.contains(where: { line.contains($0) }) {
        Issue.record("\(source.path):\(index + 1): \(line)")
      }
    }
  }

  @Test func filesAreShort() {
    for source in Self.sources {
      let count = source.text.lines.count - 1
      #expect(count <= 500, "\(source.path) has \(count) lines")
      // Comments and texts are not broken by the formatter.
      let wide = source.text.lineNumbers { $0.unicodeScalars.count > 120 }
      #expect(wide.isEmpty, "\(source.path), lines \(wide) are too wide")
      for (index, line) in source.text.lines.enumerated() where line.hasSuffix(" ") || line.contains("\t") {
        Issue.record("\(source.path):\(index + 1) has stray white space")
      }
    }
  }

  /// Paths that exist on one machine only.
  @Test func nothingNamesAMachine() {
    let homes = ["/" + "home/", "/" + "Users/", "/" + "root/", "/" + "work/", "/" + "tmp/"]
    for source in Self.sources {
      for (index, line) in source.text.lines.enumerated() where homes.contains(where: { line.contains($0) }) {
        Issue.record("\(source.path):\(index + 1): \(line)")
      }
    }
  }

  /// Who may import whom, as ARCHITECTURE.md says; data flows one way.
  static let allowed: [String: Set<String>] = [
    "SourceText": [],
    "YAMLDocument": ["CYAML", "SourceText"],
    // For memory that grows in place.
    "PacketSets": ["Glibc"],
    "Workers": ["Dispatch", "Synchronization"],
    "RuleGraph": ["PacketSets", "SourceText"],
    "Evaluation": ["PacketSets", "RuleGraph", "SourceText", "Workers"],
    "Nftables": ["PacketSets", "RuleGraph", "SourceText"],
    "IptablesSave": ["PacketSets", "RuleGraph", "SourceText"],
    "SecurityGroups": ["PacketSets", "RuleGraph", "SourceText", "YAMLDocument"],
    "Requirements": ["CPolicies", "PacketSets", "SourceText", "YAMLDocument"],
    "Compliance": [
      "Evaluation", "PacketSets", "Requirements", "RuleGraph", "SourceText", "Synchronization", "Workers",
      "YAMLDocument",
    ],
    "Reporting": [
      "Compliance", "Evaluation", "FoundationEssentials", "PacketSets", "Requirements", "RuleGraph", "SourceText",
    ],
    "fwlint": [
      "ArgumentParser", "Compliance", "Evaluation", "FoundationEssentials", "Glibc", "IptablesSave", "Nftables",
      "PacketSets", "Reporting", "Requirements", "RuleGraph", "SecurityGroups", "SourceText", "YAMLDocument",
    ],
  ]

  @Test func modulesImportOnlyWhatTheyMay() {
    for source in Self.sources {
      let allowed = Self.allowed[source.module]
      #expect(allowed != nil, "\(source.module) is a new module: say whom it may import")
      for module in source.text.imports where allowed?.contains(module) != true {
        Issue.record("\(source.path) imports \(module)")
      }
    }
  }

  /// Only the executable touches files, the environment and the terminal.
  @Test func onlyTheProgramTouchesTheWorld() {
    for source in Self.sources where source.module != "fwlint" {
      let words = ["getenv", "ProcessInfo", "FileManager", "CommandLine.", "print(", "exit("]
      let lines = source.text.lineNumbers { line in
        words.contains { word in
          guard let range = line.firstRange(of: word) else { return false }
          let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
          return !before.isLetter && before != "."
        }
      }
      #expect(lines.isEmpty, "\(source.path), lines \(lines)")
    }
  }

  /// That the reader of sources sees what it should.
  @Test(arguments: [
    ("let a = b!", true), ("let a = b!.c", true), ("var a: Int!", true), ("a[0]!", true), ("f()!", true),
    ("if !a { }", false), ("a != b", false), ("x(!a)", false), ("let s = \"a!\" // b!", false),
    ("let s = \"\\(b!)\"", true), ("let s = #\"\\(b!)\"#", false), ("/* a! */ let b = 1", false),
  ])
  func forceIsSeen(line: String, isForced: Bool) {
    #expect(SwiftText.unwrapsByForce(SwiftText(line).code[0]) == isForced)
  }
}
