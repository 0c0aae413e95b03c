import Crypto
import Foundation
import Store

extension Commerce {
  /// Opens a giveaway in a show that is on air. For the channel's owners and hosts. A unit of its variant is reserved for
  /// each winner; the hash of the seed of its draw is in the timeline from now on.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds; nil takes it by the wall clock.
  /// - Throws: `GiveawayRefusal`, `ShowRefusal.notLive`, `.ended`, `GeneralRefusal.invalid`, `.notFound`, `IDTaken`.
  public func openGiveaway(
    _ id: ID<Giveaway>, by caller: Caller, show showID: ID<Show>, _ draft: GiveawayDraft, mediaTime: Int64? = nil
  ) async throws -> Giveaway {
    let fingerprint = try MadeHash.of(draft, by: caller, for: showID.description)
    let draft = try draft.checked(policy)
    return try await writeAndTell { [policy] db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM giveaway WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "giveaway") }
        return try Giveaway.require(id, of: showID, in: db)
      }
      try switches.require(.giveaways)
      try policy.checkNew(id, at: occasion.at)
      try show.requireLive()
      let states = try db.rows("SELECT state FROM giveaway WHERE show_id = \(showID)").map {
        try $0.get("state", as: Giveaway.State.self)
      }
      guard states.allSatisfy({ $0 == .drawn }) else { throw GiveawayRefusal.underWay }
      guard states.count < policy.giveawaysPerShowMax else {
        throw GiveawayRefusal.tooMany(limit: policy.giveawaysPerShowMax)
      }
      if let variant = draft.variant { try hold(draft.winnersMax, of: variant, for: show, on: occasion, in: db) }
      let media = try mediaTime ?? Timeline.mediaTime(of: showID, at: occasion.at, in: db)
      try insert(
        draft, as: id, in: show, mediaTime: min(max(0, media), Timeline.mediaTimeMax), fingerprint, on: occasion, db)
      let giveaway = try Giveaway.require(id, in: db)
      try Timeline.append(
        show: showID, kind: .giveawayOpened, mediaTime: media, payload: giveaway.opening, on: occasion, in: db)
      return giveaway
    }
  }

  private func hold(
    _ count: Int64, of variant: ID<Variant>, for show: Show, on occasion: Occasion, in db: any Connection
  ) throws {
    let row = try db.row(
      """
      SELECT product.channel_id FROM variant JOIN product ON product.id = variant.product_id
      WHERE variant.id = \(variant) AND variant.retired_ms IS NULL
      """)
    guard try row?.get("channel_id", as: ID<Channel>.self) == show.channel else {
      throw GeneralRefusal.notFound("variant")
    }
    try Preorder.requireNone(of: [variant], in: db)
    let units = Stock.Units(variant: variant, count: count)
    let noted = Occasion(at: occasion.at, entropy: entropy, by: occasion.by, note: Giveaway.stockNote)
    guard try Stock.reserve([units], on: noted, in: db) == .held else {
      let available = try Stock.levels(of: [variant], in: db)[variant]?.available ?? 0
      throw GiveawayRefusal.tooFewUnits(available: available)
    }
  }

  private func insert(
    _ draft: GiveawayDraft, as id: ID<Giveaway>, in show: Show, mediaTime: Int64, _ fingerprint: [UInt8],
    on occasion: Occasion, _ db: any Connection
  ) throws {
    let seed = entropy.bytes(32)
    // By the clock that entrants are held to; the timeline's can be a moment ahead of it.
    let opened = clock.now
    try db.run(
      """
      INSERT INTO giveaway (id, show_id, prize, variant_id, winners_max, entry, keyword, watch_seconds, state,
        opened_ms, ends_ms, open_media_ms, seed, commitment, salt_key, entrants, root, closed_ms, draw_due_ms, word,
        drawn_ms, units_held, account_id, made_hash, created_ms)
      VALUES (\(id), \(show.id), \(draft.prize), \(draft.variant.sqlValue), \(draft.winnersMax), \(draft.entry),
        \(draft.keyword), \(draft.watchSeconds), \(Giveaway.State.open), \(opened),
        \(opened.adding(seconds: draft.durationSeconds)), \(mediaTime), \(seed), \(Array(SHA256.hash(data: Data(seed)))),
        \(entropy.bytes(32)), 0, NULL, NULL, NULL, '', NULL, \(draft.variant == nil ? 0 : draft.winnersMax),
        \(occasion.by.sqlValue), \(fingerprint), \(occasion.at))
      """)
  }
}

extension Giveaway {
  /// In the journal of the stock.
  static let stockNote = "giveaway"

  /// What its event tells.
  fileprivate var opening: [String: String] {
    [
      "giveaway": "\(id)", "prize": prize, "winners": "\(winnersMax)", "entry": entry.rawValue, "keyword": keyword,
      "watchSeconds": "\(watchSeconds)", "endsAt": "\(ends)", "endMediaTime": "\(endMediaTime)",
      "commitment": Hexadecimal.text(commitment),
    ]
  }
}

extension GiveawayDraft {
  /// Everything that can be refused without a look at the database.
  fileprivate func checked(_ policy: Policy) throws -> GiveawayDraft {
    func check(_ value: Int64, _ field: String, _ range: ClosedRange<Int64>, _ unit: String = "") throws {
      guard range.contains(value) else {
        throw GeneralRefusal.invalid(
          field: field, why: "must be \(range.lowerBound) to \(range.upperBound)\(unit)")
      }
    }
    var draft = self
    draft.prize = try policy.text(prize, "prize", max: policy.giveawayPrizeCharactersMax)
    draft.keyword = try policy.text(keyword, "keyword", max: policy.giveawayKeywordCharactersMax, required: false)
    try check(winnersMax, "winnersMax", 1...policy.giveawayWinnersMax)
    try check(
      durationSeconds, "durationSeconds", policy.giveawaySecondsMin...policy.giveawaySecondsMax, " seconds")
    switch entry {
    case .comment:
      draft.watchSeconds = 0
    case .follow:
      (draft.keyword, draft.watchSeconds) = ("", 0)
    case .watch:
      draft.keyword = ""
      // Whoever comes at once has a while more than it takes.
      try check(
        watchSeconds, "watchSeconds", 10...max(10, durationSeconds - policy.giveawayWatchSlackSeconds), " seconds")
    }
    return draft
  }
}

/// Why nothing came of it.
public enum GiveawayRefusal: Refusal, Equatable {
  case underWay
  case tooMany(limit: Int)
  case tooFewUnits(available: Int64)
  case notClosed
  case closed
  case member
  case notFollowing
  case full(limit: Int64)
  case tooManyFromAddress
  case noEntrant
  case notWinner
  case claimed
  case claimOver

  public var code: String {
    switch self {
    case .underWay: "giveaway_under_way"
    case .tooMany: "too_many_giveaways"
    case .tooFewUnits: "giveaway_too_few_units"
    case .notClosed: "giveaway_not_closed"
    case .closed: "giveaway_closed"
    case .member: "giveaway_member"
    case .notFollowing: "giveaway_not_following"
    case .full: "giveaway_full"
    case .tooManyFromAddress: "giveaway_address"
    case .noEntrant: "giveaway_no_entrant"
    case .notWinner: "giveaway_not_winner"
    case .claimed: "prize_claimed"
    case .claimOver: "prize_claim_over"
    }
  }

  public var sentence: String {
    switch self {
    case .underWay: "This show has a giveaway that is not drawn yet. Draw it first."
    case .tooMany(let limit): "A show has at most \(limit) giveaways."
    case .tooFewUnits(let available):
      "There are \(available) units to give away. Take fewer winners, or add what has come in to the stock first."
    case .notClosed: "Its list of entrants is not published yet. Wait until it is."
    case .closed: "Entries are over."
    case .member: "Members of the channel cannot take part in its giveaways."
    case .notFollowing: "Follow the channel first: whoever does may take part."
    case .full(let limit): "It has \(limit) entrants, and takes no more."
    case .tooManyFromAddress: "Many guests take part from your network already. Sign in to take part."
    case .noEntrant: "Sign in, or send a Haat-Visitor header with a secret of 32 to 200 small letters and digits."
    case .notWinner: "This prize was drawn for somebody else."
    case .claimed: "This prize has been claimed."
    case .claimOver: "The time to claim this prize is over."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .underWay, .tooMany, .tooFewUnits, .notClosed, .closed, .full, .claimed: .conflict
    case .member, .notFollowing, .notWinner: .forbidden
    case .tooManyFromAddress: .limited
    case .noEntrant: .unauthenticated
    case .claimOver: .gone
    }
  }

  public var field: String? {
    switch self {
    case .tooFewUnits: "winnersMax"
    default: nil
    }
  }
}
