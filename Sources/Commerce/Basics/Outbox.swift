public import Store

/// Something changed that those who watch should look at again.
public enum Announcement: Hashable, Sendable {
  /// The show's timeline has events without a number.
  case timeline(ID<Show>)
  case stock(ID<Variant>)
  case offer(ID<Variant>)
  case order(ID<Order>)
  /// Units of it were taken or came back.
  case deal(ID<Deal>)
  /// It was claimed, came back, or ended.
  case coupon(ID<Coupon>)
  /// Somebody entered it, or its end is another.
  case giveaway(ID<Giveaway>)
  /// Somebody voted in it.
  case poll(ID<Poll>)
  /// Somebody bid in it, or it went on.
  case auction(ID<Auction>)
  /// How its chat is run.
  case chat(ID<Show>)
  /// One of those who run it did something.
  case crew(ID<Show>)
  /// Whether, or where, a channel may sell.
  case selling(ID<Channel>)
  /// A market, by its code: it was opened or closed, or lets others in.
  case market(String)
}

/// What the transactions that committed have to tell: written in the same transaction as the change, so that neither
/// happens without the other, and read after it.
public enum Outbox {
  /// Notes that this changed. However often it does before the outbox is drained, it is told once; and written once for
  /// all calls that share a commit.
  ///
  /// The update, rather than leaving a row that is there alone, makes a drain and a change of the same thing conflict:
  /// otherwise a change that commits while its row is being drained would never be told.
  public static func announce(_ announcement: Announcement, in db: any Connection) throws {
    // Only a drain takes it away again: by a DELETE, after which nothing is remembered.
    try db.remember(announcement, of: []) {
      let (kind, subject) = announcement.columns
      try db.send(
        """
        INSERT INTO outbox (kind, subject, times) VALUES (\(kind), \(subject), 1)
        ON CONFLICT (kind, subject) DO UPDATE SET times = outbox.times + 1
        """)
    }
  }
}

extension Commerce {
  /// Takes at most `limit` announcements out of the outbox, in no order.
  public func drainOutbox(limit: Int = 256) async throws -> [Announcement] {
    let waiting = try await database.read { db in try db.row("SELECT kind FROM outbox LIMIT 1") != nil }
    guard waiting else { return [] }
    return try await database.write { db in
      try db.rows("SELECT kind, subject FROM outbox LIMIT \(limit)").compactMap { row in
        let kind: String = try row.get("kind")
        let subject: [UInt8] = try row.get("subject")
        try db.run("DELETE FROM outbox WHERE kind = \(kind) AND subject = \(subject)")
        return Announcement(kind: kind, subject: subject)
      }
    }
  }
}

extension Announcement {
  fileprivate var columns: (kind: String, subject: [UInt8]) {
    switch self {
    case .timeline(let show): ("timeline", show.bytes)
    case .stock(let variant): ("stock", variant.bytes)
    case .offer(let variant): ("offer", variant.bytes)
    case .order(let order): ("order", order.bytes)
    case .deal(let deal): ("deal", deal.bytes)
    case .coupon(let coupon): ("coupon", coupon.bytes)
    case .giveaway(let giveaway): ("giveaway", giveaway.bytes)
    case .auction(let auction): ("auction", auction.bytes)
    case .poll(let poll): ("poll", poll.bytes)
    case .chat(let show): ("chat", show.bytes)
    case .crew(let show): ("crew", show.bytes)
    case .selling(let channel): ("selling", channel.bytes)
    case .market(let code): ("market", Array(code.utf8))
    }
  }

  /// Nil for a kind this version does not know: a newer one may have written it.
  fileprivate init?(kind: String, subject: [UInt8]) {
    switch kind {
    case "timeline": guard let id = ID<Show>(bytes: subject) else { return nil }; self = .timeline(id)
    case "stock": guard let id = ID<Variant>(bytes: subject) else { return nil }; self = .stock(id)
    case "offer": guard let id = ID<Variant>(bytes: subject) else { return nil }; self = .offer(id)
    case "deal": guard let id = ID<Deal>(bytes: subject) else { return nil }; self = .deal(id)
    case "coupon": guard let id = ID<Coupon>(bytes: subject) else { return nil }; self = .coupon(id)
    case "giveaway": guard let id = ID<Giveaway>(bytes: subject) else { return nil }; self = .giveaway(id)
    case "poll": guard let id = ID<Poll>(bytes: subject) else { return nil }; self = .poll(id)
    case "auction": guard let id = ID<Auction>(bytes: subject) else { return nil }; self = .auction(id)
    case "chat": guard let id = ID<Show>(bytes: subject) else { return nil }; self = .chat(id)
    case "crew": guard let id = ID<Show>(bytes: subject) else { return nil }; self = .crew(id)
    case "selling": guard let id = ID<Channel>(bytes: subject) else { return nil }; self = .selling(id)
    case "market": self = .market(String(decoding: subject, as: UTF8.self))
    case "order": guard let id = ID<Order>(bytes: subject) else { return nil }; self = .order(id)
    default: return nil
    }
  }
}
