import Evaluation
import Glibc
import PacketSets

/// A firewall with three interfaces in a network namespace, and the wires behind them in another.
///
/// The firewall's interfaces are `eth0`, `eth1` and `wan0`. Which packets it takes for itself and by which interface
/// the others leave is set with `route`, whatever their destinations are. Everything ends with the object.
public final class FirewallWorld {
  /// Names of the firewall's interfaces.
  public static let interfaces = ["eth0", "eth1", "wan0"]
  /// Protocols whose packets can be observed when the firewall's host takes them.
  public static let protocols: [UInt8] = [6, 17, 132, 136, 33, 47, 50, 89, 253]
  /// The firewall's own addresses, by interface.
  public static func address(_ family: IPFamily, interface: Int) -> IPAddress {
    family == .v4
      ? IPAddress(v4: 0xC612_0001 + UInt32(interface) << 8)
      : IPAddress(.v6, 0x2001_0002_0000 << 80 | UInt128(interface) << 64 | 1)
  }

  /// Where packets go.
  public enum Route: Hashable, Sendable {
    /// Whatever comes in is for the firewall's host.
    case toHost
    /// Whatever comes in leaves by an interface.
    case through(interface: Int)
    /// Whatever the host sends leaves by an interface, and every address is the host's.
    case fromHost(interface: Int)

    /// Whether every address is local: packets come from and go to addresses of the host.
    var isAllLocal: Bool {
      switch self {
      case .toHost, .fromHost: true
      case .through: false
      }
    }
  }

  let firewall: NetworkNamespace
  let wires: NetworkNamespace
  private var senders: [RawSocket] = []
  private var arrivals: [RawSocket] = []
  private var local: [IPFamily: [(number: UInt8, socket: RawSocket)]] = [:]
  private var datagrams: [IPFamily: RawSocket] = [:]
  private var tracking: RawSocket
  private var wireNames: [Int32: String] = [:]
  private var routes: [IPFamily: Route] = [:]
  private var nextIdentity: UInt32 = 1
  /// What has to be removed before the next rule set is loaded.
  var hasTables = false
  var hasIPSets = false
  var legacyTables: [IPFamily: Set<String>] = [:]

  /// Why a world cannot be built on this machine; nil when it can.
  public static var obstacle: String? {
    guard geteuid() == 0 else { return "not root" }
    let tools = [
      "ip", "nft", "ipset", "iptables-legacy-restore", "ip6tables-legacy-restore", "iptables-nft-restore",
      "ip6tables-nft-restore",
    ]
    if let missing = tools.first(where: { Subprocess.path(of: $0) == nil }) { return "\(missing) is not installed" }
    do {
      let world = try FirewallWorld()
      let outcome = try world.run(["nft", "add table inet probe"])
      return outcome.status == 0 ? nil : "no nf_tables: \(outcome.errors.prefix { $0 != "\n" })"
    } catch {
      return "\(error)"
    }
  }

  /// Builds the world.
  public init() throws {
    firewall = try NetworkNamespace()
    wires = try NetworkNamespace()
    tracking = try firewall.inside { try RawSocket(domain: AF_NETLINK, type: SOCK_RAW, protocolNumber: 12) }
    try setUpSysctls()
    try setUpLinks()
    for name in Self.interfaces.indices.map({ "far\($0)" }) {
      senders.append(try wires.inside { try RawSocket.frames(through: name) })
    }
    for (index, name) in Self.interfaces.enumerated() {
      let wire = try wires.inside { if_nametoindex("far\(index)") }
      wireNames[Int32(bitPattern: wire)] = name
    }
    for family in IPFamily.allCases {
      arrivals.append(try wires.inside { try RawSocket.arrivals(family) })
      datagrams[family] = try firewall.inside { try RawSocket.datagrams(family) }
      let icmp = family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6
      local[family] = try (Self.protocols + [icmp]).map { number in
        (number, try firewall.inside { try RawSocket.local(family, protocolNumber: number) })
      }
      try route(family, .through(interface: 1))
    }
  }

  private func setUpSysctls() throws {
    let settings = [
      ("ipv4/conf/all/rp_filter", "0"), ("ipv4/conf/default/rp_filter", "0"), ("ipv4/conf/all/accept_local", "1"),
      ("ipv4/conf/default/accept_local", "1"), ("ipv4/conf/all/send_redirects", "0"),
      ("ipv4/conf/default/send_redirects", "0"), ("ipv4/conf/all/forwarding", "1"),
      ("ipv4/icmp_echo_ignore_all", "1"), ("ipv4/icmp_ratelimit", "1000"), ("ipv6/conf/all/forwarding", "1"),
      ("ipv6/conf/default/forwarding", "1"), ("ipv6/conf/default/accept_dad", "0"),
      ("ipv6/conf/default/addr_gen_mode", "1"), ("ipv6/conf/default/accept_ra", "0"),
      ("ipv6/icmp/echo_ignore_all", "1"),
      // Linux checks UDP-Lite with UDP's number in the pseudo header and finds every right checksum wrong.
      ("netfilter/nf_conntrack_checksum", "0"),
    ]
    for (name, value) in settings {
      try firewall.setSysctl(name, value)
    }
    try wires.setSysctl("ipv6/conf/default/disable_ipv6", "1")
    try wires.setSysctl("ipv6/conf/all/disable_ipv6", "1")
    try wires.setSysctl("ipv4/conf/all/arp_ignore", "8")
  }

  private func setUpLinks() throws {
    var inside = "link set lo up\n"
    var outside = ""
    var v6 = ""
    for (index, name) in Self.interfaces.enumerated() {
      let wire = "far\(index)"
      inside += "link add \(name) address 02:00:00:00:01:0\(index) type veth "
      inside += "peer name \(wire) address 02:00:00:00:02:0\(index) netns \(wires.path)\n"
      inside += "link set \(name) arp off up\n"
      inside += "addr add \(Self.address(.v4, interface: index))/24 dev \(name)\n"
      v6 += "addr add \(Self.address(.v6, interface: index))/64 dev \(name) nodad\n"
      outside += "link set \(wire) arp off up\n"
    }
    // What the host sends must not be caught by the routes of what comes in.
    let rules = """
      rule add pref 10 iif lo lookup 110
      rule add pref 1000 lookup local
      rule add pref 2000 lookup 120
      rule del pref 0

      """
    try ip(firewall, inside + rules)
    try ip(firewall, v6 + rules, family: .v6)
    try ip(wires, outside)
  }

  private func ip(_ namespace: NetworkNamespace, _ batch: String, family: IPFamily = .v4) throws {
    let outcome = try namespace.inside {
      try Subprocess.run(["ip", family == .v4 ? "-4" : "-6", "-batch", "-"], input: batch)
    }
    guard outcome.status == 0 else { throw KernelFailure("ip: \(outcome.errors)") }
  }

  /// Sets where packets of a family go.
  public func route(_ family: IPFamily, _ route: Route) throws {
    let old = routes[family]
    guard old != route else { return }
    var batch = ""
    let all = family == .v4 ? "0.0.0.0/0" : "::/0"
    if old?.isAllLocal ?? false != route.isAllLocal {
      batch += "route \(route.isAllLocal ? "add" : "del") local \(all) dev lo table local\n"
    }
    switch route {
    case .toHost: break
    case .through(let interface):
      batch += "route replace \(all) dev \(Self.interfaces[interface]) table 120\n"
      // Resets and other answers of the host go somewhere as well.
      batch += "route replace \(all) dev \(Self.interfaces[interface]) table 110\n"
    case .fromHost(let interface):
      batch += "route replace \(all) dev \(Self.interfaces[interface]) table 110\n"
    }
    try ip(firewall, batch, family: family)
    routes[family] = route
  }

  /// Runs one of the kernel's tools in the firewall.
  public func run(_ arguments: [String], input: String = "") throws -> Subprocess.Outcome {
    try firewall.inside {
      try Subprocess.run(
        arguments, input: input, environment: ["XTABLES_LOCKFILE=/tmp/conformance.\(getpid()).lock"])
    }
  }

  /// Forgets all connections.
  public func forgetConnections() throws {
    // nlmsghdr: length, type (ctnetlink, delete), flags (request, acknowledge), sequence, port; then nfgenmsg.
    let message =
      UInt32(20).nativeBytes + UInt16(1 << 8 | 2).nativeBytes + UInt16(1 | 4).nativeBytes
      + UInt32(0).nativeBytes + UInt32(0).nativeBytes + [0, 0, 0, 0]
    guard tracking.send(message) else { throw KernelFailure.systemCall("send to ctnetlink") }
    var waiting = pollfd(fd: tracking.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&waiting, 1, 1000)
    while tracking.receive() != nil {}
  }

  /// Whether tracking knows any connection.
  func hasConnections() throws -> Bool {
    // As above: ctnetlink, get; request and dump.
    let message =
      UInt32(20).nativeBytes + UInt16(1 << 8 | 1).nativeBytes + UInt16(0x301).nativeBytes
      + UInt32(0).nativeBytes + UInt32(0).nativeBytes + [0, 0, 0, 0]
    guard tracking.send(message) else { throw KernelFailure.systemCall("send to ctnetlink") }
    var isThere = false
    while true {
      var waiting = pollfd(fd: tracking.descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 1000) > 0 else { throw KernelFailure("ctnetlink does not answer") }
      while let arrival = tracking.receive() {
        var rest = arrival.bytes[...]
        // One nlmsghdr after the other: length, type (3 ends a listing, 2 is an error).
        while rest.count >= 16 {
          let start = rest.startIndex
          let length = rest[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
          let type = Int(rest[start + 4]) | Int(rest[start + 5]) << 8
          if type == 3 || type == 2 { return isThere }
          isThere = true
          rest = rest.dropFirst(max(16, (length + 3) & ~3))
        }
      }
    }
  }

  /// A number for a packet that no other packet of this world has.
  public func newIdentity() -> UInt32 {
    defer { nextIdentity += 1 }
    return nextIdentity
  }

  /// Sends a packet: from the wire behind its incoming interface, or from the host on its way out.
  public func send(_ packet: WirePacket) {
    let bytes = packet.bytes
    if packet.packet.path == .output {
      datagrams[packet.packet.family]?.send(
        datagram: bytes, to: packet.packet.destination, mark: packet.packet.mark)
      return
    }
    let interface = Self.interfaces.firstIndex(of: packet.packet.inputInterface ?? "") ?? 0
    let frame =
      [2, 0, 0, 0, 1, UInt8(interface), 2, 0, 0, 0, 2, UInt8(interface)]
      + (packet.packet.family == .v4 ? [0x08, 0x00] : [0x86, 0xDD]) + bytes
    senders[interface].send(frame)
  }

  /// Takes the packets that came out since the last call.
  public func observed(_ family: IPFamily) -> [ObservedPacket] {
    var found: [ObservedPacket] = []
    for socket in arrivals {
      while let arrival = socket.receive() {
        // sockaddr_ll: the interface is in bytes 4 to 7, the packet type in byte 10 (4: our own sending).
        guard arrival.sender.count >= 11, arrival.sender[10] != 4,
          var packet = ObservedPacket(datagram: arrival.bytes)
        else { continue }
        let index = arrival.sender[4..<8].reversed().reduce(Int32(0)) { $0 << 8 | Int32($1) }
        packet.outputInterface = wireNames[index]
        found.append(packet)
      }
    }
    for (number, socket) in local[family] ?? [] {
      while let arrival = socket.receive() {
        if family == .v4 {
          if let packet = ObservedPacket(datagram: arrival.bytes) { found.append(packet) }
        } else if let destination = arrival.destination, arrival.sender.count >= 24 {
          let packet = ObservedPacket(
            protocolNumber: number, source: IPAddress(.v6, ObservedPacket.wide(arrival.sender[8..<24])),
            destination: IPAddress(.v6, destination), transport: arrival.bytes)
          if let packet { found.append(packet) }
        }
      }
    }
    return found
  }
}
