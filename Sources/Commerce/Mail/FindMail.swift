import Store

/// A mail and what it tells of, for those who look after it. Without a token: only the buyer gets one.
public struct MailRecord: Sendable {
  public let mail: Mail
  public let content: MailContent
}

/// Whether mail leaves this installation.
public struct MailHealth: Sendable, Equatable {
  /// Counts stop here.
  public static let countMax: Int64 = 1000

  /// Mails of the last `days` that were given up, and those that wait after an attempt failed.
  public let failed: Int64
  public let delayed: Int64
  public let days: Int64
  /// Of the newest of them; both empty when there are none.
  public let trouble: String
  public let words: String

  public var isWell: Bool { failed == 0 && delayed == 0 }
}

extension Commerce {
  /// The mails about a channel's orders, the newest first, for those of its members who deal with orders; or those of
  /// all channels, for the operator. Their shipments are left out.
  public func mails(
    of channel: ID<Channel>?, by caller: Caller, only progress: Mail.Progress? = nil, after cursor: Cursor? = nil,
    limit: Int = 50
  ) async throws -> Page<MailRecord> {
    try await database.read { [policy] db in
      var whose: SQL = ""
      if let channel {
        try Membership.require(.orders, of: channel, by: caller, in: db)
        // Who waits for something to come back, or for a show, is no business of its seller's.
        whose = """
          channel_id = \(channel) AND recipient_id IS NULL AND kind NOT IN ('waitlist_confirm', 'waitlist_offer') AND
          """
        // What is decided about the channel is its owners' to know.
        if try Membership.role(of: caller, in: channel, in: db) != .owner {
          whose = "\(whose) order_id IS NOT NULL AND"
        }
      } else {
        try caller.requireOperator(in: db)
      }
      try policy.check(limit: limit)
      return try Mail.page(whose, progress, after: cursor, limit: limit, at: clock.now, in: db)
    }
  }

  /// The mails to a partner's people, the newest first, for them and the operator.
  public func mails(
    to partner: ID<Partner>, by caller: Caller, only progress: Mail.Progress? = nil, after cursor: Cursor? = nil,
    limit: Int = 50
  ) async throws -> Page<MailRecord> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Partner.require(partner, .change, by: caller, in: db)
      return try Mail.page(
        "partner_id = \(partner) AND", progress, after: cursor, limit: limit, at: clock.now, in: db)
    }
  }

  /// One mail, for members of its channel who deal with orders, its partner's people, and the operator. To others it does
  /// not exist.
  public func mail(_ id: ID<Mail>, by caller: Caller) async throws -> MailRecord {
    try await database.read { db in
      let mail = try Mail.require(id, by: caller, in: db)
      let order = try mail.order.map { try Order.require($0, in: db) }
      return MailRecord(mail: mail, content: try MailContent(mail, of: order, token: nil, at: clock.now, in: db))
    }
  }

  /// Whether mail leaves, for the operator.
  public func mailHealth(by caller: Caller, days: Int64 = 7) async throws -> MailHealth {
    let since = clock.now.adding(seconds: -days * 86_400)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let failed: SQL = "state = 'failed' AND made_ms >= \(since)"
      let delayed: SQL = "state = 'waiting' AND trouble <> ''"
      func count(_ which: SQL) throws -> Int64 {
        try db.row(
          """
          SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM mail WHERE \(which) LIMIT \(MailHealth.countMax)) AS found
          """)?.get("count") ?? 0
      }
      func newest(_ which: SQL) throws -> Row? {
        try db.row("SELECT trouble, failure FROM mail WHERE \(which) ORDER BY made_ms DESC, id DESC LIMIT 1")
      }
      let row = try newest(delayed) ?? newest(failed)
      return MailHealth(
        failed: try count(failed), delayed: try count(delayed), days: days, trouble: try row?.get("trouble") ?? "",
        words: try row?.get("failure") ?? "")
    }
  }
}

extension Mail {
  /// The mails that `whose`, which ends in `AND`, is about.
  fileprivate static func page(
    _ whose: SQL, _ progress: Progress?, after cursor: Cursor?, limit: Int, at now: Moment, in db: any Connection
  ) throws -> Page<MailRecord> {
    let rows = try db.rows(
      """
      SELECT \(columns) FROM mail
      WHERE \(whose) \(condition(progress)) (made_ms, id) < (\(cursor?.key ?? .max), \(cursor?.id ?? []))
      ORDER BY made_ms DESC, id DESC LIMIT \(limit + 1)
      """)
    return try Page(records(rows.map(Mail.init), at: now, in: db), limit: limit) {
      Cursor($0.mail.made.milliseconds, $0.mail.id)
    }
  }

  /// The mail, for members of its channel who deal with orders, its partner's people, and the operator.
  static func require(_ id: ID<Mail>, by caller: Caller, in db: any Connection) throws -> Mail {
    let account = try caller.requireAccount()
    guard let mail = try find(id, in: db) else { throw GeneralRefusal.notFound("mail") }
    if try Account.find(account, in: db)?.isOperator == true { return mail }
    guard !mail.isOfWish, mail.reminded == nil else { throw GeneralRefusal.notFound("mail") }
    if let channel = mail.channel {
      try Membership.require(mail.order == nil ? .everything : .orders, of: channel, by: caller, "mail", in: db)
    } else if let partner = mail.partner {
      do {
        _ = try Partner.require(partner, .change, by: caller, in: db)
      } catch is any Refusal {
        throw GeneralRefusal.notFound("mail")
      }
    }
    return mail
  }

  private static func condition(_ progress: Progress?) -> SQL {
    switch progress {
    case nil: ""
    case .queued: "state = 'waiting' AND"
    case .sent: "state = 'sent' AND way = 'smtp' AND"
    case .written: "state = 'sent' AND way = 'file' AND"
    case .failed: "state = 'failed' AND"
    }
  }

  /// Each with its order, seller and refund: as many statements for many as for one.
  private static func records(_ mails: [Mail], at now: Moment, in db: any Connection) throws -> [MailRecord] {
    guard !mails.isEmpty else { return [] }
    let orders = try Dictionary(
      Order.with(
        rows: db.rows("SELECT \(Order.columns) FROM orders WHERE id IN \(list: Array(Set(mails.compactMap(\.order))))"),
        in: db
      ).map { ($0.id, $0) }
    ) { $1 }
    let sellers = try Dictionary(
      db.rows("SELECT \(Channel.columns) FROM channel WHERE id IN \(list: Array(Set(mails.compactMap(\.channel))))")
        .map(Channel.init).map { ($0.id, $0) }
    ) { $1 }
    let whose = Array(Set(mails.compactMap(\.partner)))
    let partners = try Dictionary(
      whose.isEmpty
        ? []
        : db.rows("SELECT \(Partner.columns(at: now)) FROM partner WHERE partner.id IN \(list: whose)")
          .map(Partner.init).map { ($0.id, $0) }
    ) { $1 }
    let terms = try Dictionary(
      PartnerTerms.all(
        mails.filter { $0.kind == .partnerTerms }.compactMap { ID<PartnerTerms>(bytes: $0.cause) }, in: db
      ).map { ($0.id.bytes, $0) }
    ) { $1 }
    let refunds = try Dictionary(
      Refund.all(mails.filter { $0.kind == .refunded }.compactMap { ID<Refund>(bytes: $0.cause) }, in: db)
        .map { ($0.id, $0) }
    ) { $1 }
    let events = try AdmissionEvent.all(
      mails.filter { $0.kind == .admission }.compactMap { ID<AdmissionEvent>(bytes: $0.cause) }, in: db)
    let causes = mails.filter(\.isOfRequest).map(\.cause)
    let cancellations = try Dictionary(
      db.rows("SELECT \(Cancellation.columns) FROM cancellation WHERE id IN \(list: causes)")
        .map(Cancellation.init).map { ($0.id.bytes, $0) }
    ) { $1 }
    let returns = try Dictionary(
      Return.withLines(
        db.rows("SELECT \(Return.columns) FROM order_return WHERE id IN \(list: causes)"), in: db
      ).map { ($0.id.bytes, $0) }
    ) { $1 }
    let paid = mails.filter { [.payout, .payoutReturned].contains($0.kind) }.map(\.cause)
    let payouts = try Dictionary(
      paid.isEmpty
        ? []
        : db.rows("SELECT \(Payout.columns) FROM payout WHERE id IN \(list: paid)").map(Payout.init)
          .map { ($0.id.bytes, $0) }
    ) { $1 }
    let wished = mails.filter(\.isOfWish).map(\.cause)
    let wishes = try Dictionary(
      wished.isEmpty ? [] : Wish.all("wish.id IN \(list: wished)", in: db).map { ($0.id.bytes, $0) }
    ) { $1 }
    let told = mails.filter(\.isOfShow).map(\.cause)
    let shows = try Dictionary(
      told.isEmpty
        ? []
        : Show.read(
          db.rows("SELECT \(Show.columns) FROM \(Show.source) WHERE show.id IN \(list: Array(Set(told)))"), in: db
        ).map { ($0.id.bytes, $0) }
    ) { $1 }
    let parts = orders.values.filter { $0.part != nil }.map(\.id)
    let places = try Preorder.Place.all(of: parts.sorted(), in: db)
    return mails.compactMap { mail in
      guard !mail.isOfWish || wishes[mail.cause] != nil else { return nil }
      let order = mail.order.flatMap { orders[$0] }
      let (seller, partner) = (mail.channel.flatMap { sellers[$0] }, mail.partner.flatMap { partners[$0] })
      guard order != nil || mail.order == nil, seller != nil || partner != nil else { return nil }
      return MailRecord(
        mail: mail,
        content: MailContent(
          order: order, seller: seller, partner: partner, shipment: nil,
          refund: mail.kind == .refunded ? ID<Refund>(bytes: mail.cause).flatMap { refunds[$0] } : nil,
          event: mail.kind == .admission ? ID<AdmissionEvent>(bytes: mail.cause).flatMap { events[$0] } : nil,
          cancellation: cancellations[mail.cause], goods: returns[mail.cause], wish: wishes[mail.cause],
          place: mail.order.flatMap { places[$0] }, payout: payouts[mail.cause],
          partnerState: mail.partnerState, terms: terms[mail.cause], month: mail.month, token: nil,
          show: mail.isOfShow ? shows[mail.cause] : nil))
    }
  }
}
