/// The Internet protocol of a packet.
public enum IPFamily: UInt8, Sendable, Hashable, Comparable, CaseIterable, Codable {
  case v4 = 4
  case v6 = 6

  /// The number of bits of an address.
  @inlinable
  public var addressWidth: Int { self == .v4 ? 32 : 128 }

  /// The last address, which is also the mask of all bits.
  @inlinable
  public var lastAddress: UInt128 { self == .v4 ? UInt128(UInt32.max) : UInt128.max }

  public static func < (left: IPFamily, right: IPFamily) -> Bool { left.rawValue < right.rawValue }
}
