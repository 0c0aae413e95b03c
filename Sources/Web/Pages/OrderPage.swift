import Commerce
import HTTPTypes
import Hummingbird

/// `/orders/{order}`: one order, for its buyer and the seller's people.
struct OrderPage: Sendable {
  struct Milestone: Sendable {
    let name: String
    /// `past`, `bad` or empty.
    let tone: String
    var isCurrent = false
    var whenISO: String?
    var whenText = ""
    var note: String?
  }

  struct LineView: Sendable {
    let title: String
    let variant: String?
    let picture: String?
    let quantityText: String
    let totalText: String
  }

  struct OtherView: Sendable {
    let url: String
    let number: String
    let summary: String
    let totalText: String
    let stateText: String
    let stateTone: String

    init(_ order: Order, _ words: Words) {
      url = "/orders/\(order.id)"
      number = order.number
      summary = order.summary(words)
      totalText = words.money(order.total)
      stateText = order.stateText(words)
      stateTone = order.stateTone
    }
  }

  struct RefundView: Sendable {
    let amountText: String
    let reason: String
    /// `2 × Brass lamp`, for each line it names.
    let contents: [String]
    let stateText: String
    let tone: String
    let whenISO: String
    let whenText: String

    init(_ refund: Refund, of order: Order, _ cancellations: [Cancellation], _ returns: [Return], _ visit: Visit) {
      let isStuck = visit.commerce.isStuck(refund)
      amountText = visit.words.money(refund.amount)
      reason = visit.words.reason(
        of: refund, cancellations.first { $0.refund == refund.id }, returns.first { $0.refund == refund.id })
      contents =
        order.contents(refund.lines.map { ($0.position, $0.quantity) })
        + (refund.shipping.minor > 0
          ? ["\(visit.words["checkout.shipping"]): \(visit.words.money(refund.shipping))"] : [])
      stateText = isStuck ? visit.words["order.refundStuck"] : refund.state.text(visit.words)
      tone = isStuck ? "bad" : refund.state.tone
      whenISO = refund.made.description
      whenText = refund.made.plainText
    }
  }

  /// The saved cards that its buyer may pay it with.
  struct PayingView: Sendable {
    struct Card: Sendable {
      let id: String
      let text: String
    }

    /// Names this try to pay.
    let key: String
    let cards: [Card]
  }

  struct PayCardView: Sendable {
    /// JSON: what the script needs.
    let data: String
  }

  let number: String
  let headline: String
  let explanation: String
  let milestones: [Milestone]
  let lines: [LineView]
  let subtotalText: String
  /// `Coupon GLOW10` and `−₹130`; nil without one.
  let couponName: String?
  let couponText: String?
  let shippingText: String
  let totalText: String
  /// Where it was added, before the total; and what the total contains, after it.
  let taxesAdded: [TaxView]
  let taxesIncluded: [TaxView]
  /// What the goods weigh, for the seller; nil when nobody weighed them.
  let weightText: String?
  let refundedText: String?
  /// Whose show sold it and what they have of it, for the seller.
  let creatorName: String?
  let creatorText: String
  /// By which way it came and at which moment of the show, for the seller.
  let source: [String]
  let hasSource: Bool
  let address: [String]
  let email: String
  let phone: String?
  let sellerName: String
  let sellerInitial: String
  let sellerTone: Int
  let sellerURL: String?
  /// Those that were ordered and are paid together with it.
  let others: [OtherView]
  let hasOthers: Bool
  /// What of a preorder it pays, and what becomes of that.
  let preorder: PreorderOfOrderView?
  let refunds: [RefundView]
  let hasRefunds: Bool
  let parcels: [ParcelView]
  let hasParcels: Bool
  let sending: SendingView?
  let refunding: RefundingView?
  let asked: AskedView?
  let cancelling: CancellingView?
  let sellerCancelling: SellerCancellingView?
  let returns: [ReturnView]
  let hasReturns: Bool
  let askReturn: AskReturnView?
  let history: [HistoryView]
  let rating: RatingOfOrderView?
  let error: String?
  let isSaved: Bool
  /// Where the buyer confirms a payment that waits for them.
  let confirmURL: String?
  let paying: PayingView?
  /// For a script that takes a card; nil unless it waits for payment by who looks.
  let payCard: PayCardView?
  /// By UPI instead: a code that waits, or a button that asks for one.
  let upi: PayByUPI.Code?
  let payUPI: PayByUPI?
  let canResume: Bool
  let resumeURL: String
  let canCancel: Bool
  let actionURL: String

  init(
    _ order: Order, seller: Channel, creator: String?, source: [String], covers: [ID<Product>: Picture],
    others: [Order],
    refunds: [RefundView],
    shipments: [Shipment],
    isBuyer: Bool, sending: SendingView?, refunding: RefundingView?, requests: Requests, isSeller: Bool, error: String?,
    isSaved: Bool, confirmURL: String? = nil, paying: PayingView? = nil, payCard: PayCardView? = nil,
    upi: PayByUPI.Code? = nil, payUPI: PayByUPI? = nil,
    isWon: Bool = false, preorder: PreorderOfOrderView? = nil,
    _ words: Words
  ) {
    let values = ["seller": seller.name, "time": order.expires.plainText]
    number = order.number
    // One that is cancelled while its money is on the way is not to be waited for.
    let isCancelled = shipments.isEmpty && order.isCancelled(requests.cancellations)
    let key =
      switch (order.part, order.state) {
      case (.deposit, .paid): "depositPaid"
      case (.balance, .placed): "balancePlaced"
      default: order.state.key
      }
    headline = words[isCancelled ? "order.cancelledHeadline" : "order.\(key)Headline"]
    explanation = words[isCancelled ? "cancel.paidText" : "order.\(key)Text", values]
    self.preorder = preorder
    milestones = order.milestones(isCancelled: isCancelled, words)
    lines = order.lines.map { line in
      LineView(
        title: line.title, variant: line.sku.isEmpty ? nil : line.sku, picture: covers[line.product]?.thumbnail,
        quantityText: words["order.quantity", ["count": Figures.grouped(line.quantity)]],
        totalText: words.money(line.total))
    }
    subtotalText = words.money(order.subtotal)
    let isReduced = order.discount.minor > 0
    couponName = isReduced ? words["checkout.couponOff", ["code": order.couponCode]] : nil
    couponText = isReduced ? "−" + words.money(order.discount) : nil
    shippingText =
      order.part == .deposit && preorder?.isShippingLater == true
      ? words["preorder.withBalance"]
      : order.shipping.minor == 0 ? words["checkout.free"] : words.money(order.shipping)
    totalText = words.money(order.total)
    let taxes = TaxView.all(order.taxes, isAdded: order.isTaxAdded, words)
    taxesAdded = order.isTaxAdded ? taxes : []
    taxesIncluded = order.isTaxAdded ? [] : taxes
    let grams = order.lines.reduce(0) { $0 + $1.grams * $1.quantity }
    weightText = isSeller && grams > 0 ? Weight.text(grams) : nil
    refundedText = order.refunded.minor > 0 ? words.money(order.refunded) : nil
    creatorName = isSeller ? creator.map { words["affiliates.ofShow", ["name": $0]] } : nil
    creatorText = words.money(
      Money(minor: -order.lines.reduce(0) { $0 + $1.creatorShare.minor }, currency: order.total.currency))
    self.source = source
    hasSource = !source.isEmpty
    let to = order.buyer.address
    address = [to.name, to.line1, to.line2, "\(to.postalCode) \(to.city)", to.region, to.country].filter { !$0.isEmpty }
    email = order.buyer.email
    phone = order.buyer.phone.isEmpty ? nil : order.buyer.phone
    sellerName = seller.name
    sellerInitial = Tone.initial(seller.name)
    sellerTone = Tone.of(seller.id)
    // A seller who was put out has no page any more.
    sellerURL = seller.state == .approved ? "/@\(seller.handle)" : nil
    self.others = others.map { OtherView($0, words) }
    hasOthers = !others.isEmpty
    self.refunds = refunds
    hasRefunds = !refunds.isEmpty
    parcels = shipments.enumerated().map { ParcelView($1, number: $0 + 1, of: order, isSeller: isSeller, words) }
    hasParcels = !parcels.isEmpty
    self.sending = sending
    self.refunding = refunding
    asked = requests.asked
    cancelling = requests.cancelling
    sellerCancelling = requests.sellerCancelling
    returns = requests.returns
    hasReturns = !returns.isEmpty
    askReturn = requests.askReturn
    history = requests.history
    rating = requests.rating
    self.error = error
    self.isSaved = isSaved
    self.confirmURL = confirmURL
    self.paying = paying
    self.payCard = payCard
    self.upi = upi
    self.payUPI = payUPI
    canResume =
      isBuyer && !isWon && order.part != .balance && order.state == .placed && order.show != nil
      && seller.state == .approved
    resumeURL = order.show.map { "/watch/\($0)" } ?? "/"
    canCancel = isBuyer && order.state == .placed
    actionURL = "/orders/\(order.id)"
  }

  /// With `?token=` it first moves the token out of the address into a cookie that only this order's page gets.
  static func show(_ visit: Visit) async throws -> Response {
    let id = try visit.id("order", Order.self)
    // Back from the bank, which a checkout has in a frame: it only has to see that.
    if visit.isInFrame { return try BackFromBank.answer(visit) }
    if let token = try visit.query("token").flatMap(Secret.init(presented:)) {
      let opened = try await visit.commerce.paidTogether(id, by: visit.caller, token: token)
      return opening(opened.map(\.id), with: token, at: id, visit)
    }
    // To the other order of its preorder, which the same token opens.
    if let other = try visit.query("to").flatMap({ ID<Order>($0) }) {
      let place = try await visit.commerce.place(of: id, by: visit.caller, token: visit.orderToken)
      guard let place, [place.order, place.balanceOrder].contains(other) else { throw Problem.notFound("order") }
      return opening([other], with: visit.orderToken, at: other, visit)
    }
    return try await page(visit, id, nil)
  }

  private static func opening(
    _ orders: [ID<Order>], with token: Secret?, at id: ID<Order>, _ visit: Visit
  ) -> Response {
    var response = visit.redirect("/orders/\(id)")
    guard let token else { return response }
    let secure = visit.site.configuration.secureCookies ? "; Secure" : ""
    for order in orders {
      response.headers.append(
        HTTPField(
          name: .setCookie,
          value: "\(cookie)=\(token.text); Path=/orders/\(order); Max-Age=31536000; HttpOnly; SameSite=Lax\(secure)"))
    }
    return response
  }

  /// The provider's page for the second step of an order that waits for it. The sandbox has to be told the way back.
  private static func confirmURL(_ visit: Visit, _ order: Order) async throws -> String? {
    guard order.state == .placed else { return nil }
    let outcome = try await visit.commerce.lastPayment(of: order.id, by: visit.caller, token: visit.orderToken)
    guard case .requiresAction(let url) = outcome, !url.isEmpty else { return nil }
    return url.hasPrefix("/") ? "\(url)?return=\(Visit.encoded("/orders/\(order.id)"))" : url
  }

  /// For its buyer who is signed in, as long as it waits for payment.
  private static func paying(_ visit: Visit, _ order: Order) async throws -> PayingView? {
    guard order.state == .placed, let account = visit.caller.account, account == order.buyer.account else { return nil }
    let cards = try await visit.commerce.savedCards(by: visit.caller)
    guard !cards.isEmpty else { return nil }
    return PayingView(
      key: visit.commerce.makeID(PaymentAttempt.self).description,
      cards: cards.map { card in
        let name = visit.words["checkout.savedCard", ["brand": card.brand, "last4": card.last4]]
        return PayingView.Card(id: "\(card.id)", text: visit.words["order.payWith", ["card": name]])
      })
  }

  /// With one of the buyer's saved cards, or with what the payment provider calls another.
  private static func pay(_ visit: Visit, _ id: ID<Order>, _ form: Form) async throws -> Response {
    let (commerce, caller, token) = (visit.commerce, visit.caller, visit.orderToken)
    let outcome: PaymentOutcome
    if !form["method"].isEmpty {
      outcome = try await commerce.pay(id, method: form["method"], key: form["key"], by: caller, token: token)
    } else if let card = ID<SavedCard>(form["card"]) {
      outcome = try await commerce.pay(id, card: card, key: form["key"], by: caller, token: token)
    } else {
      throw Problem.notFound("card")
    }
    switch outcome {
    case .paid, .processing: return visit.redirect("/orders/\(id)")
    case .requiresAction(let url):
      // A code is shown on the order's own page.
      if PayByUPI.isLink(url) { return visit.redirect("/orders/\(id)") }
      return visit.redirect(url.hasPrefix("/") ? "\(url)?return=\(Visit.encoded("/orders/\(id)"))" : url)
    case .declined(let code, let sentence): throw Problem(.paymentRequired, code, sentence)
    }
  }

  private static func page(_ visit: Visit, _ id: ID<Order>, _ complaint: Visit.Complaint?) async throws -> Response {
    // Back from the bank the buyer may be here before the bank's word is.
    let order =
      try visit.query("payment") == nil
      ? try await visit.commerce.order(id, by: visit.caller, token: visit.orderToken)
      : try await visit.commerce.refreshPayment(id, by: visit.caller, token: visit.orderToken)
    let seller = try await visit.commerce.seller(of: id, by: visit.caller, token: visit.orderToken)
    let others = try await visit.commerce.paidTogether(id, by: visit.caller, token: visit.orderToken)
      .filter { $0.id != id }
    let refunds = try await visit.commerce.refunds(id, by: visit.caller, token: visit.orderToken)
    let shipments = try await visit.commerce.shipments(of: id, by: visit.caller, token: visit.orderToken)
    let covers = try await visit.commerce.covers(products: order.lines.map(\.product))
    let role = try await visit.role(in: order.channel)
    let isSeller = role?.dealsWithOrders == true
    let cancellations = try await visit.commerce.cancellations(of: id, by: visit.caller, token: visit.orderToken)
    let returns = try await visit.commerce.returns(of: id, by: visit.caller, token: visit.orderToken)
    let returnsUntil = try await visit.commerce.returnsUntil(order, shipments)
    let events = try await visit.commerce.events(of: id, by: visit.caller, token: visit.orderToken)
    let units = order.lineUnits(shipments, refunds, returns)
    let place = try await visit.commerce.place(of: id, by: visit.caller, token: visit.orderToken)
    // Whether its money can go back by itself, and not with its balance's.
    let isApart = order.part != .deposit || place.map { $0.state != .complete } ?? true
    let note = isSeller ? try await visit.commerce.note(of: id, by: visit.caller) : ""
    let sending = isSeller ? SendingView(order, units, id: visit.commerce.makeID(), note: note, visit.words) : nil
    let refunding = isSeller && order.part != .deposit ? RefundingView(order, units, refunds, visit) : nil
    let isBuyer = role == nil || visit.orderToken != nil || order.buyer.account == visit.caller.account
    let requests = Requests(
      cancellations: cancellations,
      asked: AskedView(cancellations, of: order, seller: seller, isSeller: isSeller, visit),
      cancelling: isBuyer && isApart ? CancellingView(order, shipments, cancellations, seller: seller, visit) : nil,
      sellerCancelling: isSeller && isApart ? SellerCancellingView(order, units, cancellations, visit) : nil,
      returns: returns.map {
        ReturnView($0, of: order, seller: seller, isSeller: isSeller, isBuyer: isBuyer, visit)
      },
      askReturn: isBuyer ? AskReturnView(order, units, until: returnsUntil, visit) : nil,
      history: HistoryView.all(order, shipments, refunds, events, visit.words),
      rating: RatingOfOrderView(
        try await visit.commerce.rating(of: id, by: visit.caller, token: visit.orderToken), of: order, seller: seller,
        isOwner: role?.isOwner == true, visit))
    // A member's browser may hold an old token of the order as well.
    let mayConfirm = role == nil || (order.buyer.account != nil && order.buyer.account == visit.caller.account)
    let payCard = mayConfirm && isBuyer ? PayByCard([order] + others, visit) : nil
    let confirmURL = mayConfirm ? try await confirmURL(visit, order) : nil
    let code = PayByUPI.Code(confirmURL, of: id)
    let payUPI = mayConfirm && isBuyer && code == nil ? PayByUPI([order] + others, visit) : nil
    let creators = isSeller ? order.creator.map { [Payee.channel($0)] } ?? [] : []
    let creator = try await visit.commerce.names(of: creators).values.first
    let model = OrderPage(
      order, seller: seller, creator: creator, source: isSeller ? try await source(of: order, visit) : [],
      covers: covers, others: others,
      refunds: refunds.map { RefundView($0, of: order, cancellations, returns, visit) },
      shipments: shipments,
      isBuyer: isBuyer,
      sending: sending, refunding: refunding, requests: requests, isSeller: isSeller, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil, confirmURL: code == nil ? confirmURL : nil,
      paying: try await paying(visit, order), payCard: try payCard.map { PayCardView(data: try DataBlock.text($0)) },
      upi: code, payUPI: payUPI,
      isWon: try await visit.commerce.isWon(id),
      preorder: place.map { PreorderOfOrderView($0, on: order, isBuyer: isBuyer, visit.words) },
      visit.words)
    var response = try visit.page(
      "order", title: "\(visit.words["order.order"]) \(order.number)", status: complaint?.status ?? .ok, model)
    if payCard != nil, let stripe = (visit.commerce.providers.current as? StripeProvider)?.settings {
      response.headers[.contentSecurityPolicy] = SecurityHeaders.contentSecurityPolicy(with: stripe)
    }
    return response
  }

  /// For the seller's people: the link, page or site it came by, and what was on screen then.
  private static func source(of order: Order, _ visit: Visit) async throws -> [String] {
    let words = visit.words
    let partner = try await visit.commerce.names(of: order.partner.map { [.partner($0)] } ?? []).values.first
    var lines = [
      words.source(order.source.kind, via: order.source.via, site: order.source.site, partner: partner ?? "")
    ]
    if let clip = order.source.clip {
      do {
        let title = try await visit.commerce.clip(clip, by: visit.caller).title
        lines.append(words["source.clip", ["title": title]])
      } catch is any Refusal {
        // It was removed, and who looks is none of its channel's people.
      }
    }
    if order.source.kind == .embed, let partner { lines.append(words["source.by", ["name": partner]]) }
    if let moment = try await visit.commerce.moment(of: order.id, by: visit.caller) {
      let values = ["time": Figures.clock(moment.mediaTime), "title": moment.pinTitle]
      lines.append(words[moment.pin == nil ? "source.at" : "source.atPin", values])
    }
    return lines
  }

  static func act(_ visit: Visit) async throws -> Response {
    let id = try visit.id("order", Order.self)
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "cancel": _ = try await visit.commerce.cancelOrder(id, by: visit.caller, token: visit.orderToken)
      case "pay": return try await pay(visit, id, form)
      case "deliver":
        guard let shipment = ID<Shipment>(form["shipment"]) else { throw Problem.notFound("shipment") }
        _ = try await visit.commerce.deliver(shipment, of: id, by: visit.caller, token: visit.orderToken)
      case "ship":
        _ = try await visit.commerce.ship(
          id, id: ID<Shipment>(form["shipment"]), by: visit.caller, lines: try SendingView.lines(of: form),
          carrier: form["carrier"], tracking: form["tracking"], link: form["link"])
        return visit.redirect("/orders/\(id)?saved=yes")
      case "note":
        _ = try await visit.commerce.putNote(form["note"], of: id, by: visit.caller)
        return visit.redirect("/orders/\(id)?saved=yes")
      case "refund":
        guard let refund = ID<Refund>(form["refund"]) else { throw Problem.notFound("refund") }
        _ = try await visit.commerce.refund(
          id, id: refund, by: visit.caller, lines: try RefundingView.units(of: form),
          shippingMinor: try await shippingMinor(form, visit, id), reason: form["reason"])
        return visit.redirect("/orders/\(id)?saved=yes")
      default:
        if try await actOnRequests(form, visit, id) { return visit.redirect("/orders/\(id)?saved=yes") }
      }
    } catch {
      return try await page(visit, id, visit.complaint(error))
    }
    return visit.redirect("/orders/\(id)")
  }

  /// All that is left of the shipping, when its box is ticked.
  private static func shippingMinor(_ form: Form, _ visit: Visit, _ id: ID<Order>) async throws -> Int64? {
    guard form.has("shipping") else { return nil }
    let order = try await visit.commerce.order(id, by: visit.caller, token: visit.orderToken)
    let refunds = try await visit.commerce.refunds(id, by: visit.caller, token: visit.orderToken)
    // Pressed twice it is the same refund, for which there was more of it.
    if let known = refunds.first(where: { $0.id == ID<Refund>(form["refund"]) }) { return known.shipping.minor }
    return order.shippingLeft(after: refunds)
  }

  fileprivate static let cookie = "haat_order"
}

extension Visit {
  /// What the browser holds for the order in the address.
  var orderToken: Secret? { request.cookies[OrderPage.cookie].flatMap { Secret(presented: $0.value) } }
}

extension Order {
  /// Whether all of it was cancelled after it was paid; its money may still be on the way.
  fileprivate func isCancelled(_ cancellations: [Cancellation]) -> Bool {
    guard state == .refunded || state == .paid && refunded == total else { return false }
    return cancellations.contains { $0.state == .accepted }
  }

  /// How far it has come, and what is still to come.
  fileprivate func milestones(isCancelled: Bool, _ words: Words) -> [OrderPage.Milestone] {
    let begun = OrderPage.Milestone(
      name: words["order.stepPlaced"], tone: "past", isCurrent: state == .placed, whenISO: placed.description,
      whenText: placed.plainText)
    if isCancelled, state == .paid {
      return [begun, paidStep(words), .init(name: words["order.stepCancelled"], tone: "bad", isCurrent: true)]
    }
    switch state {
    case .expired, .cancelled:
      return [begun, .init(name: state.text(words), tone: "bad", isCurrent: true)]
    case .refunded:
      return [begun, paidStep(words), .init(name: state.text(words), tone: "past", isCurrent: true)]
    case .placed, .paid, .fulfilled, .delivered, .settled:
      let isSent = [.fulfilled, .delivered, .settled].contains(state)
      let hasArrived = [.delivered, .settled].contains(state)
      return [
        begun, paidStep(words),
        .init(
          name: words["order.stepFulfilled"], tone: isSent ? "past" : "", isCurrent: state == .fulfilled,
          note: tracking.isEmpty ? nil : words["order.tracking", ["tracking": tracking]]),
        .init(name: words["order.stepDelivered"], tone: hasArrived ? "past" : "", isCurrent: hasArrived),
      ]
    }
  }

  private func paidStep(_ words: Words) -> OrderPage.Milestone {
    .init(
      name: words["order.stepPaid"], tone: paid == nil ? "" : "past", isCurrent: state == .paid,
      whenISO: paid?.description, whenText: paid?.plainText ?? "")
  }
}

extension Refund.State {
  func text(_ words: Words) -> String {
    switch self {
    case .pending: words["order.refundPending"]
    case .succeeded: words["order.refundDone"]
    case .failed: words["order.refundFailed"]
    }
  }

  var tone: String {
    switch self {
    case .pending: "warn"
    case .succeeded: "good"
    case .failed: "bad"
    }
  }
}

extension Order.State {
  fileprivate var key: String { self == .settled ? "delivered" : rawValue }
}
