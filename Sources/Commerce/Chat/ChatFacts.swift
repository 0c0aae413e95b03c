import Store

/// What all that is said in a show at the same moment goes by. A commit that many messages share reads it once.
struct ChatFacts: Sendable {
  struct Word: Sendable {
    let word: String
    let folded: String
    let action: ChatWord.Action
  }

  let show: Show
  /// Whether everybody may see the show's channel.
  let isApproved: Bool
  let mode: ChatMode
  let words: [Word]
  let claimWords: [ClaimWord]
  /// The one that is not drawn yet.
  let giveaway: Giveaway?
  /// Whether anybody was muted or banned in the channel and may still be.
  let hasRestrictions: Bool
  /// Whether something that was said, in whatever show, waits for a moderator.
  let hasHeld: Bool

  private struct Key: Hashable, Sendable { let show: ID<Show> }

  private static let tables: Set<String> = [
    "show", "channel", "chat_mode", "chat_word", "claim_word", "giveaway", "chat_restriction", "chat_held",
  ]

  /// Throws `GeneralRefusal.notFound` for a show that is not there.
  static func of(_ id: ID<Show>, at now: Moment, in db: any Connection) throws -> ChatFacts {
    try db.remember(Key(show: id), of: tables) { try read(id, at: now, in: db) }
  }

  private static func read(_ id: ID<Show>, at now: Moment, in db: any Connection) throws -> ChatFacts {
    let show = try Show.require(id, in: db)
    let there = try db.requireRow(
      """
      SELECT EXISTS (SELECT 1 FROM chat_restriction WHERE channel_id = \(show.channel) AND lifted_ms IS NULL
          AND (until_ms IS NULL OR until_ms > \(now))) AS restrictions,
        EXISTS (SELECT 1 FROM chat_held) AS held
      """)
    return ChatFacts(
      show: show, isApproved: try Channel.find(show.channel, in: db)?.state == .approved,
      mode: try ChatMode.find(id, in: db),
      words: try db.rows("SELECT word, folded, action FROM chat_word WHERE channel_id = \(show.channel)").map {
        Word(word: try $0.get("word"), folded: try $0.get("folded"), action: try $0.get("action"))
      },
      claimWords: show.state == .live ? try ClaimWord.open(in: id, db) : [],
      giveaway: try db.row("SELECT \(Giveaway.columns) FROM giveaway WHERE show_id = \(id) AND state <> 'drawn'")
        .map(Giveaway.init),
      hasRestrictions: try there.get("restrictions"), hasHeld: try there.get("held"))
  }

  /// Throws for a word of the channel's that is hidden; gives one that is held.
  func heldWord(in text: String) throws -> String? {
    guard !words.isEmpty else { return nil }
    let readings = ChatText.readings(of: text)
    var held: String?
    for word in words where readings.contains(where: { ChatText.has(word.folded, in: $0) }) {
      guard word.action == .hold else { throw ChatRefusal.word }
      held = word.word
    }
    return held
  }
}
