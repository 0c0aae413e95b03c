import Store

/// By what somebody who speaks is known again.
struct Voice: Equatable {
  let account: ID<Account>?
  /// SHA-256 of the secret of their browser.
  let visitor: [UInt8]?
  /// A keyed digest of a show and a network address.
  let address: [UInt8]?

  init(_ caller: Caller, visitor: String?, address: String?, show: ID<Show>, _ vault: Vault) {
    account = caller.account
    self.visitor = visitor.flatMap { text in
      text.utf8.count >= Entrant.visitorBytesMin ? Secret(presented: text)?.hash : nil
    }
    self.address = address.map { vault.keyedDigest("chat \(show) \($0)") }
  }

  init(row: Row) throws {
    account = try row.get("account_id")
    visitor = try row.get("visitor")
    address = try row.get("address")
  }

  /// Whom a pause counts: an account, else a browser, else an address; all guests that show none of them are one.
  var speaker: [UInt8] { account?.bytes ?? visitor ?? address ?? [] }

  /// Those in force in a channel's chats that are about this voice, the longest first.
  ///
  /// A browser that was banned stays so with another account, or without one. An address is many people's, so only a ban
  /// goes by it, only for guests, and only in its show; where there is nothing else to know a guest by, a mute does too.
  func restrictions(in show: Show, at now: Moment, in db: any Connection) throws -> [ChatRestriction] {
    var who: SQL = "1 = 0"
    if let account { who = "\(who) OR account_id = \(account)" }
    if let visitor { who = "\(who) OR visitor = \(visitor)" }
    if account == nil, let address {
      who = """
        \(who) OR (show_id = \(show.id) AND address = \(address)
          AND (kind = 'ban' OR (account_id IS NULL AND visitor IS NULL)))
        """
    }
    return try db.rows(
      """
      SELECT * FROM chat_restriction WHERE channel_id = \(show.channel) AND lifted_ms IS NULL
        AND (until_ms IS NULL OR until_ms > \(now)) AND (\(who))
      """
    ).map(ChatRestriction.init).sorted { ($0.until ?? .never) > ($1.until ?? .never) }
  }
}
