import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Quotes, orders and their payments.
enum OrderAPI {
  struct BagLine: Codable {
    let offer: ID<Offer>
    let quantity: Int64
  }

  struct NewQuote: Codable {
    let show: ID<Show>?
    let market: String
    let lines: [BagLine]
    let coupon: String?
  }

  /// What a coupon takes off.
  struct CouponUsed: Codable, Described {
    let code: String
    let discount: Money
    let fundedBy: Coupon.Funder

    static let fields = ["fundedBy": "Who bears it: the seller, or the platform, which puts it in."]

    /// Nil where nothing is taken off.
    init?(code: String, discount: Money, promotion: Money) {
      guard !code.isEmpty else { return nil }
      self.code = code
      self.discount = discount
      fundedBy = promotion.minor > 0 ? .platform : .seller
    }
  }

  struct QuoteLine: Codable, Described {
    let offer: ID<Offer>
    let variant: ID<Variant>
    let product: ID<Product>
    let title: String
    let sku: String
    /// Of one unit; 0 when nobody weighed it.
    let weightGrams: Int64
    let taxClass: String
    let taxRateBasisPoints: Int64
    let quantity: Int64
    let unitPrice: Money
    let total: Money
    var bundle: ID<Variant>?
    var parts: [QuotePart]?

    static let fields = [
      "taxClass": "Empty for a bundle, whose parts have their own.",
      "bundle": "Of an order: the bundle it was bought as a part of, by its variant. Left out for others.",
      "parts": "Of a quote: what a bundle becomes in the order, a line for each part. Left out for others.",
    ]

    init(_ line: Quote.Line) {
      (offer, variant, product) = (line.offer, line.variant, line.product)
      (title, sku, weightGrams) = (line.title, line.sku, line.grams)
      (taxClass, taxRateBasisPoints) = (line.taxClass, line.taxRate.basisPoints)
      (quantity, unitPrice, total) = (line.quantity, line.unitPrice, line.total)
    }

    init(_ line: OrderLine) {
      (offer, variant, product) = (line.offer, line.variant, line.product)
      (title, sku, weightGrams) = (line.title, line.sku, line.grams)
      (taxClass, taxRateBasisPoints) = (line.taxClass, line.taxRate.basisPoints)
      (quantity, unitPrice, total, bundle) = (line.quantity, line.unitPrice, line.total, line.bundle)
    }

    /// A bundle, of these parts.
    private init(_ bundle: Quote.Bundled, offer: ID<Offer>, _ parts: [Quote.Line]) {
      self.offer = offer
      (variant, product, title, sku) = (bundle.variant, bundle.product, bundle.title, bundle.sku)
      weightGrams = parts.reduce(0) { $0 + $1.grams * $1.quantity } / bundle.quantity
      (taxClass, taxRateBasisPoints) = ("", 0)
      (quantity, unitPrice, total) = (bundle.quantity, bundle.unitPrice, bundle.total)
      self.parts = parts.map(QuotePart.init)
    }

    /// The lines as the bag has them: a bundle is one.
    static func lines(of quote: BagQuote) -> [Self] {
      var seen: Set<ID<Offer>> = []
      return quote.lines.compactMap { line in
        guard let bundle = line.bundle else { return Self(line) }
        guard seen.insert(line.offer).inserted else { return nil }
        return Self(bundle, offer: line.offer, quote.lines.filter { $0.offer == line.offer })
      }
    }
  }

  /// A part of a bundle, as a line of the order it becomes.
  struct QuotePart: Codable {
    let variant: ID<Variant>
    let title: String
    let taxClass: String
    let taxRateBasisPoints: Int64
    let quantity: Int64
    let unitPrice: Money
    let total: Money

    init(_ line: Quote.Line) {
      (variant, title) = (line.variant, line.title)
      (taxClass, taxRateBasisPoints) = (line.taxClass, line.taxRate.basisPoints)
      (quantity, unitPrice, total) = (line.quantity, line.unitPrice, line.total)
    }
  }

  /// What one of several sellers has for a part of the bag.
  struct SellerQuote: Codable {
    let channel: ID<CommerceChannel>
    let name: String
    let subtotal: Money
    let coupon: CouponUsed?
    let shipping: Money
    /// Contained in the total.
    let tax: Money
    let total: Money
  }

  /// What of a quote or an order is tax at one rate.
  struct TaxPart: Codable {
    let rateBasisPoints: Int64
    let amount: Money

    init(_ sum: TaxSum) {
      rateBasisPoints = sum.rate.basisPoints
      amount = sum.amount
    }
  }

  struct QuoteAnswer: Codable, Described {
    let lines: [QuoteLine]
    /// What the lines come to.
    let subtotal: Money
    /// What live deals take off the list prices; in the subtotal already, and left out without any.
    let dealSaving: Money?
    /// What a coupon takes off the subtotal.
    let coupon: CouponUsed?
    let shipping: Money
    /// Contained in the total.
    let tax: Money
    let taxes: [TaxPart]
    let isTaxAdded: Bool
    let total: Money
    let sellers: [SellerQuote]?
    let providerUnits: Int64?
    let preorder: PreorderAPI.QuoteLater?

    static let fields = [
      "preorder": "Of a bag that is a preorder: what is paid later. Left out for others.",
      "sellers": "Each seller's part, where there are several: an order for each, paid together.",
      "taxes": "The tax by rate, of the goods and the shipping.",
      "isTaxAdded": "The tax was added to prices and shipping; else they include it.",
      "providerUnits": "The total in the payment provider's own units, for its script; left out where they are ours.",
    ]
  }

  struct NewAddress: Codable {
    let name: String?
    let line1: String
    let line2: String?
    let city: String
    let region: String?
    let postalCode: String
    let country: String
  }

  struct NewBuyer: Codable {
    let name: String
    let email: String
    let phone: String?
    let address: NewAddress

    func buyer(_ account: ID<Account>?) -> Buyer {
      Buyer(
        account: account, name: name, email: email, phone: phone ?? "",
        address: Buyer.Address(
          name: address.name ?? "", line1: address.line1, line2: address.line2 ?? "", city: address.city,
          region: address.region ?? "", postalCode: address.postalCode, country: address.country))
    }
  }

  struct NewOrder: Codable, Described {
    let id: ID<Order>?
    let show: ID<Show>?
    let market: String
    let lines: [BagLine]
    let buyer: NewBuyer
    let coupon: String?
    let via: String?
    let site: String?
    let mediaTime: Int64?
    let clip: ID<Clip>?

    static let fields = [
      "lines": "Offers and quantities, never prices: what an offer costs is the server's to say.",
      "via": "The key of the partner whose link or page brought the buyer. Unknown, it earns nobody anything.",
      "site": "The origin of the page that holds the frame, such as https://blog.example. Left out outside of one.",
      "mediaTime": "Where the buyer's playhead was, in milliseconds on the show's media clock.",
      "clip": "The clip that it is bought from; one that is not of the show is left out.",
    ]

    var bag: Bag {
      Bag(
        show: show, market: market, lines: lines.map { Bag.Line(offer: $0.offer, quantity: $0.quantity) },
        coupon: coupon)
    }
  }

  struct BuyerAnswer: Codable {
    let name: String
    let email: String
    let phone: String
    let address: Buyer.Address
  }

  struct OrderAnswer: Codable {
    let id: ID<Order>
    let number: String
    /// The first of the orders of one bag that are paid together, this one perhaps; left out when it is paid alone.
    let purchase: ID<Order>?
    /// What of a preorder it pays; left out for an order that pays for all of what it is of.
    let part: Order.Part?
    let state: Order.State
    let channel: ID<CommerceChannel>
    let show: ID<Show>?
    /// The channel in whose show it was sold, when that is not the seller.
    let creator: ID<CommerceChannel>?
    let source: SourceAnswer?
    let market: String
    let lines: [QuoteLine]
    /// What the lines come to.
    let subtotal: Money
    /// What a coupon took off the subtotal.
    let coupon: CouponUsed?
    let shipping: Money
    /// Contained in the total.
    let tax: Money
    let taxes: [TaxPart]
    let isTaxAdded: Bool
    let total: Money
    let refunded: Money
    let buyer: BuyerAnswer
    let tracking: String?
    let placedAt: Moment
    /// Until when the stock is held.
    let expiresAt: Moment
    let paidAt: Moment?

    init(_ order: Order) {
      id = order.id
      number = order.number
      purchase = order.purchase
      part = order.part
      state = order.state
      channel = order.channel
      show = order.show
      creator = order.creator
      source = SourceAnswer(order)
      market = order.market
      lines = order.lines.map { QuoteLine($0) }
      subtotal = order.subtotal
      coupon = CouponUsed(code: order.couponCode, discount: order.discount, promotion: order.promotion)
      shipping = order.shipping
      tax = order.tax
      taxes = order.taxes.map(TaxPart.init)
      isTaxAdded = order.isTaxAdded
      total = order.total
      refunded = order.refunded
      buyer = BuyerAnswer(
        name: order.buyer.name, email: order.buyer.email, phone: order.buyer.phone, address: order.buyer.address)
      tracking = order.tracking.isEmpty ? nil : order.tracking
      placedAt = order.placed
      expiresAt = order.expires
      paidAt = order.paid
    }
  }

  /// Where an order came from.
  struct SourceAnswer: Codable, Described {
    let kind: OrderSource.Kind
    let via: String?
    let site: String?
    let mediaTime: Int64?
    let clip: ID<Clip>?
    let credit: Attribution.Credit
    let partner: ID<Partner>?

    static let fields = [
      "via": "As it was told, whether or not somebody earns by it.", "site": "As it was told.",
      "credit": "partner, or why nobody has a part of the commission.",
    ]

    /// Nil for an order of this installation's own pages, and of no moment.
    init?(_ order: Order) {
      let source = order.source
      guard source != .page else { return nil }
      kind = source.kind
      via = source.via.isEmpty ? nil : source.via
      site = source.site.isEmpty ? nil : source.site
      mediaTime = source.mediaTime
      clip = source.clip
      credit = order.credit
      partner = order.partner
    }
  }

  struct PaymentWay: Codable, Described {
    let provider: String
    let means: PaymentMeans
    let methodsURL: String?
    let scriptURL: String?
    let publishableKey: String?

    static let fields = [
      "means": "What is paid with. With `upi`, `paymentMethod` is `upi`, and nothing is kept.",
      "methodsURL": "Where a card becomes a payment method; only the sandbox has this here.",
      "scriptURL": "The provider's own script for browsers, whose fields take the card.",
      "publishableKey": "What that script is started with.",
    ]

    init(_ provider: any PaymentProvider) {
      self.provider = provider.name
      means = provider.means
      methodsURL = provider is SandboxProvider ? "/sandbox/v1/payment_methods" : nil
      let stripe = (provider as? StripeProvider)?.settings
      scriptURL = stripe?.scriptURL
      publishableKey = stripe?.publishableKey
    }
  }

  struct Placed: Codable, Described {
    let order: OrderAnswer
    let others: [OrderAnswer]?
    /// Opens the order, and the others, to whoever holds it: send it as `Order-Token`.
    let accessToken: String

    static let fields = [
      "others": "The orders of the bag's other sellers: a payment of one is a payment of all. Left out without any."
    ]

    let payment: PaymentWay?
  }

  struct NewRefund: Codable, Described {
    let id: ID<Refund>?
    let amountMinor: Int64?
    let lines: [RefundUnits]?
    let shippingMinor: Int64?
    let reason: String

    static let fields = [
      "amountMinor": "All that is not refunded yet, when it, lines and shippingMinor are left out.",
      "lines": "Units, instead of an amount: what the buyer paid for them goes back.",
      "shippingMinor": "So much of the shipping, alone or with lines.",
    ]
  }

  struct RefundUnits: Codable, Described {
    let line: Int
    let quantity: Int64
    let unsent: Int64?

    static let fields = [
      "line": "The line's place in the order, from 0.",
      "unsent":
        "How many of them were never sent: they go back on the shelf. As many as there are when it is left out.",
    ]

    var units: Refund.Units { Refund.Units(position: line, quantity: quantity, unsent: unsent) }
  }

  struct RefundLine: Codable {
    let line: Int
    let quantity: Int64
    let unsent: Int64
    let amount: Money
  }

  struct RefundAnswer: Codable {
    let id: ID<Refund>
    let order: ID<Order>
    let amount: Money
    /// Empty when it was not asked for by line.
    let lines: [RefundLine]
    /// What was asked for as shipping.
    let shipping: Money
    let reason: String
    let state: String
    /// Why it does not go on: `no_payment_provider`.
    let obstacle: String?
    let madeAt: Moment

    init(_ refund: Refund, _ commerce: Commerce) {
      id = refund.id
      order = refund.order
      amount = refund.amount
      lines = refund.lines.map {
        RefundLine(line: $0.position, quantity: $0.quantity, unsent: $0.unsent, amount: $0.amount)
      }
      shipping = refund.shipping
      reason = refund.reason
      state = refund.state.rawValue
      obstacle = commerce.isStuck(refund) ? "no_payment_provider" : nil
      madeAt = refund.made
    }
  }

  struct Fulfilment: Codable { let tracking: String? }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/quotes", "Says what a bag would cost. Nothing is held by it.", takes: NewQuote.self,
      gives: QuoteAnswer.self
    ) { call, body in
      let bag = Bag(
        show: body.show, market: body.market,
        lines: body.lines.map { Bag.Line(offer: $0.offer, quantity: $0.quantity) }, coupon: body.coupon)
      let quote = try await call.commerce.quote(bag)
      let names = try await call.sellerNames(of: quote)
      return QuoteAnswer(
        lines: QuoteLine.lines(of: quote), subtotal: quote.subtotal,
        dealSaving: quote.dealSaving.minor > 0 ? quote.dealSaving : nil,
        coupon: CouponUsed(
          code: quote.coupon?.code ?? "", discount: quote.discount, promotion: quote.promotion),
        shipping: quote.shipping, tax: quote.tax, taxes: quote.taxes.map(TaxPart.init),
        isTaxAdded: quote.taxAdded.minor > 0, total: quote.total,
        sellers: quote.sellers.count == 1
          ? nil
          : quote.sellers.map {
            SellerQuote(
              channel: $0.channel, name: names[$0.channel] ?? "", subtotal: $0.subtotal,
              coupon: CouponUsed(code: $0.coupon?.code ?? "", discount: $0.discount, promotion: $0.promotion),
              shipping: $0.shipping, tax: $0.tax, total: $0.total)
          },
        providerUnits: call.commerce.providers.current is StripeProvider
          ? StripeAmount.units(of: quote.total).flatMap { $0 == quote.total.minor ? nil : $0 } : nil,
        preorder: PreorderAPI.QuoteLater(quote))
    }.repeated(.ignored),
    placing,
    Endpoint(.get, "/api/v1/orders", "Lists your orders, or a channel's.", gives: List<OrderAnswer>.self) { call in
      let limit = try call.limit()
      guard let name = try call.query("channel") else {
        return List(
          try await call.commerce.orders(by: call.caller, after: call.cursor(), limit: limit), OrderAnswer.init)
      }
      let channel: ID<CommerceChannel>
      if let id = ID<CommerceChannel>(name) {
        channel = id
      } else {
        channel = try await call.commerce.channel(handle: name, by: call.caller).id
      }
      return List(
        try await call.commerce.orders(of: channel, by: call.caller, after: call.cursor(), limit: limit),
        OrderAnswer.init)
    }.query("channel", "A channel's id or handle; your own orders when it is left out.").paged.by(.account),
    Endpoint(
      .get, "/api/v1/orders/{order}", "Shows an order, to its buyer and those who send it.", gives: OrderAnswer.self
    ) { call in
      OrderAnswer(try await call.commerce.order(call.id("order"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/orders/{order}/cancellation", "Ends an order that is not paid.", gives: OrderAnswer.self
    ) { call in
      OrderAnswer(try await call.commerce.cancelOrder(call.id("order"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .get, "/api/v1/orders/{order}/refunds", "Lists what was given back.", gives: List<RefundAnswer>.self
    ) { call in
      List(
        try await call.commerce.refunds(call.id("order"), by: call.caller, token: call.orderToken)
          .map { RefundAnswer($0, call.commerce) })
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/orders/{order}/refunds",
      "Gives a paid order's money back, all, an amount, or what was paid for lines and shipping; for the seller.",
      takes: NewRefund.self, gives: RefundAnswer.self, as: .created
    ) { call, body in
      RefundAnswer(
        try await call.commerce.refund(
          call.id("order"), id: body.id, key: call.idempotencyKey(), by: call.caller, amountMinor: body.amountMinor,
          lines: body.lines?.map(\.units), shippingMinor: body.shippingMinor, reason: body.reason),
        call.commerce)
    }.repeated(.keyRequired).by(.account),
    Endpoint(
      .get, "/api/v1/refunds", "Lists the refunds that wait for their payment provider; for the operator.",
      gives: List<RefundAnswer>.self
    ) { call in
      List(try await call.commerce.waitingRefunds(by: call.caller).map { RefundAnswer($0, call.commerce) })
    }.by(.account),
    Endpoint(
      .post, "/api/v1/orders/{order}/fulfilment", "Says that all that was not sent yet of a paid order was sent.",
      takes: Fulfilment.self, gives: OrderAnswer.self
    ) { call, body in
      OrderAnswer(try await call.commerce.fulfil(call.id("order"), by: call.caller, tracking: body.tracking))
    }.by(.account),
  ]

  /// The key goes along into the order's own transaction: one write places an order, and none looks after its key.
  private static var placing: Endpoint {
    var endpoint = Endpoint(
      .post, placingRoute, "Holds the stock and places an order, or one for each seller of the bag; anyone may.",
      as: .created
    ) { call in
      let (body, key) = try read(call)
      let placed = try await call.commerce.placeOrder(
        body.id, body.bag, buyer: body.buyer.buyer(call.caller.account),
        language: call.context.language, key: key, address: call.address, source: body.source(call.request))
      var response = Endpoint.response(json: answer(placed, call.site), as: .created)
      if !placed.isNew { response.headers[.idempotencyReplayed] = "true" }
      return response
    }
    endpoint.body = .json(NewOrder.self)
    endpoint.answer = .json(Placed.self)
    endpoint.isBrief = true
    return endpoint.limited(.orders).repeated(.keyPassedOn)
  }

  private static func read(_ call: Call) throws -> (NewOrder, IdempotencyKey) {
    let body = try NewOrder(plain: call.bytes) ?? call.decode(NewOrder.self)
    guard let key = try call.idempotencyKey() else { throw Problem.keyMissing }
    return (body, key)
  }

  /// What the order's buyer is told, as JSON, and counted.
  static func answer(_ placed: PlacedOrder, _ site: Site) -> [UInt8] {
    site.metrics.placedOrder()
    return Placed(
      order: OrderAnswer(placed.order), others: placed.others.isEmpty ? nil : placed.others.map(OrderAnswer.init),
      accessToken: placed.access.text, payment: site.commerce.providers.current.map { PaymentWay($0) }
    ).json
  }

  /// What the route does, for `OrderShortcut`: refuses at once by throwing, and else tells what became of it, on a thread
  /// that must not be held up.
  static func place(_ call: Call, then tell: @escaping @Sendable (Result<PlacedOrder, any Error>) -> Void) throws {
    let (body, key) = try read(call)
    try call.commerce.placeOrder(
      body.id, body.bag, buyer: body.buyer.buyer(call.caller.account), language: call.context.language, key: key,
      address: call.address, source: body.source(call.request), then: tell)
  }

  /// What the router calls it.
  static let placingRoute = "/api/v1/orders"
}

extension Call {
  /// Whose parts of a bag they are, where there are several.
  fileprivate func sellerNames(of quote: BagQuote) async throws -> [ID<CommerceChannel>: String] {
    guard quote.sellers.count > 1 else { return [:] }
    let names = try await commerce.names(of: quote.sellers.map { Payee.channel($0.channel) })
    return names.reduce(into: [:]) { if case .channel(let channel) = $1.key { $0[channel] = $1.value } }
  }
}
