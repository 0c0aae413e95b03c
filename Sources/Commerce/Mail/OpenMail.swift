import Store

/// What a mail tells of, as it is when the mail is sent.
public struct MailContent: Sendable {
  /// Nil for what is about a channel.
  public let order: Order?
  public let seller: Channel
  /// The parcel of `Mail.Kind.sent`.
  public let shipment: Shipment?
  /// The refund of `Mail.Kind.refunded`.
  public let refund: Refund?
  /// The decision of `Mail.Kind.admission`.
  public let event: AdmissionEvent?
  /// The cancellation or the return it tells of; of `Mail.Kind.refunded`, what the refund is for.
  public var cancellation: Cancellation?
  public var goods: Return?
  /// The wish of a waitlist that it tells of.
  public var wish: Wish?
  /// The preorder that the order is of, of which it pays the deposit or the balance.
  public var place: Preorder.Place?
  /// The payout of `Mail.Kind.payout` and `payoutReturned`.
  public var payout: Payout?
  /// Those of `Mail.Kind.statement`, one for each currency, and their month.
  public var statements: [Statement] = []
  public var month = ""
  /// Opens the order for a guest; nil for a buyer with an account, who signs in.
  public let token: Secret?
}

extension Commerce {
  /// What to write in a mail that was taken. A guest's link needs a token, and only hashes are kept: each call makes a
  /// new one, and the oldest of an order's ends when there are `Policy.mailTokensPerOrderMax`.
  public func openMail(_ mail: Mail) async throws -> MailContent {
    let token = Secret(prefix: "haat_mail_", entropy: entropy)
    let now = clock.now
    return try await database.write { [policy] db in
      let order = try mail.order.map { try Order.require($0, in: db) }
      guard let seller = try Channel.find(mail.channel, in: db) else { throw GeneralRefusal.notFound("channel") }
      let wish = try mail.isOfWish ? ID<Wish>(bytes: mail.cause).flatMap { try Wish.find($0, in: db) } : nil
      guard !mail.isOfWish || wish != nil else { throw GeneralRefusal.notFound("wish") }
      let isGuest = order.map { $0.buyer.account == nil } ?? wish.map { $0.account == nil } ?? false
      if let order, isGuest {
        try OrderAccess.addForMail(token, to: order.id, at: now, max: policy.mailTokensPerOrderMax, in: db)
      }
      if let wish, isGuest {
        try Wish.add(token, to: wish.id, at: now, max: policy.mailTokensPerOrderMax, in: db)
      }
      return try MailContent(mail, of: order, seller: seller, token: isGuest ? token : nil, in: db)
    }
  }
}

extension MailContent {
  init(_ mail: Mail, of order: Order?, seller: Channel, token: Secret?, in db: any Connection) throws {
    self.init(
      order: order, seller: seller,
      shipment: mail.kind == .sent
        ? try ID<Shipment>(bytes: mail.cause).flatMap { try Shipment.find($0, in: db) } : nil,
      refund: mail.kind == .refunded
        ? try ID<Refund>(bytes: mail.cause).flatMap { try Refund.find($0, in: db) } : nil,
      event: mail.kind == .admission
        ? try ID<AdmissionEvent>(bytes: mail.cause).flatMap { try AdmissionEvent.find($0, in: db) } : nil,
      token: token)
    place = try order.flatMap { order in try order.part.flatMap { _ in try Preorder.Place.of(order.id, in: db) } }
    if mail.isOfWish { wish = try ID<Wish>(bytes: mail.cause).flatMap { try Wish.find($0, in: db) } }
    switch mail.kind {
    case .payout, .payoutReturned:
      payout = try ID<Payout>(bytes: mail.cause).map { try Payout.require($0, in: db) }
    case .statement:
      month = mail.month
      if let span = StatementSpan(month: month) {
        statements = try Statement.all(of: .channel(seller.id), span, in: db)
      }
    default: break
    }
    if mail.isOfRequest {
      cancellation = try ID(bytes: mail.cause).flatMap { try Cancellation.find($0, in: db) }
      goods = try ID(bytes: mail.cause).flatMap { try Return.find($0, in: db) }
    }
  }
}

extension Mail {
  /// Whether it tells of a cancellation or a return, asked for or answered, or of a refund, which may be of one.
  var isOfRequest: Bool {
    switch kind {
    case .paid, .sent, .delivered, .auction, .admission, .waitlistConfirm, .waitlistOffer, .payout, .payoutReturned,
      .statement, .preorderReady, .preorderReminder, .preorderMoved, .preorderEnded:
      false
    case .request, .refunded, .cancelled, .requestRefused, .returnApproved, .returnRefused, .returnReceived: true
    }
  }
}

extension Mail {
  /// The month of a statement, `2026-11`; empty for others.
  var month: String { kind == .statement ? String(decoding: cause, as: UTF8.self) : "" }

  /// Whether it tells of a wish. Who waits is no business of the seller's people.
  var isOfWish: Bool { kind == .waitlistConfirm || kind == .waitlistOffer }
}

extension OrderAccess {
  /// Makes a token of a mail's link open the order. The oldest goes when there are `max`.
  static func addForMail(_ token: Secret, to order: ID<Order>, at now: Moment, max: Int, in db: any Connection) throws {
    let held = try db.rows(
      "SELECT access_hash FROM mail_access WHERE order_id = \(order) ORDER BY made_ms DESC, access_hash")
    for row in held.dropFirst(max - 1) {
      let hash: [UInt8] = try row.get("access_hash")
      try db.run("DELETE FROM mail_access WHERE order_id = \(order) AND access_hash = \(hash)")
    }
    try db.run(
      "INSERT INTO mail_access (order_id, access_hash, made_ms) VALUES (\(order), \(token.hash), \(now))")
  }
}
