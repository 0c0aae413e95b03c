import Store

/// What a mail tells of, as it is when the mail is sent.
public struct MailContent: Sendable {
  /// Nil for what is about a channel or a partner.
  public let order: Order?
  /// Nil for what is about a partner, which is then set.
  public let seller: Channel?
  public let partner: Partner?
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
  /// What the partnership of `Mail.Kind.partnership` became, and the terms of `partnerTerms`.
  public var partnerState: Partner.State?
  public var terms: PartnerTerms?
  /// Those of `Mail.Kind.statement`, one for each currency, and their month.
  public var statements: [Statement] = []
  public var month = ""
  /// Opens the order for a guest; nil for a buyer with an account, who signs in.
  public let token: Secret?

  /// The show that a viewer is told of; and what opens their reminders, which ends them too. Without the latter for those
  /// who look after mail.
  public var show: Show?
  public var reminders: Secret?

  /// What people call the channel or the partner.
  public var name: String { seller?.name ?? partner?.name ?? "" }
}

extension Commerce {
  /// What to write in a mail that was taken. A guest's link needs a token, and only hashes are kept: each call makes a
  /// new one, and the oldest of an order's ends when there are `Policy.mailTokensPerOrderMax`.
  public func openMail(_ mail: Mail) async throws -> MailContent {
    let token = Secret(prefix: "haat_mail_", entropy: entropy)
    let now = clock.now
    return try await database.write { [policy] db in
      let order = try mail.order.map { try Order.require($0, in: db) }
      let wish = try mail.isOfWish ? ID<Wish>(bytes: mail.cause).flatMap { try Wish.find($0, in: db) } : nil
      guard !mail.isOfWish || wish != nil else { throw GeneralRefusal.notFound("wish") }
      let isGuest = order.map { $0.buyer.account == nil } ?? wish.map { $0.account == nil } ?? false
      if let order, isGuest {
        try HeldTokens.ofOrderMail(order.id).add(token, at: now, max: policy.mailTokensPerOrderMax, in: db)
      }
      if let wish, isGuest {
        try HeldTokens.ofWish(wish.id).add(token, at: now, max: policy.mailTokensPerOrderMax, in: db)
      }
      var content = try MailContent(mail, of: order, token: isGuest ? token : nil, at: now, in: db)
      if let reminded = mail.reminded {
        guard try Recipient.find(reminded, in: db) != nil else { throw GeneralRefusal.notFound("reminder") }
        content.reminders = self.token(of: reminded)
      }
      return content
    }
  }
}

extension MailContent {
  init(_ mail: Mail, of order: Order?, token: Secret?, at now: Moment, in db: any Connection) throws {
    let seller = try mail.channel.flatMap { try Channel.find($0, in: db) }
    let partner = try mail.partner.flatMap { try Partner.find($0, at: now, in: db) }
    guard seller != nil || partner != nil else { throw GeneralRefusal.notFound("mail") }
    self.init(
      order: order, seller: seller, partner: partner,
      shipment: mail.kind == .sent
        ? try ID<Shipment>(bytes: mail.cause).flatMap { try Shipment.find($0, in: db) } : nil,
      refund: mail.kind == .refunded
        ? try ID<Refund>(bytes: mail.cause).flatMap { try Refund.find($0, in: db) } : nil,
      event: mail.kind == .admission
        ? try ID<AdmissionEvent>(bytes: mail.cause).flatMap { try AdmissionEvent.find($0, in: db) } : nil,
      token: token)
    place = try order.flatMap { order in try order.part.flatMap { _ in try Preorder.Place.of(order.id, in: db) } }
    if mail.isOfShow { show = try ID<Show>(bytes: mail.cause).flatMap { try Show.find($0, in: db) } }
    if mail.isOfWish { wish = try ID<Wish>(bytes: mail.cause).flatMap { try Wish.find($0, in: db) } }
    switch mail.kind {
    case .payout, .payoutReturned:
      payout = try ID<Payout>(bytes: mail.cause).map { try Payout.require($0, in: db) }
    case .statement:
      month = mail.month
      if let span = StatementSpan(month: month) {
        let payee = seller.map { Payee.channel($0.id) } ?? partner.map { Payee.partner($0.id) }
        statements = try payee.map { try Statement.all(of: $0, span, in: db) } ?? []
      }
    case .partnership: partnerState = mail.partnerState
    case .partnerTerms: terms = try ID<PartnerTerms>(bytes: mail.cause).flatMap { try PartnerTerms.find($0, in: db) }
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
      .statement, .partnership, .partnerTerms, .preorderReady, .preorderReminder, .preorderMoved, .preorderEnded,
      .reminderConfirm, .followConfirm, .reminderSoon, .reminderLive, .reminderMoved, .reminderCalledOff:
      false
    case .request, .refunded, .cancelled, .requestRefused, .returnApproved, .returnRefused, .returnReceived: true
    }
  }
}

extension Mail {
  /// The month of a statement, `2026-11`; empty for others.
  var month: String { kind == .statement ? String(decoding: cause, as: UTF8.self) : "" }

  /// Whether it tells of a show, to a viewer who asked for it.
  var isOfShow: Bool { reminded != nil && kind != .followConfirm }

  /// Whether it tells of a wish. Who waits is no business of the seller's people.
  var isOfWish: Bool { kind == .waitlistConfirm || kind == .waitlistOffer }
}
