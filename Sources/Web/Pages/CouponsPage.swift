import Commerce
import Hummingbird

/// `/studio/{handle}/coupons` and `/operator/coupons`: a seller's coupons, and the platform's.
struct CouponsPage: Sendable {
  struct View: Sendable {
    let id: String
    let code: String
    let title: String?
    let valueText: String
    let minimumText: String?
    let usedText: String
    let marketName: String
    let endISO: String?
    let endText: String
    let stateText: String
    let stateTone: String
    let canEnd: Bool
  }

  struct MarketView: Sendable {
    let code: String
    let name: String
    let currency: String
    let isHome: Bool
  }

  let homeURL: String
  let homeName: String
  let intro: String
  let payer: String?
  let formURL: String
  let markets: [MarketView]
  let coupons: [View]
  let hasCoupons: Bool
  let next: String?
  let canMake: Bool
  /// What was typed and could not be taken.
  let draft: Draft
  let error: String?
  let isSaved: Bool

  struct Draft: Sendable {
    var code = ""
    var words = ""
    var value = ""
    var max = ""
    var minimum = ""
    var claims = "100"
    var perBuyer = "1"
    var ends = ""
    var isAmount = false
    var isOpen = false

    init() {}

    init(_ form: Form) {
      code = form["code"]
      words = form["words"]
      value = form["value"]
      max = form["max"]
      minimum = form["minimum"]
      claims = form["claims"]
      perBuyer = form["perBuyer"]
      ends = ShowFormPage.utc(form["ends"], offsetMinutes: form["offset"])
      isAmount = form["kind"] == "amount"
      isOpen = true
    }
  }

  /// Whose coupons a page is about.
  private enum Scope {
    case channel(Channel, Role)
    case platform

    var channel: ID<Channel>? {
      if case .channel(let channel, _) = self { channel.id } else { nil }
    }

    var url: String {
      if case .channel(let channel, _) = self { "/studio/\(channel.handle)/coupons" } else { "/operator/coupons" }
    }
  }

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    return try await page(visit, .channel(channel, role))
  }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    return try await act(visit, .channel(channel, role))
  }

  static func showPlatform(_ visit: Visit) async throws -> Response { try await page(visit, .platform) }

  static func actPlatform(_ visit: Visit) async throws -> Response { try await act(visit, .platform) }

  private static func act(_ visit: Visit, _ scope: Scope) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "make":
        let draft = try await draft(from: form, visit)
        _ = try await visit.commerce.makeCoupon(
          visit.commerce.makeID(), by: visit.caller, channel: scope.channel, draft)
      case "end":
        guard let coupon = ID<Coupon>(form["coupon"]) else { throw Problem.notFound("coupon") }
        try await visit.commerce.endCoupon(coupon, by: visit.caller)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect(scope.url + "?saved=yes")
    } catch {
      return try await page(visit, scope, form["do"] == "make" ? Draft(form) : Draft(), visit.complaint(error))
    }
  }

  private static func draft(from form: Form, _ visit: Visit) async throws -> CouponDraft {
    guard let market = try await visit.commerce.markets().first(where: { $0.code == form["market"] }) else {
      throw Problem.notFound("market")
    }
    func amount(_ name: String) throws -> Int64? {
      guard !form[name].isEmpty else { return nil }
      guard let minor = Figures.minor(form[name], market.currency) else {
        throw GeneralRefusal.invalid(field: name, why: "must be an amount of \(market.currency) such as 1299.50")
      }
      return minor
    }
    func count(_ name: String) throws -> Int64 {
      guard let count = Int64(form[name]) else {
        throw GeneralRefusal.invalid(field: name, why: "must be a whole number")
      }
      return count
    }
    let isAmount = form["kind"] == "amount"
    var percent: Int64?
    if !isAmount {
      guard let points = Figures.basisPoints(form["value"]) else {
        throw GeneralRefusal.invalid(field: "value", why: "must be a percentage between 0.01 and 90, such as 10")
      }
      percent = points
    }
    return CouponDraft(
      code: form["code"], title: form["words"], market: market.code, percentBasisPoints: percent,
      amountMinor: isAmount ? try amount("value") : nil, discountMaxMinor: isAmount ? nil : try amount("max"),
      minimumMinor: try amount("minimum") ?? 0, claimsMax: try count("claims"),
      claimsPerBuyerMax: try count("perBuyer"),
      ends: form["ends"].isEmpty ? nil : try ShowFormPage.moment(form["ends"], offsetMinutes: form["offset"], "ends"))
  }

  private static func page(
    _ visit: Visit, _ scope: Scope, _ draft: Draft = Draft(), _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    _ = try visit.requireAccount()
    let page = try await visit.commerce.coupons(
      of: scope.channel, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(50))
    let markets = try await visit.commerce.markets()
    let model = CouponsPage(
      page, scope, markets: markets, draft, error: complaint?.sentence, isSaved: try visit.query("saved") != nil,
      now: visit.commerce.clock.now, visit.words)
    return try visit.page(
      "studio/coupons", title: visit.words["couponDesk.title"], status: complaint?.status ?? .ok, model)
  }

  private init(
    _ page: Page<Coupon>, _ scope: Scope, markets: [Market], _ draft: Draft, error: String?, isSaved: Bool,
    now: Moment, _ words: Words
  ) {
    var home: String?
    switch scope {
    case .channel(let channel, let role):
      homeURL = "/studio/\(channel.handle)"
      homeName = channel.name
      intro = words["couponDesk.intro"]
      payer = words["couponDesk.bySeller"]
      canMake = role.isOwner
      home = channel.market
    case .platform:
      homeURL = "/operator"
      homeName = words["operator.title"]
      intro = words["couponDesk.platformIntro"]
      payer = nil
      canMake = true
    }
    formURL = scope.url
    self.markets = markets.map {
      MarketView(code: $0.code, name: $0.name, currency: $0.currency.code, isHome: $0.code == home)
    }
    let names = Dictionary(markets.map { ($0.code, $0.name) }) { $1 }
    let canMake = canMake
    coupons = page.items.map { View($0, market: names[$0.market] ?? $0.market, canEnd: canMake, at: now, words) }
    hasCoupons = !coupons.isEmpty
    next = page.next.map { "\(scope.url)?after=\($0)" }
    self.draft = draft
    self.error = error
    self.isSaved = isSaved
  }
}

extension CouponsPage.View {
  init(_ coupon: Coupon, market: String, canEnd: Bool, at now: Moment, _ words: Words) {
    id = "\(coupon.id)"
    code = coupon.code
    title = coupon.title.isEmpty ? nil : coupon.title
    valueText = words.value(of: coupon)
    minimumText =
      coupon.minimum.minor > 0 ? words["coupon.from", ["amount": words.money(coupon.minimum)]] : nil
    usedText =
      words[
        "couponDesk.used", ["used": Figures.grouped(coupon.taken), "claims": Figures.grouped(coupon.claimsMax)]]
    marketName = market
    endISO = coupon.ends == .never ? nil : coupon.ends.description
    endText = coupon.ends == .never ? words["couponDesk.noEnd"] : coupon.ends.plainText
    let isOver = coupon.ends <= now
    let (name, tone) =
      if isOver { ("over", "") } else if coupon.left == 0 { ("allUsed", "bad") } else if coupon.starts > now {
        ("soon", "warn")
      } else { ("open", "good") }
    stateText = words["couponDesk.\(name)"]
    stateTone = tone
    self.canEnd = canEnd && !isOver
  }
}

extension Words {
  /// `10% off, up to ₹200`.
  func value(of coupon: Coupon) -> String {
    switch coupon.value {
    case .amount(let amount): return self["coupon.amount", ["amount": money(amount)]]
    case .percent(let rate, let max):
      guard let max else { return self["coupon.percent", ["percent": Figures.percent(rate)]] }
      return self["coupon.percentMax", ["percent": Figures.percent(rate), "max": money(max)]]
    }
  }
}

/// The coupons that a host can put on the screens of a show.
struct CouponChoices: Sendable {
  struct Choice: Sendable {
    let id: String
    let code: String
    let text: String
    let isShown: Bool
  }

  let items: [Choice]
  let hasItems: Bool
  let manageURL: String
  let formURL: String

  private static let countMax = 30

  static func make(_ visit: Visit, _ show: Show, shown: Coupon?) async throws -> CouponChoices {
    let now = visit.commerce.clock.now
    let own = try await visit.commerce.coupons(
      of: show.channel, by: visit.caller, limit: visit.pageLimit(100)
    ).items
    let open = own.filter { ($0.isOpen(at: now) || $0.id == shown?.id) && show.markets.contains($0.market) }
    let all = (shown.map { shown in open.contains { $0.id == shown.id } ? [] : [shown] } ?? []) + open
    return CouponChoices(
      items: all.prefix(countMax).map {
        Choice(id: "\($0.id)", code: $0.code, text: visit.words.value(of: $0), isShown: $0.id == shown?.id)
      }, hasItems: !all.isEmpty, manageURL: "/studio/\(show.channelHandle)/coupons",
      formURL: "/studio/shows/\(show.id)")
  }
}
