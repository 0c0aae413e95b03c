import Commerce
import HTTPTypes
import Hummingbird

/// Waitlists: buyers' wishes for sold-out variants, first in, first offered (docs/decisions/0028).
enum WaitlistAPI {
  struct NewWish: Codable, Described {
    let id: ID<Wish>?
    let market: String
    let email: String?

    static let fields = [
      "market": "At whose price it is offered, and where it would be sent.",
      "email": "A guest's, who is sent a link to confirm with; not heeded of who is signed in.",
    ]
  }

  struct WishAnswer: Codable, Described {
    let id: ID<Wish>
    let variant: ID<Variant>
    let product: ID<Product>
    let title: String
    let market: String
    let state: Wish.State
    let place: Int64?
    let since: Moment
    let offerMinutes: Int64
    let heldUntil: Moment?
    let order: ID<Order>?

    static let fields = [
      "state": "While it is offered a unit is held for it, and nobody else can have that one.",
      "place": "In the list, from 1; left out unless it waits.", "since": "When it came into the list.",
      "offerMinutes": "For how long a unit is held for it.",
      "heldUntil": "Until when the unit is held, or the last one was; left out before the first.",
      "order": "What the offer was taken by.",
    ]

    init(_ wish: Wish) {
      id = wish.id
      variant = wish.variant
      product = wish.product
      title = wish.title
      market = wish.market
      state = wish.state
      place = wish.place
      since = wish.since
      offerMinutes = wish.offerSeconds / 60
      heldUntil = wish.until
      order = wish.order
    }
  }

  struct JoinedAnswer: Codable, Described {
    let wish: WishAnswer?
    let isMailed: Bool

    static let fields = [
      "wish": "Left out for a guest: theirs is opened by the link in their mail.",
      "isMailed": "Whether a link to confirm with was sent, if nobody waits with that address already.",
    ]

    init(_ wished: Commerce.Wished) {
      switch wished {
      case .waits(let wish): (self.wish, isMailed) = (WishAnswer(wish), false)
      case .mailed: (wish, isMailed) = (nil, true)
      }
    }
  }

  struct WaitlistAnswer: Codable, Described {
    let waiting: Int64
    let offered: Int64

    static let fields = ["offered": "Units that are held for somebody; they count as reserved."]
  }

  struct OfferedOrder: Codable, Described {
    let id: ID<Order>?
    let offer: ID<Offer>
    let buyer: OrderAPI.NewBuyer
    let coupon: String?

    static let fields = ["offer": "Under which the unit is bought, of today, of the variant and in the wish's market."]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/variants/{variant}/waitlist",
      "Asks to be told when a sold-out variant can be had again; anyone may.", takes: NewWish.self,
      gives: JoinedAnswer.self, as: .created
    ) { call, body in
      JoinedAnswer(
        try await call.commerce.joinWaitlist(
          body.id ?? call.commerce.makeID(), of: call.id("variant"), by: call.caller, market: body.market,
          email: body.email, language: call.context.language, address: call.address))
    }.limited(.orders),
    Endpoint(
      .get, "/api/v1/variants/{variant}/waitlist", "Says how many wait for a variant; for its channel's members.",
      gives: WaitlistAnswer.self
    ) { call in
      let list = try await call.commerce.waitlist(of: call.id("variant"), by: call.caller)
      return WaitlistAnswer(waiting: list.waiting, offered: list.offered)
    }.by(.account),
    Endpoint(
      .get, "/api/v1/wishes", "Lists what you wait for, and what became of it in the last days, the newest first.",
      gives: List<WishAnswer>.self
    ) { call in
      List(try await call.commerce.wishes(by: call.caller).map(WishAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/wishes/{wish}", "Shows a wish, to whose it is; a guest's mail has the token.",
      gives: WishAnswer.self
    ) { call in
      WishAnswer(try await call.commerce.wish(call.id("wish"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/wishes/{wish}/confirmation", "Confirms a guest's wish: from now on it has a place in the list.",
      gives: WishAnswer.self
    ) { call in
      WishAnswer(try await call.commerce.confirmWish(call.id("wish"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .delete, "/api/v1/wishes/{wish}", "Leaves the list; a unit that was held goes to the next.",
      gives: WishAnswer.self
    ) { call in
      WishAnswer(try await call.commerce.leaveWaitlist(call.id("wish"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/wishes/{wish}/order", "Orders the unit that is held for a wish, at today's price.",
      takes: OfferedOrder.self, gives: OrderAPI.Placed.self, as: .created
    ) { call, body in
      let placed = try await call.commerce.orderOffered(
        call.id("wish"), as: body.id, offer: body.offer, coupon: body.coupon,
        buyer: body.buyer.buyer(call.caller.account), by: call.caller, token: call.orderToken,
        language: call.context.language, key: call.idempotencyKey(), address: call.address)
      call.site.metrics.placedOrder()
      return OrderAPI.Placed(
        order: OrderAPI.OrderAnswer(placed.order), others: nil, accessToken: placed.access.text,
        payment: call.commerce.providers.current.map { OrderAPI.PaymentWay($0) })
    }.limited(.orders).repeated(.keyPassedOn).by(.orderToken),
  ]
}
