public import Store

/// A viewer's word to the operator that a show or a clip ought not to be seen.
public struct Flag: Sendable, Equatable {
  /// What it is about.
  public enum Subject: Sendable, Hashable {
    case show(ID<Show>)
    case clip(ID<Clip>)

    var kind: String {
      switch self {
      case .show: "show"
      case .clip: "clip"
      }
    }

    var bytes: [UInt8] {
      switch self {
      case .show(let id): id.bytes
      case .clip(let id): id.bytes
      }
    }
  }

  public enum Reason: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case scam, counterfeit, dangerous, abuse, sexual, privacy, other
  }

  public let reason: Reason
  public let note: String
  public let at: Moment
}

/// A show or a clip that was flagged and that no operator has looked at since.
public struct FlaggedFilm: Sendable, Equatable {
  public let subject: Flag.Subject
  public let title: String
  public let channelName: String
  public let channelHandle: String
  /// How many said so.
  public let count: Int64
  public let last: Moment
  /// How often each reason was given, the most often first.
  public let reasons: [(reason: Flag.Reason, count: Int)]
  /// What was said besides, the newest first; at most five.
  public let notes: [String]

  public static func == (left: FlaggedFilm, right: FlaggedFilm) -> Bool {
    left.subject == right.subject && left.count == right.count && left.last == right.last && left.notes == right.notes
      && left.reasons.map(\.reason) == right.reasons.map(\.reason)
  }
}

/// Why a flag was not taken.
public enum FlagRefusal: Refusal, Equatable {
  case noReporter

  public var code: String { "flag_no_reporter" }
  public var sentence: String { "It has to be known that nobody reports twice: sign in, or send “Haat-Visitor”." }
  public var kind: RefusalKind { .invalid }
}
