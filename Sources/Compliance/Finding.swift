import Evaluation
import PacketSets
import RuleGraph
import SourceText

/// A place in a file as reports print it: lines and columns from 1, the end exclusive.
public struct Location: Sendable, Hashable {
  public var path: String
  public var line: Int
  public var column: Int
  public var endLine: Int
  public var endColumn: Int

  /// Makes a location.
  public init(path: String, line: Int, column: Int, endLine: Int, endColumn: Int) {
    self.path = path
    self.line = line
    self.column = column
    self.endLine = endLine
    self.endColumn = endColumn
  }
}

/// Another place that explains a finding.
public struct RelatedLocation: Sendable, Hashable {
  public var location: Location
  /// What is to be seen there, as a sentence in lower case.
  public var message: String

  /// Makes a related place.
  public init(location: Location, message: String) {
    self.location = location
    self.message = message
  }
}

/// A box of packets as reports print it: addresses as comma-separated prefixes, ports as ranges.
public struct Region: Sendable, Hashable {
  /// Source addresses, such as `10.0.0.0/8, 2001:db8::/32`, or `any`.
  public var source: String
  /// Destination addresses.
  public var destination: String
  /// Protocol name or number, or `any`.
  public var protocolName: String
  /// Destination ports such as `25, 465, 8000-8100`, ICMP `type 8`, or `any`; empty for protocols without ports.
  public var ports: String
  /// The same box in a sentence, in fewer words: `tcp/25 from any public address to 10.0.0.5`.
  public var phrase: String

  /// Makes a region.
  public init(source: String, destination: String, protocolName: String, ports: String, phrase: String) {
    self.phrase = phrase
    self.source = source
    self.destination = destination
    self.protocolName = protocolName
    self.ports = ports
  }
}

/// Something that a check found: plain data, ready for any report.
public struct Finding: Sendable, Hashable {
  /// Code such as `FW101`; its name and documentation are in `CheckRegistry`.
  public var code: String
  public var severity: Severity
  /// One sentence that states exactly what was computed.
  public var message: String
  /// Ids of the requirement rows concerned, such as `IN-15` and `OUT-27`; empty when none is.
  public var requirements: [String]
  /// Path of the firewall concerned; nil for findings on the site file or a single file.
  public var firewall: String?
  /// The smallest range of text to look at; nil when there is no line for it.
  public var location: Location?
  public var related: [RelatedLocation]
  /// A packet that shows it: given to `trace`, it gets the verdict that the finding claims.
  public var packet: Packet?
  /// What is missing or open, in few boxes.
  public var region: [Region]
  /// How to mend it, in the language of the file; may have several lines.
  public var remediation: String
  /// Stable across edits elsewhere: holds no line numbers, message texts or absolute paths.
  public var fingerprint: String
  /// The change of the files that does away with it, where there is one.
  public var fix: Fix?
  /// Whether nothing can suppress it: what was not understood, and what must never face the Internet.
  public var isMandatory = false

  /// Makes a finding.
  public init(
    code: String, severity: Severity, message: String, requirements: [String] = [], firewall: String? = nil,
    location: Location? = nil, related: [RelatedLocation] = [], packet: Packet? = nil, region: [Region] = [],
    remediation: String = "", fingerprint: String = "", fix: Fix? = nil
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.requirements = requirements
    self.firewall = firewall
    self.location = location
    self.related = related
    self.packet = packet
    self.region = region
    self.remediation = remediation
    self.fingerprint = fingerprint
    self.fix = fix
  }
}
