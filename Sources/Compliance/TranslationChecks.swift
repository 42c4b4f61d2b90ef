import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// FW105, and openings by way of addresses that the site file does not list: what a forward firewall's destination NAT
/// does to the units.
struct TranslationChecks {
  let assessment: FirewallAssessment
  let regions: PolicyRegions
  let map: SourceMap

  /// The codes of its findings.
  static let codes: Set<String> = ["FW105", "FW203", "FW204"]

  private var firewall: LoadedFirewall { assessment.firewall }

  func run() -> [Finding] {
    guard assessment.entry.position == .forward else { return [] }
    return assessment.families.flatMap { untranslated($0) + unlisted($0) }
  }

  // MARK: FW105

  /// Published addresses that this firewall is said to translate, and does not.
  private func untranslated(_ family: IPFamily) -> [Finding] {
    let paths = assessment.entry.paths.map(\.path)
    return assessment.units.flatMap { unit in
      unit.published.compactMap { published -> Finding? in
        guard published.address.family == family, let translator = published.translator, paths.contains(translator)
        else { return nil }
        let evaluator = assessment.evaluator(.incoming, .first, family)
        let calls = regions.permitted(.incoming, units: [unit]).map(\.box).filter { box in
          box.destinations?.contains(published.address) ?? true
        }
        let selections = calls.map { box in
          var box = box
          box.destinations = AddressSet(published.address)
          return evaluator.select(box)
        }.filter { !$0.isEmpty }
        guard let first = selections.first,
          selections.allSatisfy({ evaluator.translations(of: $0, into: unit.allAddresses).isEmpty })
        else { return nil }
        let location = map.location(assessment.site.source, published.range)
        let advice = advice(published, unit)
        return Finding(
          code: "FW105", severity: CheckRegistry.severity(of: "FW105"),
          message: "no rule of \(firewall.name) translates the published address \(published.address) to "
            + "\(unit.name)", firewall: firewall.name,
          location: published.range.end > published.range.start ? location : nil,
          packet: evaluator.witness(of: first),
          remediation: advice.text,
          fingerprint: Fingerprint.make(["FW105", Fingerprint.file(firewall.name), unit.name, "\(published.address)"]),
          fix: advice.fix)
      }
    }
  }

  /// Translation of what public peers need, as a rule of a chain that translates already.
  private func advice(_ published: PublishedAddress, _ unit: Unit) -> Remedy.Advice {
    let family = published.address.family
    var flows: [FamilyBox] = []
    for requirement in regions.requirements where requirement.direction == .incoming {
      guard requirement.applicability == .applies else { continue }
      for part in requirement.alternatives.joined().flatMap({ assessment.parts(of: $0, requirement) })
      where part.family == family && part.first.destinations?.contains(published.address) ?? false {
        flows.append((PacketBox(protocols: part.first.protocols, ports: part.first.ports), family))
      }
    }
    return Remedy(firewall: firewall).translate(
      published.address, to: unit.addresses(for: "").restricted(to: family), PacketBox.joined(flows))
  }

  // MARK: Addresses that the site file does not list

  /// What reaches a unit under an address that the site does not know: FW204 for what should never face the public,
  /// else FW203.
  private func unlisted(_ family: IPFamily) -> [Finding] {
    let own = assessment.unitAddresses.restricted(to: family)
    let mapsToUnits = firewall.graphs.contains { graph in
      graph.translations.contains { translation in
        guard translation.mapsDestination, translation.family ?? family == family, let new = translation.addresses
        else { return false }
        return own.intervals(family).contains { $0.overlaps(new) }
      }
    }
    guard mapsToUnits else { return [] }
    let evaluator = assessment.evaluator(for: PathQuestion(family: family, path: .forward, phase: .first))
    let listed = own.union(assessment.publishedHere)
    let strangers = AddressSet.possibleHosts.restricted(to: family)
    let everyone = evaluator.select(
      PacketBox(sources: strangers.subtracting(own), destinations: strangers.subtracting(listed)))
    let allowed = evaluator.surelyAllowed(everyone)
    let accepted = evaluator.translations(of: allowed, into: own).filter { $0.isAccepted }
    if accepted.isEmpty { return [] }
    let services = ServiceMap(regions, .incoming, regions.permitted(.incoming, units: assessment.units), evaluator)
    var findings: [Finding] = []
    for translated in accepted {
      var guarded = evaluator.intersection(translated.packets, services.guarded)
      if let port = translated.port {
        let inside = evaluator.select(PacketBox(ports: IntervalSet(port)))
        let meets = !evaluator.intersection(inside, services.guarded).isEmpty
        guarded = meets ? translated.packets : evaluator.difference(translated.packets, translated.packets)
      }
      let exposed = evaluator.intersection(guarded, services.publicSources)
      let code = exposed.isEmpty ? "FW203" : "FW204"
      let packets = exposed.isEmpty ? translated.packets : exposed
      for blame in evaluator.blameAccepts(packets) {
        findings.append(finding(code, blame, evaluator, family, translated))
      }
    }
    return evaluator.isExhausted ? [] : findings
  }

  private func finding(
    _ code: String, _ blame: Blame, _ evaluator: PathEvaluator, _ family: IPFamily, _ translated: TranslatedPackets
  ) -> Finding {
    let regions = evaluator.boxes(of: blame.packets, limit: 8).boxes.map { RegionText.region($0, family: family) }
    let words = DeciderText(firewall: firewall, map: map)
    let decision = words.describe(blame.decider, ruleCount: blame.ruleCount)
    let subject = blame.decider?.rule == nil ? "the policy" : "this rule"
    let port = translated.port.map { " at port \($0.lower)" } ?? ""
    return Finding(
      code: code, severity: CheckRegistry.severity(of: code),
      message: "\(subject) lets in what is translated to a unit\(port) from an address that the site file does not "
        + "list: " + regions.prefix(2).map(\.phrase).joined(separator: "; "),
      firewall: firewall.name, location: decision.location,
      related: words.jumpLocations(blame.decider, blame.jumps), packet: evaluator.witness(of: blame.packets),
      region: regions, remediation: "list the address under published: of the unit, or take the translation away",
      fingerprint: Fingerprint.make([code, Fingerprint.file(firewall.name), "translated", port, decision.key]))
  }
}
