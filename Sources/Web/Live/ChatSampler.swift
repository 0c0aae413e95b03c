import NIOCore

/// What of a chat that is too fast to read goes to whom (docs/decisions/0043): below the rate everything to everybody; above it
/// each group of viewers gets as much as can be read, another part than the next group, and every message is shown to as
/// many groups as every other.
///
/// Pure: who calls it says what time it is, in milliseconds of a clock that only goes forward.
struct ChatSampler {
  /// Viewers are split into so many groups; the members of the channel are in none, and get everything.
  static let groups = 16
  /// What is too much waits so long to be told from.
  static let windowMilliseconds: Int64 = 500

  struct Message: Equatable {
    let id: String
    /// In the timeline's order.
    let sequence: Int64
    let text: String
    /// The group of whoever said it, if they are in one: they see it whatever else is left out.
    let speaker: Int?
  }

  /// What each group gets, and the members of the channel.
  struct Share: Equatable {
    let groups: [[Message]]
    let everything: [Message]
  }

  /// Messages a second that a viewer is shown; 0 shows all.
  private let perSecond: Int64
  private let seed: UInt64
  /// Thousandths of a message that may be shown yet: a second's worth at most.
  private var budget: Int64
  private var refilledAt: Int64?
  private var window: UInt64 = 0
  private(set) var held: [Message] = []

  init(perSecond: Int64, seed: UInt64) {
    self.perSecond = perSecond
    self.seed = seed
    budget = perSecond * 1000
  }

  /// Whether all of these can be told at once. If not they wait for `flush`, which is due after a window.
  mutating func admits(_ messages: [Message], at now: Int64) -> Bool {
    guard perSecond > 0, !messages.isEmpty else { return true }
    refill(at: now)
    let cost = Int64(messages.count) * 1000
    guard held.isEmpty, cost <= budget else {
      held += messages
      return false
    }
    budget -= cost
    return true
  }

  /// Somebody took it away before it was told.
  mutating func remove(_ id: String) { held.removeAll { $0.id == id } }

  /// Who gets what of all that waits. Nothing, which goes on waiting, where not even one may be shown yet.
  mutating func flush(at now: Int64) -> Share {
    refill(at: now)
    let room = Int(clamping: budget / 1000)
    guard room > 0 else { return Share(groups: Array(repeating: [], count: Self.groups), everything: []) }
    let messages = held
    held = []
    window &+= 1
    budget -= Int64(min(room, messages.count)) * 1000
    guard messages.count > room else {
      return Share(groups: Array(repeating: messages, count: Self.groups), everything: messages)
    }
    // One order for all groups, each of which takes the next places in it: no message gets more places than another, but
    // for one where they do not come out even.
    var random = SplitMix(state: seed ^ (window &* 0x9E37_79B9_7F4A_7C15))
    let order = messages.indices.shuffled(using: &random)
    let first = Int.random(in: 0..<order.count, using: &random)
    let groups = (0..<Self.groups).map { group in
      var chosen = Set((0..<room).map { order[(first + group * room + $0) % order.count] })
      for index in messages.indices where messages[index].speaker == group { chosen.insert(index) }
      return chosen.sorted().map { messages[$0] }
    }
    return Share(groups: groups, everything: messages)
  }

  private mutating func refill(at now: Int64) {
    defer { refilledAt = now }
    guard let refilledAt, now > refilledAt else { return }
    // Of longer than a second it is full, and no product overflows.
    budget = min(perSecond * 1000, budget + min(1000, now - refilledAt) * perSecond)
  }

  /// The group of a viewer, the same whenever they come back.
  static func group(of viewer: String) -> Int {
    // FNV-1a: the standard library's hashes are others in every process.
    let hash = viewer.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Int((hash ^ (hash >> 32)) % UInt64(groups))
  }
}

/// Numbers that look random and are the same again for the same seed (Steele, Lea and Flood, 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension ChatSampler {
  /// Of a clock that is not set, and goes on in tests.
  static var clockMilliseconds: Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
  private static let start = ContinuousClock.now
}
