import Store

/// Steps that lead somebody to their first sale, each done or not by what there is.
public struct Guide: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Who sells their own products.
    case seller
    /// Who hosts shows: a member, or a channel that sells what others make.
    case host
    case `operator`
    case partner
  }

  public enum Step: String, Sendable, CaseIterable {
    case channel, product, payoutAccount, show, live, sale
    case terms, products, rehearsal
    case market, payments, mail, invite, approve, commission, backup
    case key, site, snippet, order
  }

  public struct State: Sendable, Equatable {
    public let step: Step
    public let isDone: Bool

    public init(step: Step, isDone: Bool) {
      self.step = step
      self.isDone = isDone
    }
  }

  public let kind: Kind
  /// By what it is dismissed.
  public let name: String
  public let steps: [State]
  /// Whoever asks does not want to see it.
  public let isDismissed: Bool
  /// The show to go on with: the next to come, or on air.
  public let show: ID<Show>?

  public var done: Int { steps.count { $0.isDone } }
  /// The first thing to do; nil when all is done.
  public var next: Step? { steps.first { !$0.isDone }?.step }
  public var isShown: Bool { next != nil && !isDismissed }
}

extension Commerce {
  /// The guide of a channel for one of its people: those who own it are led to sell, hosts to host. Nil for everybody else.
  ///
  /// A channel without products of its own that other channels let sell theirs is led as a host.
  public func guide(of channel: ID<Channel>, by caller: Caller) async throws -> Guide? {
    try await database.read { [clock] db in
      guard let role = try Membership.role(of: caller, in: channel, in: db), [.owner, .host].contains(role) else {
        return nil
      }
      func exists(_ sql: SQL) throws -> Bool { try db.row("SELECT 1 AS one WHERE EXISTS (\(sql))") != nil }
      let hasProduct = try exists("SELECT 1 FROM product WHERE channel_id = \(channel)")
      let hasTerms = try exists(
        """
        SELECT 1 FROM affiliate_terms WHERE channel_id <> \(channel) AND (creator_id = \(channel) OR creator_id IS NULL)
          AND ends_ms > \(clock.now)
        """)
      let isLed = try exists(
        "SELECT 1 FROM affiliate_terms WHERE creator_id = \(channel) AND ends_ms > \(clock.now)")
      let kind = role == .host || (!hasProduct && isLed) ? Guide.Kind.host : .seller
      let next = try db.row(
        """
        SELECT id FROM show WHERE channel_id = \(channel) AND state <> 'ended'
        ORDER BY CASE state WHEN 'live' THEN 0 ELSE 1 END, scheduled_ms, id LIMIT 1
        """)
      let hasLived = try exists("SELECT 1 FROM show WHERE channel_id = \(channel) AND started_ms IS NOT NULL")
      let steps: [(Guide.Step, Bool)]
      switch kind {
      case .host:
        steps = [
          (.terms, hasTerms || hasProduct),
          (.show, try exists("SELECT 1 FROM show WHERE channel_id = \(channel)")),
          (
            .products,
            try exists(
              """
              SELECT 1 FROM show JOIN show_product ON show_product.show_id = show.id WHERE show.channel_id = \(channel)
              """)
          ),
          (
            .rehearsal,
            try exists("SELECT 1 FROM show WHERE channel_id = \(channel) AND media_epoch_ms IS NOT NULL")
          ),
          (.live, hasLived),
        ]
      default:
        steps = [
          (.channel, true), (.product, hasProduct || hasTerms && isLed),
          (
            .payoutAccount,
            try exists("SELECT 1 FROM payout_destination WHERE payee = \(Payee.channel(channel).description)")
          ),
          (.show, try exists("SELECT 1 FROM show WHERE channel_id = \(channel)")), (.live, hasLived),
          (.sale, try exists("SELECT 1 FROM orders WHERE channel_id = \(channel) AND paid_ms IS NOT NULL")),
        ]
      }
      return try guide(
        kind, "\(kind.rawValue) \(Payee.channel(channel))", steps, show: next?.get("id"), by: caller, in: db)
    }
  }

  /// What the operator has before the first sale of the house; for operators.
  ///
  /// - Parameters:
  ///   - hasMail: a mail server is set up.
  ///   - hasBackup: there is a backup.
  public func operatorGuide(by caller: Caller, hasMail: Bool, hasBackup: Bool) async throws -> Guide {
    let takesMoney = providers.current.map { $0.name != "sandbox" } ?? false
    return try await database.read { db in
      try caller.requireOperator(in: db)
      func exists(_ sql: SQL) throws -> Bool { try db.row("SELECT 1 AS one WHERE EXISTS (\(sql))") != nil }
      let steps: [(Guide.Step, Bool)] = [
        (.market, try exists("SELECT 1 FROM market WHERE is_open = 1")), (.payments, takesMoney), (.mail, hasMail),
        (
          .commission,
          try exists("SELECT 1 FROM market WHERE commission_bp > 0 UNION ALL SELECT 1 FROM commission_plan")
        ),
        (.invite, try exists("SELECT 1 FROM invitation UNION ALL SELECT 1 FROM channel")),
        (.approve, try exists("SELECT 1 FROM channel WHERE state = 'approved'")), (.backup, hasBackup),
        (.sale, try exists("SELECT 1 FROM ledger_transfer")),
      ]
      return try guide(.operator, "operator", steps, by: caller, in: db)
    }
  }

  /// What a partner has before the first order; for its people. To others it does not exist.
  public func guide(of partner: ID<Partner>, by caller: Caller) async throws -> Guide {
    try await database.read { db in
      try Partner.require(partner, .change, by: caller, in: db)
      func exists(_ sql: SQL) throws -> Bool { try db.row("SELECT 1 AS one WHERE EXISTS (\(sql))") != nil }
      let steps: [(Guide.Step, Bool)] = [
        (.key, try exists("SELECT 1 FROM partner_key WHERE partner_id = \(partner) AND revoked_ms IS NULL")),
        (.site, try exists("SELECT 1 FROM partner WHERE id = \(partner) AND sites <> '[]'")),
        (.snippet, try exists("SELECT 1 FROM partner WHERE id = \(partner) AND frame_seen_ms IS NOT NULL")),
        (.order, try exists("SELECT 1 FROM orders WHERE partner_id = \(partner) AND paid_ms IS NOT NULL")),
      ]
      return try guide(.partner, "partner \(Payee.partner(partner))", steps, by: caller, in: db)
    }
  }

  /// Whoever asks is not led by it any more. A name that is no guide's is refused.
  public func dismissGuide(_ name: String, by caller: Caller) async throws {
    let account = try caller.requireAccount()
    let parts = name.split(separator: " ", maxSplits: 1).map(String.init)
    let isGuide =
      name == "operator" || parts.count == 2 && Guide.Kind(rawValue: parts[0]) != nil && Payee(parts[1]) != nil
    guard isGuide else { throw GeneralRefusal.notFound("guide") }
    try await database.write { [clock] db in
      let count = try db.requireRow("SELECT COUNT(*) AS count FROM guide_dismissal WHERE account_id = \(account)")
      guard try count.get("count", as: Int.self) < 1_000 else {
        throw GeneralRefusal.tooMany(what: "dismissed guides", limit: 1_000)
      }
      try db.run(
        """
        INSERT INTO guide_dismissal (account_id, guide, dismissed_ms) VALUES (\(account), \(name), \(clock.now))
        ON CONFLICT (account_id, guide) DO NOTHING
        """)
    }
  }

  /// A page of another site holds a frame with the partner's key. Told again, nothing happens.
  public func frameSeen(via: String) async throws {
    try await database.write { [clock] db in
      try db.run("UPDATE partner SET frame_seen_ms = \(clock.now) WHERE via = \(via) AND frame_seen_ms IS NULL")
    }
  }

  private func guide(
    _ kind: Guide.Kind, _ name: String, _ steps: [(Guide.Step, Bool)], show: ID<Show>? = nil, by caller: Caller,
    in db: any Connection
  ) throws -> Guide {
    let account = try caller.requireAccount()
    let dismissed = try db.row("SELECT 1 AS one FROM guide_dismissal WHERE account_id = \(account) AND guide = \(name)")
    return Guide(
      kind: kind, name: name, steps: steps.map { Guide.State(step: $0.0, isDone: $0.1) },
      isDismissed: dismissed != nil, show: show)
  }
}
