import Glibc
import PacketSets

/// Sockets below the transport layer, and the few calls on them that the suite needs.
final class RawSocket {
  /// What arrived: the bytes, and what the socket says of them.
  struct Arrival {
    var bytes: [UInt8]
    /// Sender's address as the kernel wrote it: sockaddr_ll, sockaddr_in6, ...
    var sender: [UInt8]
    /// Destination address by IPV6_PKTINFO.
    var destination: UInt128?
  }

  let descriptor: Int32

  /// Opens a socket in the namespace of the calling thread.
  init(domain: Int32, type: __socket_type, protocolNumber: Int32) throws {
    descriptor = socket(domain, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), protocolNumber)
    guard descriptor >= 0 else { throw KernelFailure.systemCall("socket") }
    var size: Int32 = 16 << 20
    setsockopt(descriptor, SOL_SOCKET, 33 /* SO_RCVBUFFORCE */, &size, 4)
  }

  deinit { close(descriptor) }

  /// A packet socket that sends frames through an interface and receives nothing.
  static func frames(through interface: String) throws -> RawSocket {
    let socket = try RawSocket(domain: AF_PACKET, type: SOCK_RAW, protocolNumber: 0)
    let index = Int32(bitPattern: if_nametoindex(interface))
    guard index > 0 else { throw KernelFailure.systemCall("if_nametoindex \(interface)") }
    // sockaddr_ll: family, protocol (network order), index, then what only receivers look at.
    var address = UInt16(AF_PACKET).nativeBytes + [0, 0] + index.nativeBytes + [UInt8](repeating: 0, count: 12)
    let result = address.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { bind(socket.descriptor, $0.baseAddress, 20) }
    }
    guard result == 0 else { throw KernelFailure.systemCall("bind to \(interface)") }
    return socket
  }

  /// A packet socket that receives the datagrams of a family arriving at any interface.
  static func arrivals(_ family: IPFamily) throws -> RawSocket {
    let etherType: UInt16 = family == .v4 ? 0x0800 : 0x86DD
    return try RawSocket(domain: AF_PACKET, type: SOCK_DGRAM, protocolNumber: Int32(etherType.bigEndian))
  }

  /// A raw socket that sees what the host takes of a protocol.
  static func local(_ family: IPFamily, protocolNumber: UInt8) throws -> RawSocket {
    let domain = family == .v4 ? AF_INET : AF_INET6
    let socket = try RawSocket(domain: domain, type: SOCK_RAW, protocolNumber: Int32(protocolNumber))
    if family == .v6 {
      var on: Int32 = 1
      setsockopt(socket.descriptor, 41, 49 /* IPV6_RECVPKTINFO */, &on, 4)
    }
    return socket
  }

  /// A raw socket that sends datagrams with their own IP header.
  static func datagrams(_ family: IPFamily) throws -> RawSocket {
    let domain = family == .v4 ? AF_INET : AF_INET6
    let socket = try RawSocket(domain: domain, type: SOCK_RAW, protocolNumber: 255)
    var on: Int32 = 1
    let option: (Int32, Int32) = family == .v4 ? (0, 3 /* IP_HDRINCL */) : (41, 36 /* IPV6_HDRINCL */)
    guard setsockopt(socket.descriptor, option.0, option.1, &on, 4) == 0 else {
      throw KernelFailure.systemCall("setsockopt of a header of one's own")
    }
    return socket
  }

  /// Sends a frame or message.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) } == bytes.count
  }

  /// Sends a datagram with its own header; the kernel may refuse, which counts as not sent.
  @discardableResult
  func send(datagram bytes: [UInt8], to destination: IPAddress, mark: UInt32) -> Bool {
    var mark = mark
    setsockopt(descriptor, SOL_SOCKET, 36 /* SO_MARK */, &mark, 4)
    var address: [UInt8]
    if destination.family == .v4 {
      address = UInt16(AF_INET).nativeBytes + [0, 0] + UInt32(truncatingIfNeeded: destination.bits).networkBytes
      address += [UInt8](repeating: 0, count: 8)
    } else {
      address = UInt16(AF_INET6).nativeBytes + [UInt8](repeating: 0, count: 6) + destination.bits.networkBytes
      address += [UInt8](repeating: 0, count: 4)
    }
    let length = socklen_t(address.count)
    let count = bytes.withUnsafeBytes { data in
      address.withUnsafeMutableBytes { target in
        target.withMemoryRebound(to: sockaddr.self) {
          sendto(descriptor, data.baseAddress, data.count, 0, $0.baseAddress, length)
        }
      }
    }
    return count == bytes.count
  }

  /// Takes what has arrived, without waiting; nil when there is nothing.
  func receive() -> Arrival? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var sender = [UInt8](repeating: 0, count: 32)
    var control = [UInt8](repeating: 0, count: 128)
    var counts = (bytes: 0, sender: 0, control: 0)
    buffer.withUnsafeMutableBytes { data in
      sender.withUnsafeMutableBytes { name in
        control.withUnsafeMutableBytes { ancillary in
          var vector = iovec(iov_base: data.baseAddress, iov_len: data.count)
          withUnsafeMutablePointer(to: &vector) { vector in
            var message = msghdr()
            message.msg_name = name.baseAddress
            message.msg_namelen = socklen_t(name.count)
            message.msg_iov = vector
            message.msg_iovlen = 1
            message.msg_control = ancillary.baseAddress
            message.msg_controllen = ancillary.count
            counts.bytes = recvmsg(descriptor, &message, Int32(MSG_DONTWAIT))
            counts.sender = Int(message.msg_namelen)
            counts.control = Int(message.msg_controllen)
          }
        }
      }
    }
    guard counts.bytes >= 0 else { return nil }
    var arrival = Arrival(
      bytes: Array(buffer[0..<min(counts.bytes, buffer.count)]), sender: Array(sender[0..<min(counts.sender, 32)]))
    // One cmsghdr (length 8, level 4, type 4) and in6_pktinfo: the only thing that is ever asked for.
    if counts.control >= 32, control[8] == 41, control[12] == 50 {
      arrival.destination = ObservedPacket.wide(control[16..<32])
    }
    return arrival
  }
}

extension FixedWidthInteger {
  /// The bytes in the machine's order.
  var nativeBytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
