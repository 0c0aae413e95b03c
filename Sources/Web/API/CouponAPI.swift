import Commerce
import HTTPTypes

/// Coupons: what takes something off an order, by a code or a card on screen.
enum CouponAPI {
  struct CouponAnswer: Codable, Described {
    let id: ID<Coupon>
    let code: String
    let title: String
    let fundedBy: Coupon.Funder
    let market: String
    let currency: String
    let percentBasisPoints: Int64?
    let discountMax: Money?
    let amount: Money?
    let minimum: Money
    let claimsMax: Int64
    let claimsPerBuyerMax: Int64
    let left: Int64
    let startsAt: Moment?
    let endsAt: Moment?

    static let fields = [
      "fundedBy": "Who bears it: the seller, who gets less, or the platform, which puts it in.",
      "percentBasisPoints": "The share that is taken off, at most discountMax; or else amount.",
      "minimum": "What it applies to has to come to this. It takes nothing off live deals.",
      "left": "Orders it can still be used for. One that is not paid in time gives it back.",
      "startsAt": "Left out when it began at once.", "endsAt": "Left out without an end.",
    ]

    init(_ coupon: Coupon) {
      id = coupon.id
      code = coupon.code
      title = coupon.title
      fundedBy = coupon.funder
      market = coupon.market
      currency = coupon.currency.code
      switch coupon.value {
      case .percent(let rate, let max): (percentBasisPoints, discountMax, amount) = (rate.basisPoints, max, nil)
      case .amount(let money): (percentBasisPoints, discountMax, amount) = (nil, nil, money)
      }
      minimum = coupon.minimum
      claimsMax = coupon.claimsMax
      claimsPerBuyerMax = coupon.claimsPerBuyerMax
      left = coupon.left
      startsAt = coupon.starts.milliseconds == 0 ? nil : coupon.starts
      endsAt = coupon.ends == .never ? nil : coupon.ends
    }
  }

  struct NewCoupon: Codable, Described {
    let id: ID<Coupon>?
    let code: String
    let title: String?
    let market: String
    let percentBasisPoints: Int64?
    let amountMinor: Int64?
    let discountMaxMinor: Int64?
    let minimumMinor: Int64?
    let claimsMax: Int64
    let claimsPerBuyerMax: Int64?
    let startsAt: Moment?
    let endsAt: Moment?

    static let fields = [
      "code": "3 to 20 letters A to Z, digits and hyphens; large and small letters are the same.",
      "percentBasisPoints": "1 to 9000; or amountMinor, not both.", "discountMaxMinor": "For a percentage only.",
      "claimsMax": "Orders it can be used for.", "claimsPerBuyerMax": "1 when it is left out.",
    ]

    var draft: CouponDraft {
      CouponDraft(
        code: code, title: title ?? "", market: market, percentBasisPoints: percentBasisPoints,
        amountMinor: amountMinor, discountMaxMinor: discountMaxMinor, minimumMinor: minimumMinor ?? 0,
        claimsMax: claimsMax, claimsPerBuyerMax: claimsPerBuyerMax ?? 1, starts: startsAt, ends: endsAt)
    }
  }

  struct Shown: Codable { let coupon: ID<Coupon> }

  /// What is on the screens now.
  struct ShownAnswer: Codable { let coupon: ID<Coupon>? }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/channels/{channel}/coupons", "Makes a coupon that the seller pays for; for the channel's owners.",
      takes: NewCoupon.self, gives: CouponAnswer.self, as: .created
    ) { call, body in
      CouponAnswer(
        try await call.commerce.makeCoupon(
          body.id ?? call.commerce.makeID(), by: call.caller, channel: call.id("channel"), body.draft))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/coupons", "Lists a channel's coupons, newest first, to its members.",
      gives: List<CouponAnswer>.self
    ) { call in
      List(
        try await call.commerce.coupons(
          of: call.id("channel", CommerceChannel.self), by: call.caller, after: call.cursor(), limit: call.limit()),
        CouponAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .post, "/api/v1/coupons", "Makes a coupon that the platform pays for; for the operator.",
      takes: NewCoupon.self, gives: CouponAnswer.self, as: .created
    ) { call, body in
      CouponAnswer(
        try await call.commerce.makeCoupon(
          body.id ?? call.commerce.makeID(), by: call.caller, channel: nil, body.draft))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/coupons", "Lists the platform's coupons, newest first, to the operator.",
      gives: List<CouponAnswer>.self
    ) { call in
      List(
        try await call.commerce.coupons(of: nil, by: call.caller, after: call.cursor(), limit: call.limit()),
        CouponAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .delete, "/api/v1/coupons/{coupon}", "Ends a coupon; for whoever could make it.", gives: CouponAnswer.self
    ) { call in
      CouponAnswer(try await call.commerce.endCoupon(call.id("coupon"), by: call.caller))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/shows/{show}/coupon", "Puts a coupon on every viewer's screen, instead of the one that is there.",
      takes: Shown.self, gives: ShownAnswer.self
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      try await call.commerce.showCoupon(
        by: call.caller, show: show, body.coupon, mediaTime: call.mediaTime(of: show))
      return ShownAnswer(coupon: body.coupon)
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/coupon", "Takes the coupon off the screens.", gives: ShownAnswer.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      try await call.commerce.showCoupon(by: call.caller, show: show, nil, mediaTime: call.mediaTime(of: show))
      return ShownAnswer(coupon: nil)
    }.by(.account),
  ]
}
