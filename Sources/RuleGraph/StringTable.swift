/// Distinct strings, by small integer ids in the order of their first use.
public struct StringTable: Sendable {
  private var ids: [String: UInt32] = [:]
  private var strings: [String] = []

  /// An empty table.
  public init() {}

  /// The id of a string, new or known.
  public mutating func intern(_ string: String) -> UInt32 {
    if let id = ids[string] { return id }
    let id = UInt32(strings.count)
    ids[string] = id
    strings.append(string)
    return id
  }

  /// The id of a known string.
  public func id(of string: String) -> UInt32? { ids[string] }

  /// The number of strings.
  public var count: Int { strings.count }

  /// All strings, by id.
  public var all: [String] { strings }

  /// The string of an id that this table gave out; ids it did not give out are the empty string.
  public subscript(id: UInt32) -> String { Int(id) < strings.count ? strings[Int(id)] : "" }
}
