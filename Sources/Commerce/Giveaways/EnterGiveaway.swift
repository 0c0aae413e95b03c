import Crypto
import Foundation
import Store

/// How far somebody has come with watching.
public struct WatchProgress: Sendable, Equatable {
  public let watchedMilliseconds: Int64
  public let isEntered: Bool
  /// To be sent along the next time: sealed, so that nobody can say they have watched longer.
  public let receipt: String
}

extension Commerce {
  /// Somebody says that they are watching, as they do every so often. What passed since they last said so is counted when
  /// it is at most `Policy.giveawayBeatSecondsMax`; having watched long enough they are in.
  ///
  /// Nothing is kept of it here: how far they came is in the receipt they send back. An older receipt says less, and the
  /// same one twice says no more, so that nobody comes to more than the time since the opening.
  ///
  /// - Parameters:
  ///   - receipt: what the last call gave; nil or unreadable begins anew.
  ///   - address: the network address of a guest.
  /// - Throws: `GiveawayRefusal.closed`, `.member`, `.full`, `.tooManyFromAddress`, `GeneralRefusal.notFound`.
  public func watch(
    _ id: ID<Giveaway>, _ entrant: Entrant, receipt: String? = nil, address: String? = nil, by caller: Caller = .nobody
  ) async throws -> WatchProgress {
    let now = clock.now
    let (giveaway, isEntered) = try await database.read { db in
      let giveaway = try visible(id, to: caller, in: db)
      guard giveaway.entry == .watch else { throw GeneralRefusal.notFound("giveaway") }
      return (giveaway, try giveaway.has(entrant, in: db))
    }
    let name = "watch \(id) \(Hexadecimal.text(entrant.bytes))"
    let before = receipt.flatMap { WatchReceipt($0, name, vault) }
    let needed = giveaway.watchSeconds * 1000
    guard !isEntered else { return WatchProgress(watchedMilliseconds: needed, isEntered: true, receipt: receipt ?? "") }
    guard giveaway.takesEntries(at: now, policy) else { throw GiveawayRefusal.closed }
    let gap = before.map { now.milliseconds(since: $0.at) } ?? 0
    let counted = (0...policy.giveawayBeatSecondsMax * 1000).contains(gap) ? gap : 0
    let watched = min(needed, (before?.watchedMilliseconds ?? 0) + counted)
    if watched >= needed {
      try await writeAndTell { [policy] db in
        let giveaway = try Giveaway.require(id, in: db)
        guard giveaway.takesEntries(at: clock.now, policy) else { throw GiveawayRefusal.closed }
        try giveaway.enter(entrant, address: address, policy, in: db)
      }
    }
    let after = WatchReceipt(watchedMilliseconds: watched, at: now)
    return WatchProgress(
      watchedMilliseconds: watched, isEntered: watched >= needed, receipt: try after.sealed(name, vault))
  }

  /// Whoever follows the channel, since before the giveaway or a moment ago, says that they take part. Who is in stays in,
  /// whom they follow later on (docs/decisions/0036).
  ///
  /// - Throws: `GeneralRefusal.signInNeeded`, `.notFound`, `GiveawayRefusal.closed`, `.notFollowing`, `.member`, `.full`.
  @discardableResult
  public func enterByFollowing(_ id: ID<Giveaway>, by caller: Caller) async throws -> GiveawayEntry {
    let account = try caller.requireAccount()
    return try await writeAndTell { [policy] db in
      let giveaway = try visible(id, to: caller, in: db)
      guard giveaway.entry == .follow else { throw GeneralRefusal.notFound("giveaway") }
      let entrant = Entrant.account(account)
      if try !giveaway.has(entrant, in: db) {
        guard giveaway.takesEntries(at: clock.now, policy) else { throw GiveawayRefusal.closed }
        guard try Follow.exists(of: account, channelOf: giveaway.show, in: db) else {
          throw GiveawayRefusal.notFollowing
        }
        try giveaway.enter(entrant, address: nil, policy, in: db)
      }
      return try Giveaway.require(id, in: db).entry(of: entrant, in: db)
    }
  }

  /// Whoever says what is asked for is in, once. Who may not be is not told so here: what they said was said.
  func enter(
    _ giveaway: Giveaway, by message: Message, _ entrant: Entrant?, address: String?, at now: Moment,
    in db: any Connection
  ) throws {
    guard let entrant else { return }
    guard giveaway.entry == .comment, giveaway.takesEntries(at: now, policy), giveaway.isKeyword(in: message.text)
    else { return }
    do {
      try giveaway.enter(entrant, address: address, message: message.id, policy, in: db)
    } catch is GiveawayRefusal {
      // Before the first write of `enter`.
    }
  }
}

extension Giveaway {
  /// Until the end, and a grace more for those whose picture is behind.
  func takesEntries(at now: Moment, _ policy: Policy) -> Bool {
    state == .open && opened <= now && now < closing(policy)
  }

  /// When its list is closed.
  func closing(_ policy: Policy) -> Moment { ends.adding(seconds: policy.offerGraceSeconds) }

  /// Large and small letters are the same.
  func isKeyword(in text: String) -> Bool {
    keyword.isEmpty || Policy.folded(text).contains(Policy.folded(keyword))
  }

  func has(_ entrant: Entrant, in db: any Connection) throws -> Bool {
    try db.row("SELECT 1 FROM giveaway_entrant WHERE giveaway_id = \(id) AND entrant = \(entrant.bytes)") != nil
  }

  /// Once, however often. Every check stands before the first write.
  fileprivate func enter(
    _ entrant: Entrant, address: String?, message: ID<Message>? = nil, _ policy: Policy, in db: any Connection
  ) throws {
    if try has(entrant, in: db) { return }
    var digest: [UInt8]?
    switch entrant {
    case .account(let account):
      let isMember = try db.row(
        """
        SELECT 1 FROM member JOIN show ON show.channel_id = member.channel_id
        WHERE show.id = \(show) AND member.account_id = \(account)
        """)
      guard isMember == nil else { throw GiveawayRefusal.member }
    case .visitor:
      guard let address else { break }
      let made = Array(SHA256.hash(of: "giveaway \(id) \(address)").prefix(8))
      let others: Int64 = try db.requireRow(
        "SELECT COUNT(*) AS guests FROM giveaway_entrant WHERE giveaway_id = \(id) AND address = \(made)"
      ).get("guests")
      guard others < policy.giveawayGuestsPerAddressMax else { throw GiveawayRefusal.tooManyFromAddress }
      digest = made
    }
    guard entrants < policy.giveawayEntrantsMax else { throw GiveawayRefusal.full(limit: policy.giveawayEntrantsMax) }
    try db.run(
      """
      INSERT INTO giveaway_entrant (giveaway_id, entrant, message_id, address)
      VALUES (\(id), \(entrant.bytes), \(message.sqlValue), \(digest.sqlValue))
      """)
    let counted = try db.run("UPDATE giveaway SET entrants = entrants + 1 WHERE id = \(id) AND state = 'open'")
    guard counted == 1 else { throw MissingRow() }
    try Outbox.announce(.giveaway(id), in: db)
  }
}

/// How long somebody had watched, and when.
private struct WatchReceipt {
  let watchedMilliseconds: Int64
  let at: Moment

  init(watchedMilliseconds: Int64, at: Moment) {
    self.watchedMilliseconds = watchedMilliseconds
    self.at = at
  }

  /// Nil for what was not sealed here, for this entrant.
  init?(_ text: String, _ name: String, _ vault: Vault) {
    guard text.utf8.count <= 400, let sealed = Data(base64Encoded: text),
      let parts = vault.open(Array(sealed), for: name)?.split(separator: " "), parts.count == 2,
      let watched = Int64(parts[0]), let at = Int64(parts[1])
    else { return nil }
    self.init(watchedMilliseconds: watched, at: Moment(milliseconds: at))
  }

  func sealed(_ name: String, _ vault: Vault) throws -> String {
    Data(try vault.seal("\(watchedMilliseconds) \(at.milliseconds)", for: name)).base64EncodedString()
  }
}
