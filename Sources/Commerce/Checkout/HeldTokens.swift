import Store

/// A table of tokens, by their hashes, that open something for whoever holds one.
enum HeldTokens {
  /// Tokens for the buyer's own pages, and those that links in mail carry: neither kind pushes out the other.
  case ofOrder(ID<Order>)
  case ofOrderMail(ID<Order>)
  case ofWish(ID<Wish>)

  private var table: SQL {
    switch self {
    case .ofOrder: "order_access"
    case .ofOrderMail: "mail_access"
    case .ofWish: "wish_access"
    }
  }

  private var column: SQL {
    switch self {
    case .ofOrder, .ofOrderMail: "order_id"
    case .ofWish: "wish_id"
    }
  }

  private var subject: [UInt8] {
    switch self {
    case .ofOrder(let order), .ofOrderMail(let order): order.bytes
    case .ofWish(let wish): wish.bytes
    }
  }

  /// Makes one more token open it. The oldest of them goes when there are `max`.
  func add(_ token: Secret, at now: Moment, max: Int, in db: any Connection) throws {
    let held = try db.rows(
      "SELECT access_hash FROM \(table) WHERE \(column) = \(subject) ORDER BY made_ms DESC, access_hash")
    for row in held.dropFirst(max - 1) {
      let hash: [UInt8] = try row.get("access_hash")
      try db.run("DELETE FROM \(table) WHERE \(column) = \(subject) AND access_hash = \(hash)")
    }
    try db.run(
      "INSERT INTO \(table) (\(column), access_hash, made_ms) VALUES (\(subject), \(token.hash), \(now))")
  }
}
