/// A small site or rule set on which a check fires, and the same mended so that it does not.
public struct CheckExample: Sendable, Hashable {
  /// A file of an example.
  public struct File: Sendable, Hashable {
    public var name: String
    public var text: String

    init(_ name: String, _ text: String) {
      self.name = name
      self.text = text
    }
  }

  /// The files as they should not be: the configuration first, then what belongs to it, the site file last.
  public var files: [File]
  /// The files that change when it is mended, and those that are new then.
  public var mended: [File]

  /// All files as they are when it is mended, in the order of `files`, the new ones before the site file.
  public var mendedFiles: [File] {
    let changed = Dictionary(mended.map { ($0.name, $0) }) { first, _ in first }
    let added = mended.filter { file in !files.contains { $0.name == file.name } }
    let kept = files.map { changed[$0.name] ?? $0 }
    guard let last = kept.last, last.name == Self.siteName else { return kept + added }
    return kept.dropLast() + added + [last]
  }

  /// The name of the site file in examples that have one.
  public static let siteName = "fwlint.yaml"

  /// A unit that administrators reach by SSH, behind one firewall.
  static let sshSite = """
    policy: fortimail-7.6
    mode: gateway
    units:
      - name: mail1
        addresses: [10.0.10.5]
    features: [admin-cli]
    peers: {administrators: [10.1.0.0/24]}
    firewalls:
      - path: edge.nft
        position: forward

    """

  /// Rules that let just that through.
  static let sshRules = """
    table inet edge {
      chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
      }
    }

    """

  /// Rules for `sshSite` that are mended by letting just what it needs through.
  static func ssh(_ rules: String) -> CheckExample {
    CheckExample(
      files: [File("edge.nft", rules), File(siteName, sshSite)], mended: [File("edge.nft", sshRules)])
  }

  private static let all = [gaps, openings, age, graph, input, suppressions].reduce(into: [:]) { all, part in
    all.merge(part) { first, _ in first }
  }

  /// The example of a check.
  static func example(of code: String) -> CheckExample? { all[code] }
}
