import Commerce

/// Where a host opens and ends live deals: `parts/deals.mustache`.
struct DealDeskView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  struct Price: Sendable {
    let market: String
    let marketName: String
    let currency: String
    let digits: Int
  }

  struct Row: Sendable {
    let id: String
    let title: String
    let priceText: String
    let takenText: String
  }

  let formURL: String
  let products: [Choice]
  let prices: [Price]
  let countdowns: [Choice]
  let durations: [Choice]
  let unitsMax: Int64
  let perBuyerMax: Int64
  let deals: [Row]
  let hasDeals: Bool

  private static let countdownSeconds: [Int64] = [0, 10, 30, 60, 120, 300]
  private static let durationMinutes: [Int64] = [1, 2, 3, 5, 10, 15, 20]

  init(
    cards: [ProductCard], pinned: ID<Product>?, markets: [Market], policy: Policy, formURL: String, _ words: Words
  ) {
    self.formURL = formURL
    products = cards.map { Choice(value: "\($0.id)", text: $0.title, isChosen: $0.id == pinned) }
    prices = markets.map {
      Price(
        market: $0.code, marketName: $0.name, currency: $0.currency.code, digits: $0.currency.fractionDigits)
    }
    countdowns = Self.countdownSeconds.filter { $0 <= policy.dealCountdownSecondsMax }.map { seconds in
      Choice(
        value: "\(seconds)",
        text: seconds == 0 ? words["dealDesk.now"] : words["dealDesk.seconds", ["count": "\(seconds)"]],
        isChosen: seconds == 0)
    }
    let seconds = Self.durationMinutes.map { $0 * 60 }.filter {
      $0 >= policy.dealSecondsMin && $0 <= policy.dealSecondsMax
    }
    // An operator whose bounds have none of ours still gets one.
    durations = (seconds.isEmpty ? [policy.dealSecondsMin] : seconds).map { seconds in
      let text =
        seconds % 60 == 0
        ? words["dealDesk.minutes", ["count": "\(seconds / 60)"]] : words["control.seconds", ["value": "\(seconds)"]]
      return Choice(value: "\(seconds)", text: text, isChosen: seconds == 300)
    }
    unitsMax = policy.dealUnitsMax
    perBuyerMax = policy.quantityMax
    deals = cards.compactMap { card in
      guard let deal = card.deal, deal.ended == nil else { return nil }
      let price = card.variants.compactMap(\.dealOffer).first?.price
      return Row(
        id: "\(deal.id)", title: card.title, priceText: price.map(words.money) ?? "",
        takenText: words[
          "dealDesk.taken",
          ["taken": Figures.grouped(deal.unitsMax - deal.left), "units": Figures.grouped(deal.unitsMax)]])
    }
    hasDeals = !deals.isEmpty
  }
}

extension Visit {
  /// Opens the deal that a form describes.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds.
  func openDeal(_ form: Form, in show: ID<Show>, mediaTime: Int64?) async throws {
    guard let product = ID<Product>(form["product"]) else { throw Problem.notFound("product") }
    func number(_ name: String) throws -> Int64 {
      guard let value = Int64(form[name]) else {
        throw GeneralRefusal.invalid(field: name, why: "must be a whole number")
      }
      return value
    }
    let currencies = Dictionary(try await commerce.markets().map { ($0.code, $0.currency) }) { $1 }
    var prices: [String: Int64] = [:]
    for market in form.names(after: "price.") where !form["price.\(market)"].isEmpty {
      guard let currency = currencies[market] else { throw Problem.notFound("market") }
      guard let minor = Figures.minor(form["price.\(market)"], currency) else {
        throw GeneralRefusal.invalid(field: "prices", why: "must be an amount of \(currency) such as 1299.50")
      }
      prices[market] = minor
    }
    let units = try number("units")
    let draft = DealDraft(
      product: product, prices: prices, countdownSeconds: try number("countdown"),
      durationSeconds: try number("duration"), unitsMax: units,
      unitsPerBuyerMax: form["perBuyer"].isEmpty
        ? min(units, commerce.policy.quantityMax) : min(units, try number("perBuyer")))
    _ = try await commerce.openDeal(commerce.makeID(), by: caller, show: show, draft, mediaTime: mediaTime)
  }
}
