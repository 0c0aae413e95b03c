import Commerce
import HTTPTypes
import Hummingbird

/// Preorders: a deposit now, the balance when the goods are there (docs/decisions/0033).
enum PreorderAPI {
  struct NewPreorder: Codable, Described {
    let id: ID<Preorder>?
    let variant: ID<Variant>
    let depositPercent: Int64
    let unitsMax: Int64
    let shipsBy: Moment
    let until: Moment
    let payDays: Int64?

    static let fields = [
      "variant": "One of the channel's: no bundle, in none, and in no live deal or auction.",
      "depositPercent": "Of the price, 1 to 100. With 100 everything is paid at once.",
      "unitsMax": "How many units may be preordered.", "shipsBy": "When the goods are expected to be sent.",
      "until": "Until when preorders are taken: not after `shipsBy`.",
      "payDays": "How many days a buyer has for the balance: 3 to 30, or 7.",
    ]
  }

  struct PreorderChanges: Codable, Described {
    let unitsMax: Int64?
    let shipsBy: Moment?
    let until: Moment?

    static let fields = [
      "unitsMax": "Not below what is preordered.", "shipsBy": "A later date is told to everybody who waits.",
    ]
  }

  struct ReadyUnits: Codable, Described {
    let units: Int64

    static let fields = ["units": "That are on the shelf, for those who wait; who paid first first."]
  }

  struct PreorderAnswer: Codable, Described {
    let id: ID<Preorder>
    let channel: ID<CommerceChannel>
    let variant: ID<Variant>
    let product: ID<Product>
    let title: String
    let state: Preorder.State
    let depositPercent: Int64
    let unitsMax: Int64
    let unitsTaken: Int64
    let unitsWaiting: Int64
    let unitsReady: Int64
    let shipsBy: Moment
    let until: Moment
    let payDays: Int64
    let createdAt: Moment

    static let fields = [
      "state": "stopped takes no more; it is ended when nobody waits then, and the variant is sold as others are.",
      "unitsTaken": "Preordered, without what has ended.",
      "unitsWaiting": "Those that wait for goods, or for their deposit.",
      "unitsReady": "Given out, and nobody's yet: the next one wants more than there are.",
    ]

    init(_ preorder: Preorder) {
      id = preorder.id
      (channel, variant, product) = (preorder.channel, preorder.variant, preorder.product)
      (title, state) = (preorder.title, preorder.state)
      depositPercent = preorder.depositRate.basisPoints / 100
      (unitsMax, unitsTaken) = (preorder.unitsMax, preorder.unitsTaken)
      (unitsWaiting, unitsReady) = (preorder.unitsWaiting, preorder.unitsReady)
      (shipsBy, until, payDays, createdAt) = (preorder.shipsBy, preorder.until, preorder.payDays, preorder.made)
    }
  }

  /// A buyer's place in a preorder.
  struct PreorderPlaceAnswer: Codable, Described {
    let order: ID<Order>
    let number: String
    let preorder: ID<Preorder>
    let variant: ID<Variant>
    let title: String
    let quantity: Int64
    let state: Preorder.Place.State
    let why: Preorder.Place.End?
    let price: Money
    let balance: Money
    let shipping: Money
    let shipsBy: Moment
    let payDays: Int64
    let balanceOrder: ID<Order>?
    let dueAt: Moment?

    static let fields = [
      "order": "That pays the deposit.",
      "state": "held until the deposit is paid, waiting for goods, called to pay the balance, complete, or ended.",
      "why": "Of one that ended: unpaid, cancelled, lapsed, or called_off.",
      "price": "Of one unit, as it was when it was preordered.", "balance": "What of it is paid later.",
      "shipping": "Paid with the balance, without tax that is added.",
      "balanceOrder": "That pays the balance, once the goods are there.", "dueAt": "Until when it can be paid.",
    ]

    init(_ place: Preorder.Place) {
      order = place.order
      number = place.order.orderNumber
      (preorder, variant, title, quantity) = (place.preorder, place.variant, place.title, place.quantity)
      state = place.state
      why = place.why == .none ? nil : place.why
      (price, balance, shipping) = (place.price, place.balance, place.shipping)
      (shipsBy, payDays, balanceOrder, dueAt) = (place.shipsBy, place.payDays, place.balanceOrder, place.due)
    }
  }

  /// How a variant on preorder is sold.
  struct PreorderTerms: Codable, Described {
    let id: ID<Preorder>
    let depositPercent: Int64
    let deposit: Money?
    let balance: Money?
    let shipsBy: Moment
    let payDays: Int64

    static let fields = [
      "deposit": "Of one unit; left out where it is not sold.",
      "balance": "Of one unit, paid when the goods are there.",
    ]

    init(_ preorder: Preorder, price: Money?) {
      id = preorder.id
      depositPercent = preorder.depositRate.basisPoints / 100
      let parts = price.map { preorder.parts(of: $0) }
      (deposit, balance) = (parts?.deposit, parts?.balance)
      (shipsBy, payDays) = (preorder.shipsBy, preorder.payDays)
    }
  }

  /// What of a quote for a preorder is paid later.
  struct QuoteLater: Codable, Described {
    let depositPercent: Int64
    let price: Money
    let goods: Money
    let shipping: Money
    let tax: Money
    let total: Money
    let shipsBy: Moment
    let payDays: Int64

    static let fields = [
      "price": "Of one unit, deposit and balance together.", "goods": "Of the balance of all units.",
      "tax": "That is added to the balance and its shipping; nothing where prices include it.",
      "total": "Of the balance; nothing where all is paid at once.",
      "payDays": "How many days there are to pay it, from when the goods are there.",
    ]

    init?(_ quote: BagQuote) {
      guard let terms = quote.preordered else { return nil }
      depositPercent = terms.depositRate.basisPoints / 100
      price = terms.price
      let nothing = Money(minor: 0, currency: terms.price.currency)
      goods = quote.balance?.goods ?? nothing
      shipping = quote.balance?.shipping ?? nothing
      tax = quote.balance?.taxAdded ?? nothing
      total = quote.balance?.total ?? nothing
      (shipsBy, payDays) = (terms.shipsBy, terms.payDays)
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/channels/{channel}/preorders",
      "Puts a variant on preorder: it is ordered for a deposit from now on; for the channel's owners.",
      takes: NewPreorder.self, gives: PreorderAnswer.self, as: .created
    ) { call, body in
      PreorderAnswer(
        try await call.commerce.openPreorder(
          body.id ?? call.commerce.makeID(), of: body.variant, in: call.channel().id,
          PreorderDraft(
            depositPercent: body.depositPercent, unitsMax: body.unitsMax, shipsBy: body.shipsBy, until: body.until,
            payDays: body.payDays ?? 7), by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/preorders", "Lists a channel's preorders, the newest first; for its members.",
      gives: List<PreorderAnswer>.self
    ) { call in
      let page = try await call.commerce.preorders(
        of: call.channel().id, by: call.caller, after: call.cursor(), limit: call.limit())
      return List(page) { PreorderAnswer($0) }
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/preorders/{preorder}", "Shows a preorder, to the members of its channel.",
      gives: PreorderAnswer.self
    ) { call in
      PreorderAnswer(try await call.commerce.preorder(call.id("preorder"), by: call.caller))
    }.by(.account),
    Endpoint(
      .patch, "/api/v1/preorders/{preorder}",
      "Changes how many may be preordered, until when, and when the goods are expected; for the channel's owners.",
      takes: PreorderChanges.self, gives: PreorderAnswer.self
    ) { call, body in
      PreorderAnswer(
        try await call.commerce.changePreorder(
          call.id("preorder"), PreorderChange(unitsMax: body.unitsMax, shipsBy: body.shipsBy, until: body.until),
          by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/preorders/{preorder}/ready",
      "Gives units on the shelf to those who wait, who are asked for their balance; for owners and fulfilment members.",
      takes: ReadyUnits.self, gives: PreorderAnswer.self
    ) { call, body in
      PreorderAnswer(
        try await call.commerce.readyPreorder(call.id("preorder"), units: body.units, by: call.caller))
    }.repeated(.keyRequired).by(.account),
    Endpoint(
      .post, "/api/v1/preorders/{preorder}/stop", "Takes no more preorders; those there are go on.",
      gives: PreorderAnswer.self
    ) { call in
      PreorderAnswer(try await call.commerce.stopPreorder(call.id("preorder"), by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/preorders/{preorder}/call-off",
      "Ends it for everybody who has not paid the balance, and gives all deposits back.", gives: PreorderAnswer.self
    ) { call in
      PreorderAnswer(try await call.commerce.callOffPreorder(call.id("preorder"), by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/preorders/{preorder}/places",
      "Lists who has preordered, the first first; for owners and fulfilment members.",
      gives: List<PreorderPlaceAnswer>.self
    ) { call in
      let page = try await call.commerce.places(
        of: call.id("preorder"), by: call.caller, after: call.cursor(), limit: call.limit())
      return List(page) { PreorderPlaceAnswer($0) }
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/orders/{order}/preorder",
      "Shows the preorder that an order pays the deposit or the balance of, to whoever may see the order.",
      gives: PreorderPlaceAnswer.self
    ) { call in
      let place = try await call.commerce.place(
        of: call.id("order"), by: call.caller, token: call.orderToken)
      guard let place else { throw Problem.notFound("preorder") }
      return PreorderPlaceAnswer(place)
    }.by(.orderToken),
  ]
}
