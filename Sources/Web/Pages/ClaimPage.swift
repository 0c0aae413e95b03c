import Commerce
import HTTPTypes
import Hummingbird

/// `/claims/{bag}`: what somebody's comments reserved in a show, and where it is ordered. The private link that answers a
/// comment leads here.
struct ClaimPage: Sendable {
  struct ClaimView: Sendable {
    let id: String
    let title: String
    let quantityText: String
    let picture: String?
    let stateText: String
    let tone: String
    let isHeld: Bool
    /// Until when it is held; nil unless it is.
    let untilISO: String?
    let untilText: String
    let orderURL: String?
    let formURL: String
  }

  struct LineView: Sendable {
    let offer: String
    let title: String
    let amountText: String
  }

  /// What all that is held costs now, and the form that orders it.
  struct OrderView: Sendable {
    let id: String
    let lines: [LineView]
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

  let showTitle: String
  let showURL: String
  let sellerName: String
  let sellerURL: String
  let headline: String
  let explanation: String
  let claims: [ClaimView]
  let hasClaims: Bool
  let order: OrderView?
  /// Something is held, and nothing is sold at the moment.
  let isStopped: Bool
  let formURL: String
  let error: String?

  /// With `?token=` it first moves the token out of the address into a cookie that only this page gets.
  static func show(_ visit: Visit) async throws -> Response {
    let id = try visit.id("bag", ClaimBag.self)
    guard let token = try visit.query("token").flatMap(Secret.init(presented:)) else {
      return try await page(visit, id, Form(""), nil)
    }
    _ = try await visit.commerce.claimBag(id, by: visit.caller, token: token)
    var response = visit.redirect("/claims/\(id)")
    let secure = visit.site.configuration.secureCookies ? "; Secure" : ""
    response.headers.append(
      HTTPField(
        name: .setCookie,
        value: "\(cookie)=\(token.text); Path=/claims/\(id); Max-Age=2592000; HttpOnly; SameSite=Lax\(secure)"))
    return response
  }

  static func act(_ visit: Visit) async throws -> Response {
    let id = try visit.id("bag", ClaimBag.self)
    let form = try await visit.form()
    let (commerce, caller, token) = (visit.commerce, visit.caller, visit.claimToken)
    do {
      switch form["do"] {
      case "leave":
        guard let claim = ID<Claim>(form["claim"]) else { throw Problem.notFound("claim") }
        try await commerce.leaveClaim(claim, in: id, by: caller, token: token)
      case "order":
        try visit.site.limits.take(.orders, visit.address)
        guard let order = ID<Order>(form["order"]) else {
          throw Problem.malformed("The form does not say what to order.", field: "order")
        }
        let placed = try await commerce.orderClaimed(
          id, as: order, offers: form.names(after: "offer.").compactMap { ID<Offer>($0) },
          buyer: WaitlistPage.buyer(form, caller.account), by: caller, token: token, language: visit.words.language,
          address: visit.address)
        visit.site.metrics.placedOrder()
        let path = "/orders/\(placed.order.id)"
        return visit.redirect(caller.account == nil ? "\(path)?token=\(placed.access.text)" : path)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/claims/\(id)")
    } catch {
      return try await page(visit, id, form, visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, _ id: ID<ClaimBag>, _ form: Form, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    let (commerce, words) = (visit.commerce, visit.words)
    let bag = try await commerce.claimBag(id, by: visit.caller, token: visit.claimToken)
    let show = try await commerce.show(bag.show, by: visit.caller)
    let now = commerce.clock.now
    let held = bag.claims.filter { $0.holds(at: now) }
    let quote = try await commerce.quote(for: bag)
    let pictures = try await commerce.covers(of: bag)
    let order: OrderView? = if let quote { try await orderView(quote, of: bag, form, visit) } else { nil }
    let isOrdered = bag.claims.contains { $0.state == .taken }
    let key = !held.isEmpty ? "held" : isOrdered ? "taken" : "over"
    let model = ClaimPage(
      showTitle: show.title, showURL: "/watch/\(show.id)", sellerName: show.channelName,
      sellerURL: "/@\(show.channelHandle)", headline: words["claim.\(key)Headline"],
      explanation: words["claim.\(key)Text", ["seller": show.channelName]],
      claims: bag.claims.map { claim in
        let state = claim.state == .held && !claim.holds(at: now) ? Claim.State.lapsed : claim.state
        return ClaimView(
          id: "\(claim.id)", title: claim.title, quantityText: words.plural("claim.units", claim.quantity),
          picture: pictures[claim.variant]?.thumbnail, stateText: words["claim.\(state.rawValue)"],
          tone: state == .held ? "warn" : state == .taken ? "good" : "", isHeld: state == .held,
          untilISO: state == .held ? claim.until.description : nil, untilText: claim.until.plainText,
          orderURL: claim.order.map { "/orders/\($0)" }, formURL: "/claims/\(id)")
      }, hasClaims: !bag.claims.isEmpty,
      order: order,
      isStopped: !held.isEmpty && quote == nil, formURL: "/claims/\(id)", error: complaint?.sentence)
    return try visit.page("claim", title: model.headline, status: complaint?.status ?? .ok, model)
  }

  private static func orderView(
    _ quote: BagQuote, of bag: ClaimBag, _ form: Form, _ visit: Visit
  ) async throws -> OrderView {
    let (commerce, words) = (visit.commerce, visit.words)
    let market = try await commerce.market(bag.market)
    var saved: SavedAddress?
    if visit.caller.account != nil {
      saved = try await commerce.savedAddresses(by: visit.caller).first { $0.address.country == bag.market }
    }
    let isAdded = quote.taxAdded.minor > 0
    let taxes = TaxView.all(quote.taxes, isAdded: isAdded, words)
    func value(_ name: String, _ known: String?) -> String { form.has(name) ? form[name] : known ?? "" }
    return OrderView(
      id: "\(commerce.makeID(Order.self))",
      lines: quote.lines.map { line in
        LineView(
          offer: "\(line.offer)", title: line.quantity > 1 ? "\(line.quantity) × \(line.title)" : line.title,
          amountText: words.money(line.total))
      },
      shippingText: quote.shipping.minor == 0 ? words["checkout.free"] : words.money(quote.shipping),
      taxesAdded: isAdded ? taxes : [], taxesIncluded: isAdded ? [] : taxes, totalText: words.money(quote.total),
      name: value("name", saved?.address.name ?? visit.context.account?.name),
      email: value("email", visit.context.account?.email), phone: value("phone", saved?.phone),
      line1: value("line1", saved?.address.line1), line2: value("line2", saved?.address.line2),
      city: value("city", saved?.address.city), region: value("region", saved?.address.region),
      postalCode: value("postalCode", saved?.address.postalCode), country: bag.market, countryName: market.name)
  }

  fileprivate static let cookie = "haat_claim"
}

extension Visit {
  /// What a guest's browser holds for the claims in the address.
  fileprivate var claimToken: Secret? {
    request.cookies[ClaimPage.cookie].flatMap { Secret(presented: $0.value) }
  }
}
