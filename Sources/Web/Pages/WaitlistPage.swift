import Commerce
import HTTPTypes
import Hummingbird

/// `/waitlist/{wish}`: how a wish stands, for whose it is. The link in a mail leads here; while a unit is held it is
/// ordered here.
struct WaitlistPage: Sendable {
  /// What the unit costs now, and the form that orders it.
  struct OrderView: Sendable {
    let id: String
    let offer: String
    let priceText: String
    let shippingText: String
    let taxesAdded: [TaxView]
    let taxesIncluded: [TaxView]
    let totalText: String
    let name: String
    let email: String
    let phone: String
    let line1: String
    let line2: String
    let city: String
    let region: String
    let postalCode: String
    let country: String
    let countryName: String
  }

  let title: String
  let productURL: String
  let sellerName: String
  let sellerURL: String
  let picture: String?
  let headline: String
  let explanation: String
  let isUnconfirmed: Bool
  /// Until when the unit is held; nil unless it is.
  let untilISO: String?
  let untilText: String
  let order: OrderView?
  /// A unit is held, and nothing is sold at the moment.
  let isStopped: Bool
  let orderURL: String?
  let canLeave: Bool
  let leaveText: String
  let canAskAgain: Bool
  let formURL: String
  let error: String?

  /// With `?token=` it first moves the token out of the address into a cookie that only this page gets.
  static func show(_ visit: Visit) async throws -> Response {
    let id = try visit.id("wish", Wish.self)
    guard let token = try visit.query("token").flatMap(Secret.init(presented:)) else {
      return try await page(visit, id, Form(""), nil)
    }
    _ = try await visit.commerce.wish(id, by: visit.caller, token: token)
    var response = visit.redirect("/waitlist/\(id)")
    let secure = visit.site.configuration.secureCookies ? "; Secure" : ""
    response.headers.append(
      HTTPField(
        name: .setCookie,
        value: "\(cookie)=\(token.text); Path=/waitlist/\(id); Max-Age=15552000; HttpOnly; SameSite=Lax\(secure)"))
    return response
  }

  static func act(_ visit: Visit) async throws -> Response {
    let id = try visit.id("wish", Wish.self)
    let form = try await visit.form()
    let (commerce, caller, token) = (visit.commerce, visit.caller, visit.wishToken)
    do {
      switch form["do"] {
      case "confirm": _ = try await commerce.confirmWish(id, by: caller, token: token)
      case "leave": _ = try await commerce.leaveWaitlist(id, by: caller, token: token)
      case "order":
        try visit.site.limits.take(.orders, visit.address)
        guard let order = ID<Order>(form["order"]), let offer = ID<Offer>(form["offer"]) else {
          throw Problem.malformed("The form does not say what to order.", field: "offer")
        }
        let placed = try await commerce.orderOffered(
          id, as: order, offer: offer, buyer: buyer(form, caller.account), by: caller, token: token,
          language: visit.words.language, address: visit.address)
        visit.site.metrics.placedOrder()
        let path = "/orders/\(placed.order.id)"
        return visit.redirect(caller.account == nil ? "\(path)?token=\(placed.access.text)" : path)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/waitlist/\(id)")
    } catch {
      return try await page(visit, id, form, visit.complaint(error))
    }
  }

  static func buyer(_ form: Form, _ account: ID<Account>?) -> Buyer {
    Buyer(
      account: account, name: form["name"], email: form["email"], phone: form["phone"],
      address: Buyer.Address(
        name: form["name"], line1: form["line1"], line2: form["line2"], city: form["city"], region: form["region"],
        postalCode: form["postalCode"], country: form["country"]))
  }

  private static func page(
    _ visit: Visit, _ id: ID<Wish>, _ form: Form, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    let (commerce, words) = (visit.commerce, visit.words)
    let wish = try await commerce.wish(id, by: visit.caller, token: visit.wishToken)
    let seller = try await commerce.seller(of: wish)
    // Its time may be over before anybody has written that down.
    let isHeld = wish.state == .offered && wish.until.map { $0 > commerce.clock.now } ?? false
    let quote = isHeld ? try await commerce.quote(for: wish) : nil
    var order: OrderView?
    if let quote, let line = quote.lines.first {
      let market = try await commerce.market(wish.market)
      var saved: SavedAddress?
      if visit.caller.account != nil {
        saved = try await commerce.savedAddresses(by: visit.caller).first { $0.address.country == wish.market }
      }
      let isAdded = quote.taxAdded.minor > 0
      let taxes = TaxView.all(quote.taxes, isAdded: isAdded, words)
      func value(_ name: String, _ known: String?) -> String { form.has(name) ? form[name] : known ?? "" }
      order = OrderView(
        id: "\(commerce.makeID(Order.self))", offer: "\(line.offer)", priceText: words.money(quote.subtotal),
        shippingText: quote.shipping.minor == 0 ? words["checkout.free"] : words.money(quote.shipping),
        taxesAdded: isAdded ? taxes : [], taxesIncluded: isAdded ? [] : taxes, totalText: words.money(quote.total),
        name: value("name", saved?.address.name ?? visit.context.account?.name),
        email: value("email", wish.email), phone: value("phone", saved?.phone),
        line1: value("line1", saved?.address.line1), line2: value("line2", saved?.address.line2),
        city: value("city", saved?.address.city), region: value("region", saved?.address.region),
        postalCode: value("postalCode", saved?.address.postalCode), country: wish.market, countryName: market.name)
    }
    let key = wish.state == .offered && !isHeld ? "lapsed" : wish.state.rawValue
    let values = [
      "place": Figures.grouped(wish.place ?? 1), "email": wish.email, "minutes": "\(wish.offerSeconds / 60)",
      "seller": seller.name,
    ]
    let model = WaitlistPage(
      title: wish.title, productURL: "/products/\(wish.product)?market=\(wish.market)", sellerName: seller.name,
      sellerURL: "/@\(seller.handle)",
      picture: try await commerce.covers(products: [wish.product])[wish.product]?.thumbnail,
      headline: words["waitlist.\(key)Headline", values], explanation: words["waitlist.\(key)Text", values],
      isUnconfirmed: wish.state == .unconfirmed, untilISO: isHeld ? wish.until?.description : nil,
      untilText: wish.until?.plainText ?? "", order: order, isStopped: isHeld && order == nil,
      orderURL: wish.order.map { "/orders/\($0)" }, canLeave: wish.state.isOpen,
      leaveText: words[isHeld ? "waitlist.leaveOffer" : "waitlist.leave"],
      canAskAgain: key == "lapsed" || wish.state == .left, formURL: "/waitlist/\(id)", error: complaint?.sentence)
    return try visit.page("waitlist", title: wish.title, status: complaint?.status ?? .ok, model)
  }

  fileprivate static let cookie = "haat_wish"
}

extension Visit {
  /// What a guest's browser holds for the wish in the address.
  fileprivate var wishToken: Secret? {
    request.cookies[WaitlistPage.cookie].flatMap { Secret(presented: $0.value) }
  }
}
