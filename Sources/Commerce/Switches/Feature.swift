public import Store
import Synchronization

/// What an operator can turn off while the house runs.
public enum Feature: String, Sendable, Codable, CaseIterable, ValueConvertible {
  /// New orders, of everybody and everything. What is placed can be paid, cancelled and sent.
  case checkout
  /// Orders of buyers who are not signed in.
  case guestCheckout = "guest_checkout"
  /// Shows that begin. Those on air go on.
  case shows
  /// New accounts.
  case signUp = "sign_up"
  /// New channels: sellers, hosts and creators.
  case channels
  /// What guests say in chats.
  case guestChat = "guest_chat"
  case reactions
  /// New auctions. One that runs is ended, and its winner buys.
  case auctions
  /// New giveaways. One that runs is drawn.
  case giveaways
  /// Comments that reserve.
  case claims
  /// New clips. Those that are there stay.
  case clips
  /// Frames in other sites' pages.
  case embed
  /// Pushing shows on to other servers.
  case simulcast
  /// Reminders in browsers. What waits is sent when it is on again, where it is of use then.
  case push
  /// Payouts that are made and sent by themselves. The operator's own are not kept.
  case payouts

  /// Its place in a word of bits.
  fileprivate var bit: UInt64 { 1 << UInt64(Self.allCases.firstIndex(of: self) ?? 0) }
}

/// How a feature stands, for operators.
public struct FeatureSwitch: Sendable, Equatable {
  public let feature: Feature
  public let isOn: Bool
  /// What people are told who would use it; empty for the house's own sentence.
  public let notice: String
  public let reason: String
  /// Who flipped it last, and when; nil where nobody ever did.
  public let account: ID<Account>?
  public let changed: Moment?

  static func untouched(_ feature: Feature) -> FeatureSwitch {
    FeatureSwitch(feature: feature, isOn: true, notice: "", reason: "", account: nil, changed: nil)
  }
}

/// One flip of a switch.
public struct SwitchEvent: Sendable, Equatable {
  public let id: ID<SwitchEvent>
  public let feature: Feature
  public let isOn: Bool
  public let notice: String
  public let reason: String
  public let accountName: String
  public let at: Moment
}

/// What is off is refused, with the operator's own words where there are any.
public struct SwitchedOff: Refusal, Equatable {
  public let feature: Feature
  public let notice: String

  /// `checkout_off`; with words of the operator's `checkout_off_said`, so that they are shown as they are.
  public var code: String { "\(feature.rawValue)_off" + (notice.isEmpty ? "" : "_said") }

  public var sentence: String {
    notice.isEmpty ? "The operator has turned this off for now (\(feature.rawValue)). Try again later." : notice
  }

  public var kind: RefusalKind { .conflict }
}

/// What is off, as this process knows it: asked by every order, and so without a query, a lock that waits, or a hop.
public final class SwitchBoard: Sendable {
  private let off = Atomic<UInt64>(0)
  private let notices = Mutex<[Feature: String]>([:])

  public func isOn(_ feature: Feature) -> Bool { off.load(ordering: .relaxed) & feature.bit == 0 }

  public var isAllOn: Bool { off.load(ordering: .relaxed) == 0 }

  /// Empty for the house's own words.
  public func notice(_ feature: Feature) -> String { notices.withLock { $0[feature] ?? "" } }

  /// Throws `SwitchedOff`.
  public func require(_ feature: Feature) throws {
    guard !isOn(feature) else { return }
    throw SwitchedOff(feature: feature, notice: notice(feature))
  }

  /// Gives whether anything changed.
  func set(_ switches: [FeatureSwitch]) -> Bool {
    let isOff = switches.filter { !$0.isOn }
    // Their words first: who finds it off may ask for them at once.
    let words = Dictionary(isOff.map { ($0.feature, $0.notice) }) { $1 }
    let areOthers = notices.withLock { notices in
      defer { notices = words }
      return notices != words
    }
    let bits = isOff.reduce(0 as UInt64) { $0 | $1.feature.bit }
    return off.exchange(bits, ordering: .relaxed) != bits || areOthers
  }
}
