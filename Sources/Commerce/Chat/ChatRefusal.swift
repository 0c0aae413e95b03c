/// Why something was not said, or not done about what was said.
public enum ChatRefusal: Refusal, Equatable {
  case banned
  case muted(seconds: Int64)
  case slow(seconds: Int64)
  case followersOnly, buyersOnly
  case links
  /// It has a word that the channel hides.
  case word
  /// Too much of it waits for a moderator.
  case tooManyHeld
  /// Too many of their questions, or of everybody's, are not answered yet.
  case tooManyQuestions
  /// What it answers is not there, or was taken away.
  case replyGone
  /// Owners, hosts and moderators are neither muted nor banned.
  case staff
  /// Nothing is left by which the speaker is known.
  case unknownSpeaker
  /// A guest's browser says nothing of itself.
  case noReporter

  public var code: String {
    switch self {
    case .banned: "chat_banned"
    case .muted: "chat_muted"
    case .slow: "chat_slow"
    case .followersOnly: "chat_followers_only"
    case .buyersOnly: "chat_buyers_only"
    case .links: "chat_links"
    case .word: "chat_word"
    case .tooManyHeld: "chat_too_many_held"
    case .tooManyQuestions: "chat_too_many_questions"
    case .replyGone: "chat_reply_gone"
    case .staff: "chat_staff"
    case .unknownSpeaker: "chat_unknown_speaker"
    case .noReporter: "chat_no_reporter"
    }
  }

  public var sentence: String {
    switch self {
    case .banned: "This channel has banned you from its chats. You can go on watching and buying."
    case .muted(let seconds):
      seconds <= 90
        ? "You are muted in this channel's chats for another \(seconds) seconds."
        : "You are muted in this channel's chats for another \((seconds + 59) / 60) minutes."
    case .slow(let seconds): "The chat is in slow mode. Write again in \(seconds) seconds."
    case .followersOnly: "Only followers of the channel may write here. Sign in and follow it first."
    case .buyersOnly: "Only buyers of the channel may write here. Sign in with the account you bought with."
    case .links: "Links are not allowed in this chat. Take the link out and send it again."
    case .word: "This has a word that the channel does not want in its chat. Say it in other words."
    case .tooManyHeld: "Too many messages wait for a moderator. Wait until yours have been looked at."
    case .tooManyQuestions: "Your questions have not been answered yet. Wait until one is, or write without asking."
    case .replyGone: "What you answer was taken away. Send it as a message of its own."
    case .staff: "Owners, hosts and moderators are neither muted nor banned. Take their role away first."
    case .unknownSpeaker: "It is not known any more who said this."
    case .noReporter: "Sign in, or send a Haat-Visitor of 32 characters or more, to report a message."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .banned, .muted, .followersOnly, .buyersOnly: .forbidden
    case .slow, .tooManyHeld, .tooManyQuestions: .limited
    case .links, .word, .noReporter: .invalid
    case .staff, .unknownSpeaker, .replyGone: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .links, .word: "text"
    case .replyGone: "replyTo"
    default: nil
    }
  }

  /// How long until it is worth another try; nil where that is not known.
  public var waitSeconds: Int64? {
    if case .slow(let seconds) = self { seconds } else { nil }
  }
}
