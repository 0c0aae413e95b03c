public import Store

/// How channels get into a market (DOMAIN.md, “Who”).
public enum Admission: String, Sendable, Codable, CaseIterable, ValueConvertible {
  /// Whoever asks sells there at once.
  case open
  /// An operator approves.
  case application
  /// With an operator's invitation alone.
  case invite

  /// Whether a channel that was let in sells there, with or without a permission of its own.
  func lets(_ permission: MarketPermission?) -> Bool {
    permission == .approved || permission == nil && self == .open
  }
}

/// What was decided of a channel in a market. Where admission is open there need not be one.
public enum MarketPermission: String, Sendable, Codable, CaseIterable, ValueConvertible {
  /// An operator has to decide.
  case applied
  case approved
  /// Refused, or taken away again.
  case refused
}

extension MarketPermission {
  static func of(_ channel: ID<Channel>, in market: String, db: any Connection) throws -> MarketPermission? {
    try db.row("SELECT state FROM channel_market WHERE channel_id = \(channel) AND market = \(market)")?.get("state")
  }

  static func all(of channel: ID<Channel>, in db: any Connection) throws -> [String: MarketPermission] {
    var found: [String: MarketPermission] = [:]
    for row in try db.rows("SELECT market, state FROM channel_market WHERE channel_id = \(channel)") {
      found[try row.get("market")] = try row.get("state")
    }
    return found
  }

  func put(_ channel: ID<Channel>, in market: String, at now: Moment, db: any Connection) throws {
    try db.run(
      """
      INSERT INTO channel_market (channel_id, market, state, changed_ms) VALUES (\(channel), \(market), \(self), \(now))
      ON CONFLICT (channel_id, market) DO UPDATE SET state = \(self), changed_ms = \(now)
      """)
  }
}

extension Market {
  /// How channels get in. Until a market was given a policy it is the installation's.
  func admission(_ policy: Policy) -> Admission { admission ?? policy.admission }

  static func require(_ code: String, _ field: String = "market", in db: any Connection) throws -> Market {
    guard let market = try find(code, in: db) else {
      throw GeneralRefusal.invalid(field: field, why: "must be the code of a market of this installation")
    }
    return market
  }
}

extension Commerce {
  /// Gives every market that has no policy yet the installation's. Called when the program starts: from then on the
  /// setting is what new markets begin with, and changes nothing about those that are there.
  public func settleAdmission() async throws {
    let without = try await database.read { db in try db.row("SELECT 1 FROM market WHERE admission IS NULL") != nil }
    guard without else { return }
    _ = try await database.write { [policy] db in
      try db.run("UPDATE market SET admission = \(policy.admission) WHERE admission IS NULL")
    }
  }
}

extension Admission {
  /// What a new policy does to the channels that are there already: who sold in an open market goes on selling in it,
  /// and who waits for one that opens waits no longer.
  static func changed(
    _ market: String, from before: Admission, to after: Admission, on occasion: Occasion, in db: any Connection
  ) throws {
    if before == .open, after != .open {
      try db.run(
        """
        INSERT INTO channel_market (channel_id, market, state, changed_ms)
        SELECT id, \(market), 'approved', \(occasion.at) FROM channel
        WHERE state IN ('approved', 'suspended') AND NOT EXISTS (
          SELECT 1 FROM channel_market WHERE channel_market.channel_id = channel.id AND market = \(market))
        """)
    }
    guard after == .open, before != .open else { return }
    for row in try db.rows("SELECT channel_id FROM channel_market WHERE market = \(market) AND state = 'applied'") {
      try Gate(channel: try row.get("channel_id"), market: market, on: occasion).approve(.openMarket, in: db)
    }
  }
}
