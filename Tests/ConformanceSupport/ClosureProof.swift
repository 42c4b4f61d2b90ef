import Evaluation
import IptablesSave
import PacketSets
import RuleGraph
import SourceText

/// A rule set whose upper and lower closures were computed by a verified program (fffuu, Isabelle/HOL).
///
/// The upper closure holds every packet that may pass, whatever the undecidable matches say; the lower one only packets
/// that pass in any case. So what fwlint calls surely allowed lies inside the upper one, and whatever the lower one
/// allows is possibly allowed to fwlint.
public struct ClosureProof: Sendable, CustomStringConvertible {
  /// The path of the closure below its folder.
  public var description: String
  /// `INPUT` or `FORWARD`.
  var chain: String
  var isUpper: Bool
  /// The rule set's filter table.
  var rules: String
  /// The closure in the language of iptables-save.
  var closure: String
  /// The number of the closure's rules.
  public var size: Int

  /// Collects the closures below a folder of corpora.
  public static func all(corpora folder: String) -> [ClosureProof] {
    let root = "\(folder)/fffuu-tests"
    guard let listing = try? Subprocess.run(["find", root, "-type", "f"], timeout: 60) else { return [] }
    let paths = listing.output.split(separator: "\n").map(String.init).sorted()
    return paths.compactMap { path in
      guard path.hasSuffix(".upper") || path.hasSuffix(".lower") else { return nil }
      let chain = path.contains("INP") ? "INPUT" : "FORWARD"
      let directory = path.split(separator: "/").dropLast().joined(separator: "/")
      let others = paths.filter {
        $0.split(separator: "/").dropLast().joined(separator: "/") == directory && !$0.contains(".Ln.")
      }
      guard let dump = others.first(where: { path.hasPrefix($0 + ".") }) ?? others.first,
        let rules = Corpus.read(dump), let listing = Corpus.read(path)
      else { return nil }
      let closure = closure(listing, chain: chain)
      return ClosureProof(
        description: String(path.dropFirst(root.count + 1)), chain: chain, isUpper: path.hasSuffix(".upper"),
        rules: filterTable(rules), closure: closure, size: closure.split(separator: "\n").count)
    }
  }

  /// A packet that contradicts the proof: nil when there is none.
  public func contradiction() -> Packet? {
    let (dump, closure) = (read(rules), read(closure))
    let graphs = isUpper ? [dump, inverted(closure)] : [inverted(dump), closure]
    let evaluator = PathEvaluator(
      graphs: graphs,
      question: PathQuestion(family: .v4, path: chain == "INPUT" ? .input : .forward, phase: .first))
    // The closures take the loopback interface for the addresses 127.0.0.0/8; fwlint asks about other interfaces.
    let loopback = AddressSet([IPPrefix(IPAddress(v4: 0x7F00_0000), length: 8)])
    let others = PacketBox(sources: AddressSet.all.subtracting(loopback))
    // Surely passed by the one and by the opposite of the other.
    return evaluator.witness(of: evaluator.surelyAllowed(evaluator.select(others)))
  }

  private func read(_ text: String) -> RuleGraph {
    IptablesFrontend.parse(SourceFile(path: "rules", text: text), dialect: .iptables, ipsets: IpsetTable()).0
  }

  private func inverted(_ graph: RuleGraph) -> RuleGraph {
    var graph = graph
    for index in graph.rules.indices {
      switch graph.rules[index].verdict.kind {
      case .accept: graph.rules[index].verdict = .drop
      case .drop, .reject: graph.rules[index].verdict = .accept
      default: break
      }
    }
    for index in graph.chains.indices {
      guard let policy = graph.chains[index].base?.policy else { continue }
      graph.chains[index].base?.policy = policy == .drop ? .accept : .drop
    }
    return graph
  }

  private static func filterTable(_ text: String) -> String {
    var lines: [Substring] = []
    var isInside = false
    for line in text.split(separator: "\n") {
      if line.hasPrefix("*") { isInside = line.hasPrefix("*filter") }
      if isInside { lines.append(line) }
      if line.hasPrefix("COMMIT") { isInside = false }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The rules that `iptables -L -n` printed for a chain, as commands.
  private static func closure(_ listing: String, chain: String) -> String {
    var lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    var isInside = false
    for line in listing.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "Chain" { isInside = words.count > 1 && words[1] == chain }
      guard isInside, words.count >= 5, words[0] == "ACCEPT" || words[0] == "DROP" else { continue }
      var rule = "-A \(chain) -s \(words[3]) -d \(words[4])"
      if words[1] != "all" { rule += " -p \(words[1])" }
      if words.count > 6 { rule += " -m \(words[1])" }
      for word in words.dropFirst(6) {
        guard let colon = word.firstIndex(of: ":") else { continue }
        rule += word.hasPrefix("s") ? " --sport " : " --dport "
        rule += String(word[word.index(after: colon)...])
      }
      lines.append("\(rule) -j \(words[0])")
    }
    return (lines + ["COMMIT"]).map { "\($0)\n" }.joined()
  }
}
