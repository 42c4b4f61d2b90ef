import PacketSets
import RuleGraph
import SourceText

/// What iptables demands of matches that are not decided here, beyond their tables of options.
extension RulesetReader {
  func checkUndecidable(_ index: Int, hook: Hook?) throws(Complaint) {
    let instance = draft.instances[index]
    let syntax = catalog.syntaxes[Int(instance.syntax)]
    let name = syntax.name.description
    let place = instance.argument >= 0 ? range(instance.argument) : range(draft.commandArgument)
    if let hook, let hooks = Self.matchHooks[name], !hooks.contains(hook) {
      let names = hooks.map { $0.keyword.uppercased() }.joined(separator: " or ")
      throw Complaint("match \(name) belongs into chain \(names)", place)
    }
    switch name {
    case "statistic": try checkStatistic(index)
    case "owner": try checkOwner(index)
    case "policy": try checkPolicy(index, place)
    default: break
    }
  }

  /// Base chains that take a match.
  ///
  /// Source: the `.hooks` of the matches in net/netfilter/xt_*.c.
  private static let matchHooks: [String: [Hook]] = [
    "owner": [.output, .postrouting],
    "mac": [.prerouting, .input, .forward],
    "eui64": [.prerouting, .input, .forward],
    "rpfilter": [.prerouting],
    "socket": [.prerouting, .input],
    "osf": [.prerouting, .input, .forward],
    "cgroup": [.output, .postrouting, .input],
  ]

  private func given(_ id: UInt8, in uses: [RuleDraft.Use]) -> RuleDraft.Use? { uses.first { option($0).id == id } }

  private func checkStatistic(_ index: Int) throws(Complaint) {
    let uses = uses(of: index)
    guard let every = given(2, in: uses), let packet = given(3, in: uses) else { return }
    guard try number(packet, upTo: 0xFFFF_FFFF) < number(every, upTo: 0xFFFF_FFFF) else {
      throw Complaint("--packet must be below --every", range(packet.value))
    }
  }

  private func checkOwner(_ index: Int) throws(Complaint) {
    let uses = uses(of: index)
    guard let groups = given(6, in: uses), let owner = given(1, in: uses), groups.argument < owner.argument else {
      return
    }
    throw Complaint("--suppl-groups must stand behind --gid-owner", range(groups.argument))
  }

  /// Elements of a strict policy each say something, and tunnel ends need the mode that has them.
  private func checkPolicy(_ index: Int, _ place: SourceRange) throws(Complaint) {
    var isStrict = false
    var isEmpty = true
    var isTunnel = false
    var ends: RuleDraft.Use?
    for use in uses(of: index) {
      let id = option(use).id
      switch id {
      case 2: isStrict = true
      case 6:
        isTunnel = value(use).equalsIgnoringCase("tunnel")
        isEmpty = false
      case 7, 8:
        ends = use
        isEmpty = false
      case 3, 4, 5: isEmpty = false
      case 9:
        if isEmpty { throw Complaint("a policy element says nothing", range(use.argument)) }
        if let ends, !isTunnel { throw Complaint("tunnel ends need --mode tunnel", range(ends.argument)) }
        (isEmpty, isTunnel, ends) = (true, false, nil)
      default: break
      }
    }
    guard isStrict else { return }
    if isEmpty { throw Complaint("a strict policy needs an element", place) }
    if let ends, !isTunnel { throw Complaint("tunnel ends need --mode tunnel", range(ends.argument)) }
  }
}
