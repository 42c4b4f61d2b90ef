import Evaluation
import PacketSets

/// A change of the files that does away with a finding; what it does to packets is proved before it is made.
public struct Fix: Sendable, Hashable {
  /// What a change may do to packets.
  public enum Effect: String, Sendable, Hashable {
    /// Every packet meets the same fate as before.
    case keeps
    /// Less gets through, nothing that is required or declared is lost.
    case narrows
    /// What was asked for gets through, and nothing that got through is lost.
    case opens
  }

  /// A flow that a fix is to let through, in the packets' own addresses.
  public struct Flow: Sendable, Hashable {
    public var family: IPFamily
    public var path: Packet.Path
    public var box: PacketBox
    /// Whether it is the answers of tracked connections.
    public var isReply: Bool

    /// Makes a flow.
    public init(family: IPFamily, path: Packet.Path, box: PacketBox, isReply: Bool) {
      self.family = family
      self.path = path
      self.box = box
      self.isReply = isReply
    }
  }

  /// In a few words, such as `delete the rule`.
  public var summary: String
  public var effect: Effect
  /// Whether it may be made without being asked for by name: it opens nothing and hides no likely mistake.
  public var isSafe: Bool
  /// The edits, the preferred way first; the first way that can be proved is taken.
  public var ways: [[TextEdit]]
  /// What a fix that opens is to open.
  public var asked: [Flow]

  /// Makes a fix.
  public init(summary: String, effect: Effect, isSafe: Bool, ways: [[TextEdit]], asked: [Flow] = []) {
    self.summary = summary
    self.effect = effect
    self.isSafe = isSafe
    self.ways = ways
    self.asked = asked
  }

  /// The edits of the preferred way.
  public var edits: [TextEdit] { ways.first ?? [] }
}
