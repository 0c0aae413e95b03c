import Foundation
import Store

/// Why an account is not deleted yet.
public enum DeletionRefusal: Refusal, Equatable {
  case operates
  /// Of these channels or partners it is a member.
  case member(of: [String])
  /// So many orders are paid and not settled yet.
  case ordersUnderWay(Int64)
  /// It may have to buy what it bid for.
  case bids

  public var code: String {
    switch self {
    case .operates: "account_operates"
    case .member: "account_member"
    case .ordersUnderWay: "account_orders"
    case .bids: "account_bids"
    }
  }

  public var sentence: String {
    switch self {
    case .operates: "This account operates the installation. Nobody could if it were gone."
    case .member(let names): "Leave \(names.joined(separator: ", ")) first, or have another owner take it over."
    case .ordersUnderWay(let count):
      "Orders that are paid and not settled yet: \(count). Delete the account once they are."
    case .bids: "You may have to buy what you bid for. Delete the account when that auction is over."
    }
  }

  public var kind: RefusalKind { .conflict }
}

extension Commerce {
  /// Deletes the caller's account, for good: sessions, keys, addresses, cards, limits, follows, reminders, wishes and claims
  /// go, and what they said in chats is emptied. Orders stay as they were placed: seller and platform have to be able to
  /// show what they sold to whom.
  ///
  /// - Parameters:
  ///   - password: of the account, once more.
  ///   - address: where the attempt comes from, for the limit on attempts.
  /// - Throws: `PeopleRefusal.wrongEmailOrPassword`, `.tooManyAttempts`, `.busy`, `DeletionRefusal`.
  public func deleteAccount(by caller: Caller, password: String, address: String) async throws {
    let id = try caller.requireAccount()
    let found = try await database.read { db in
      try db.row("SELECT \(Account.columns), password_hash FROM account WHERE id = \(id)").map { row in
        (try Account(row: row), try row.get("password_hash", as: String.self))
      }
    }
    guard let found, password.utf8.count <= policy.passwordBytesMax else { throw PeopleRefusal.wrongEmailOrPassword }
    try attempts.take(address: address, email: found.0.email, at: clock.now)
    guard try await passwords.verify(password, against: found.1) else { throw PeopleRefusal.wrongEmailOrPassword }
    let cards = try await writeAndTell { db in
      try requireDeletable(id, in: db)
      let cards = try db.rows("SELECT \(SavedCard.columns) FROM saved_card WHERE account_id = \(id)")
        .map(SavedCard.init)
      try endWaiting(of: id, by: caller, in: db)
      try Recipient.forget(account: id, in: db)
      try db.run(
        """
        UPDATE channel SET followers = followers - 1
        WHERE id IN (SELECT channel_id FROM follow WHERE account_id = \(id))
        """)
      for table: SQL in [
        "session", "api_key", "follow", "spend_limit", "saved_address", "saved_card", "card_setup", "provider_customer",
        "one_tap", "chat_held", "guide_dismissal",
      ] {
        try db.run("DELETE FROM \(table) WHERE account_id = \(id)")
      }
      try db.run("UPDATE chat_restriction SET name = '' WHERE account_id = \(id)")
      // What sellers wrote down about them. The orders stay.
      try db.run("DELETE FROM order_note WHERE order_id IN (SELECT id FROM orders WHERE account_id = \(id))")
      try Customer.forget(account: id, in: db)
      try Rating.forget(account: id, in: db)
      try db.run(
        """
        UPDATE account SET email = \("deleted \(id)"), name = '', password_hash = '', deleted_ms = \(clock.now)
        WHERE id = \(id)
        """)
      return cards
    }
    for card in cards {
      guard let provider = providers[card.provider] else { continue }
      do { try await provider.forget(card.method) } catch {
        troubles.note(.cardNotForgotten, provider: provider.name, error)
      }
    }
    while try await forgetDeleted() > 0 {}
  }

  private func requireDeletable(_ id: ID<Account>, in db: any Connection) throws {
    guard let account = try Account.find(id, in: db), !account.isOperator else { throw DeletionRefusal.operates }
    let names = try db.rows(
      """
      SELECT channel.name AS name FROM member JOIN channel ON channel.id = member.channel_id
      WHERE member.account_id = \(id)
      UNION SELECT partner.name AS name FROM partner_member JOIN partner ON partner.id = partner_member.partner_id
      WHERE partner_member.account_id = \(id) ORDER BY name LIMIT 20
      """
    ).map { try $0.get("name", as: String.self) }
    guard names.isEmpty else { throw DeletionRefusal.member(of: names) }
    let orders: Int64 = try db.requireRow(
      """
      SELECT COUNT(*) AS orders FROM orders WHERE account_id = \(id) AND state IN ('paid', 'fulfilled', 'delivered')
      """
    ).get("orders")
    guard orders == 0 else { throw DeletionRefusal.ordersUnderWay(orders) }
    let bids = try db.row(
      """
      SELECT 1 FROM auction_bidder JOIN auction ON auction.id = auction_bidder.auction_id
      WHERE auction_bidder.account_id = \(id) AND auction.state IN ('open', 'settling') LIMIT 1
      """)
    guard bids == nil else { throw DeletionRefusal.bids }
  }

  /// What is held for them goes to the next.
  private func endWaiting(of id: ID<Account>, by caller: Caller, in db: any Connection) throws {
    for wish in try Wish.all(
      "wish.account_id = \(id) AND wish.state IN ('unconfirmed', 'waiting', 'offered')", in: db)
    {
      try wish.end(as: .left, on: occasion(by: id, note: Wish.stockNote), in: db)
    }
    let bags = try db.rows(
      """
      SELECT DISTINCT claim_bag.id AS id FROM claim_bag JOIN claim ON claim.bag_id = claim_bag.id
      WHERE claim_bag.account_id = \(id) AND claim.state = 'held'
      """
    ).map { try $0.get("id", as: ID<ClaimBag>.self) }
    for bag in bags {
      for claim in try ClaimBag.find(bag, in: db).claims where claim.state == .held {
        try claim.end(as: .left, on: occasion(by: id), in: db)
      }
    }
    try db.run("UPDATE claim SET name = '' WHERE bag_id IN (SELECT id FROM claim_bag WHERE account_id = \(id))")
    try db.run("UPDATE auction_bid SET name = '' WHERE account_id = \(id)")
    try db.run("UPDATE auction_place SET name = '' WHERE account_id = \(id)")
  }

  /// Empties what accounts that were deleted had said, at most 200 messages; gives how many. Where nothing is left, the
  /// account is done with.
  public func forgetDeleted() async throws -> Int {
    let account = try await database.read { db in
      try db.row(
        """
        SELECT id FROM account WHERE deleted_ms IS NOT NULL AND forgotten_ms IS NULL ORDER BY deleted_ms, id LIMIT 1
        """
      )?.get("id", as: ID<Account>.self)
    }
    guard let account else { return 0 }
    return try await writeAndTell { db in
      let rows = try db.rows(
        """
        SELECT * FROM message WHERE account_id = \(account) AND (name <> '' OR body <> '')
        ORDER BY created_ms, id LIMIT 200
        """)
      for row in rows { try forget(Message(row: row), in: db) }
      if rows.count < 200 {
        try db.run("UPDATE account SET forgotten_ms = \(clock.now) WHERE id = \(account)")
        return max(1, rows.count)
      }
      return rows.count
    }
  }

  /// As if its author had removed it, without an event where nobody watches any more.
  private func forget(_ message: Message, in db: any Connection) throws {
    let occasion = occasion(by: message.account)
    let emptied = Message(
      id: message.id, show: message.show, account: message.account, name: "", text: "", role: message.role,
      at: message.at)
    try db.run(
      """
      UPDATE message SET body = '', name = '', removed_ms = COALESCE(removed_ms, \(occasion.at)), question = NULL,
        reply_to = NULL
      WHERE id = \(message.id)
      """)
    let bare = Timeline.text(of: emptied.payload())
    try db.run("UPDATE timeline_event SET payload = \(bare) WHERE id = \(message.id)")
    try forgetTraces(of: message.id, in: message.show, mediaTime: nil, on: occasion, db)
    guard try Show.require(message.show, in: db).state == .live else { return }
    try Timeline.append(
      show: message.show, kind: .messageRemoved, mediaTime: nil, payload: ["message": message.id.description],
      on: occasion, in: db)
  }

  /// What the caller has said in chats, the first first.
  public func ownMessages(
    by caller: Caller, after cursor: Cursor? = nil, limit: Int = 100
  ) async throws -> Page<Message> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let account = try caller.requireAccount()
      let (time, id) = (cursor?.key ?? .min, cursor?.id ?? [])
      let rows = try db.rows(
        """
        SELECT * FROM message WHERE account_id = \(account) AND (created_ms, id) > (\(time), \(id))
        ORDER BY created_ms, id LIMIT \(limit + 1)
        """)
      return Page(try rows.map { try Message(row: $0) }, limit: limit) { Cursor($0.at.milliseconds, $0.id) }
    }
  }
}
