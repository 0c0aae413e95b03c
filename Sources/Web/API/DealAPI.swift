import Commerce
import HTTPTypes
import Hummingbird

/// Live deals: a price with a clock and a limit, opened by the host on air.
enum DealAPI {
  struct DealAnswer: Codable, Described {
    let id: ID<Deal>
    let product: ID<Product>
    let startsAt: Moment
    let endsAt: Moment
    let startMediaTime: Int64
    let endMediaTime: Int64
    let unitsMax: Int64
    let unitsPerBuyerMax: Int64
    let left: Int64
    let endedBy: String?

    static let fields = [
      "startMediaTime": "Milliseconds of the show's own clock: for a viewer it starts when the picture gets there.",
      "endMediaTime": "Milliseconds of the show's own clock.",
      "unitsMax": "Units it sells at most, of all variants and in all markets.",
      "left": "What is not paid for in time can be taken again.",
      "endedBy": "time, host or show; left out while it is not known to have ended.",
    ]

    init(_ deal: Deal) {
      id = deal.id
      product = deal.product
      startsAt = deal.starts
      endsAt = deal.ends
      startMediaTime = deal.startMediaTime
      endMediaTime = deal.endMediaTime
      unitsMax = deal.unitsMax
      unitsPerBuyerMax = deal.unitsPerBuyerMax
      left = deal.left
      endedBy = deal.ended?.rawValue
    }
  }

  struct NewDeal: Codable, Described {
    let id: ID<Deal>?
    let product: ID<Product>
    let prices: [String: Int64]
    let countdownSeconds: Int64?
    let durationSeconds: Int64
    let unitsMax: Int64
    let unitsPerBuyerMax: Int64?
    let mediaTime: Int64?

    static let fields = [
      "prices": "Minor units by market code, of each unit; in a market that is not named there is no deal.",
      "countdownSeconds": "0 to 300; 0 when it is left out.", "durationSeconds": "60 to 1200.",
      "unitsPerBuyerMax": "As many as there are when it is left out.",
    ]
  }

  struct DealTermsAnswer: Codable, Described {
    struct Price: Codable {
      let variant: ID<Variant>
      let market: String
      let list: Money
      let lowest: Money
      let max: Money
    }

    let prices: [Price]
    let available: Int64

    static let fields = [
      "prices": "What each variant costs, the lowest it cost in thirty days, and what a deal has to be at most.",
      "available": "Units that can be sold now; a deal cannot be of more.",
    ]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/deals", "Opens a deal on a product; for a channel's owners and hosts.",
      takes: NewDeal.self, gives: DealAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      let draft = DealDraft(
        product: body.product, prices: body.prices, countdownSeconds: body.countdownSeconds ?? 0,
        durationSeconds: body.durationSeconds, unitsMax: body.unitsMax,
        unitsPerBuyerMax: body.unitsPerBuyerMax ?? min(body.unitsMax, call.commerce.policy.quantityMax))
      return DealAnswer(
        try await call.commerce.openDeal(
          body.id ?? call.commerce.makeID(), by: call.caller, show: show, draft,
          mediaTime: body.mediaTime ?? call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/deals", "Lists a show's newest deals, to its channel's members.",
      gives: List<DealAnswer>.self
    ) { call in
      List(try await call.commerce.deals(of: call.id("show"), by: call.caller).map(DealAnswer.init))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/deals/{deal}", "Ends a deal before its time is over, or calls it off.",
      gives: DealAnswer.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      return DealAnswer(
        try await call.commerce.endDeal(
          call.id("deal", Deal.self), by: call.caller, show: show, mediaTime: call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/shows/{show}/products/{product}/deal-terms", "Says what a deal on a product has to keep to.",
      gives: DealTermsAnswer.self
    ) { call in
      let terms = try await call.commerce.dealTerms(
        of: call.id("product", Product.self), show: call.id("show"), by: call.caller)
      return DealTermsAnswer(
        prices: terms.prices.map {
          DealTermsAnswer.Price(variant: $0.variant, market: $0.market, list: $0.list, lowest: $0.lowest, max: $0.max)
        }, available: terms.available)
    }.by(.account),
  ]
}
