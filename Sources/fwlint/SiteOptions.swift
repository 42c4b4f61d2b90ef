import ArgumentParser
import Requirements
import SourceText

/// A site given by flags, for one-off runs without a site file.
struct SiteOptions: ParsableArguments {
  @Option(help: "The policy, in place of a site file's.")
  var policy: String = Policy.embeddedNames[0]

  @Option(help: "How the unit runs: gateway, transparent or server.")
  var mode: String?

  @Option(name: .customLong("unit"), help: "A unit: NAME=ADDRESS[,ADDRESS...]; may be repeated.")
  var units: [String] = []

  @Option(name: .customLong("feature"), help: "A feature in use, or several, comma separated; may be repeated.")
  var features: [String] = []

  @Option(name: .customLong("peer"), help: "Who a role is: ROLE=ADDRESS[,ADDRESS...] or ROLE=any; may be repeated.")
  var peers: [String] = []

  @Option(name: .customLong("port"), help: "A changed port: SETTING=PORT; may be repeated.")
  var ports: [String] = []

  @Option(name: .customLong("interface"), help: "Where peers or units are: ROLE=NAME or units=NAME; may be repeated.")
  var interfaces: [String] = []

  @Option(help: "Where the files stand: forward, host or attached.")
  var position: String?

  /// Whether a site is described at all.
  var describesSite: Bool { mode != nil || !units.isEmpty || !features.isEmpty || !peers.isEmpty || !ports.isEmpty }

  /// The site file that says the same, with the given files as one firewall.
  ///
  /// Going through the text means that every word is checked as a site file's is.
  func document(files: [String], groups: [String]) throws -> SourceFile {
    guard let position else {
      throw ValidationError("--position says where the files stand: forward, host or attached")
    }
    var lines = ["policy: \(YAMLText.quoted(policy))"]
    if let mode { lines.append("mode: \(YAMLText.quoted(mode))") }
    lines.append("units:")
    for unit in units {
      let (name, values) = try Self.pair(unit, "--unit")
      lines.append("  - {name: \(YAMLText.quoted(name)), addresses: \(Self.list(values))}")
    }
    lines.append("features: \(Self.list(features.flatMap { $0.split(separator: ",").map(String.init) }))")
    lines.append("peers: {" + (try peers.map { try Self.entry($0, "--peer") }).joined(separator: ", ") + "}")
    lines.append("ports: {" + (try ports.map { try Self.entry($0, "--port") }).joined(separator: ", ") + "}")
    lines.append("firewalls:")
    lines.append("  - path: \(Self.list(files))")
    lines.append("    position: \(YAMLText.quoted(position))")
    if !groups.isEmpty { lines.append("    groups: \(Self.list(groups))") }
    let bound = try interfaces.map { try Self.entry($0, "--interface") }
    if !bound.isEmpty { lines.append("    interfaces: {" + bound.joined(separator: ", ") + "}") }
    return SourceFile(path: "<command line>", text: lines.joined(separator: "\n") + "\n")
  }

  private static func pair(_ text: String, _ flag: String) throws -> (name: String, values: [String]) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("\(flag) takes NAME=VALUE[,VALUE...], not '\(text)'")
    }
    return (
      String(text[..<equals]), text[text.index(after: equals)...].split(separator: ",").map(String.init)
    )
  }

  private static func entry(_ text: String, _ flag: String) throws -> String {
    let (name, values) = try pair(text, flag)
    let value = values.count == 1 ? YAMLText.quoted(values[0]) : list(values)
    return "\(YAMLText.quoted(name)): \(value)"
  }

  private static func list(_ values: [String]) -> String {
    "[" + values.map(YAMLText.quoted).joined(separator: ", ") + "]"
  }
}
