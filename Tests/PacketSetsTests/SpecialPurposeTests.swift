import PacketSets
import Testing

@Suite("Special-purpose addresses")
struct SpecialPurposeTests {
  @Test(
    "are told apart from the Internet's",
    arguments: [
      ("8.8.8.8", true), ("1.0.0.0", true), ("0.255.255.255", false), ("9.255.255.255", true), ("10.0.0.0", false),
      ("10.255.255.255", false), ("11.0.0.0", true), ("100.63.255.255", true), ("100.64.0.0", false),
      ("100.127.255.255", false), ("100.128.0.0", true), ("127.0.0.1", false), ("169.254.169.254", false),
      ("172.15.255.255", true), ("172.16.0.0", false), ("172.31.255.255", false), ("172.32.0.0", true),
      ("192.0.0.8", false), ("192.0.0.9", true), ("192.0.0.10", true), ("192.0.0.11", false), ("192.0.1.0", true),
      ("192.0.2.1", false), ("192.88.99.1", false), ("192.168.1.1", false), ("198.17.255.255", true),
      ("198.18.0.0", false), ("198.19.255.255", false), ("198.20.0.0", true), ("198.51.100.1", false),
      ("203.0.113.1", false), ("223.255.255.255", true), ("224.0.0.1", false), ("239.255.255.255", false),
      ("240.0.0.0", false), ("255.255.255.255", false),
      ("2a00::1", true), ("2000::", true), ("3ffe::1", true), ("3fff::1", false), ("3fff:fff::1", false),
      ("3fff:1000::1", true), ("4000::", false), ("::1", false), ("::ffff:8.8.8.8", false), ("fc00::1", false),
      ("fd00::1", false), ("fe80::1", false), ("ff02::1", false), ("2001:db8::1", false), ("2001::1", false),
      ("2001:1::1", true), ("2001:1::2", true), ("2001:1::4", false), ("2001:2::1", false), ("2001:3::1", true),
      ("2001:20::1", true), ("2001:40::1", false), ("2001:200::1", true), ("2002::1", false), ("2003::1", true),
    ])
  func reachability(text: String, isReachable: Bool) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressSet.globallyReachableUnicast.contains(address) == isReachable)
    #expect(AddressSet(address).isInternetReachable == isReachable)
  }

  @Test("the public part of a set is what is left without private and special addresses")
  func publicPart() throws {
    let set = AddressSet(["10.0.0.0/7", "fd00::/8"].compactMap { IPPrefix($0) })
    #expect(set.publicPart.description == "11.0.0.0/8")
    #expect(AddressSet.privateUse.intersection(.globallyReachableUnicast).isEmpty)
    #expect(!AddressSet().isInternetReachable)
  }
}
