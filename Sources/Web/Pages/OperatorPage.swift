import Commerce
import Foundation
import Hummingbird

/// `/operator`: the markets, the channels and the books, for whoever runs this installation.
struct OperatorPage: Sendable {
  struct MarketView: Sendable {
    let code: String
    let name: String
    let currency: String
    let languages: String
    let commission: String
    let tax: String
    let taxes: String
    let isTaxAdded: Bool
    let taxesShipping: Bool
    let shipping: String
    let shippingTable: String
    let freeFrom: String
    /// Empty for what the installation says.
    let returnDays: String
    let isOpen: Bool
    let openText: String
    let openTone: String
    let admissions: [ChoiceView]

    init(_ market: Market, _ words: Words) {
      code = market.code
      name = market.name
      currency = market.currency.code
      languages = market.languages.joined(separator: ", ")
      commission = Figures.percent(market.commission)
      tax = Figures.percent(market.taxIncluded)
      taxes = market.taxTable.entries.map { "\($0.name): \(Figures.percent($0.rate))" }.joined(separator: "\n")
      isTaxAdded = market.isTaxAdded
      taxesShipping = market.taxesShipping
      shipping = Figures.plain(market.shippingMinor, market.currency)
      shippingTable = market.shippingTable.steps.map { "\($0.upToGrams): \(Figures.plain($0.minor, market.currency))" }
        .joined(separator: "\n")
      freeFrom = market.shippingFreeFromMinor.map { Figures.plain($0, market.currency) } ?? ""
      returnDays = market.returnDays.map(String.init) ?? ""
      isOpen = market.isOpen
      openText = words[market.isOpen ? "operator.isOpen" : "operator.isClosed"]
      openTone = market.isOpen ? "good" : "bad"
      admissions = ChoiceView.admissions(words, chosen: market.admission)
    }
  }

  struct BalanceView: Sendable {
    let name: String
    let currency: String
    let amountText: String
  }

  let markets: [MarketView]
  let channels: [OperatorChannelView]
  let hasChannels: Bool
  let refunds: [OperatorRefundView]
  let hasRefunds: Bool
  let balances: [BalanceView]
  let hasBalances: Bool
  let trouble: MailTroubleView?
  let guide: GuideView?
  /// Of a new market.
  let admissions: [ChoiceView]
  /// What markets without days of their own have.
  let usualReturnDays: String
  let reasons: [ChoiceView]
  /// Applications and appeals.
  let waiting: String
  let hasWaiting: Bool
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response {
    try await page(visit, nil)
  }

  static func putMarket(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    do {
      _ = try await visit.commerce.putMarket(by: visit.caller, market(from: form))
      return visit.redirect("/operator?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  /// Throws `GeneralRefusal.invalid` for what is no number or no currency.
  static func market(from form: Form) throws -> Market {
    func number<T>(_ field: String, _ why: String, _ read: (String) -> T?) throws -> T {
      guard let value = read(form[field]) else { throw GeneralRefusal.invalid(field: field, why: why) }
      return value
    }
    let currency = try number("currency", "must be an ISO 4217 code like INR") { Currency($0) }
    let rate = { (text: String) in Figures.basisPoints(text).flatMap { Rate(basisPoints: $0) } }
    let amount = { (text: String) in Figures.minor(text, currency) }
    let percent = "must be a percentage between 0 and 100, such as 8.5"
    let money = "must be an amount of \(currency), such as 49.00"
    return Market(
      code: form["code"], currency: currency, name: form["name"],
      languages: form["languages"].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) },
      isOpen: form.has("isOpen"), admission: Admission(rawValue: form["admission"]),
      commission: try number("commission", percent, rate),
      taxIncluded: try number("tax", percent, rate),
      taxTable: try number("taxes", "must have lines like reduced: 5") { taxes($0, rate) },
      isTaxAdded: form["taxMode"] == "added", taxesShipping: form.has("taxesShipping"),
      shippingMinor: try number("shipping", money, amount),
      shippingTable: try number("shippingTable", "must have lines like 500: 49.00") { table($0, currency) },
      shippingFreeFromMinor: form["freeFrom"].isEmpty ? nil : try number("freeFrom", money, amount),
      returnDays: form["returnDays"].isEmpty
        ? nil : try number("returnDays", "must be a whole number of days") { Int64($0) })
  }

  /// A class on each line, `reduced: 5`; nil for anything else.
  private static func taxes(_ text: String, _ rate: (String) -> Rate?) -> TaxTable? {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    let entries = lines.compactMap { line -> TaxTable.Entry? in
      let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, let rate = rate(parts[1]) else { return nil }
      return TaxTable.Entry(parts[0], rate)
    }
    return entries.count == lines.count ? TaxTable(entries) : nil
  }

  /// A step on each line, `500: 49.00`; nil for anything else.
  private static func table(_ text: String, _ currency: Currency) -> ShippingTable? {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    let steps = lines.compactMap { line -> ShippingTable.Step? in
      let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, let grams = Int64(parts[0]), let minor = Figures.minor(parts[1], currency) else {
        return nil
      }
      return .init(upToGrams: grams, minor: minor)
    }
    return steps.count == lines.count ? ShippingTable(steps) : nil
  }

  static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let balances = try await visit.commerce.balances(by: visit.caller)
    let markets = try await visit.commerce.markets()
    var views: [BalanceView] = []
    for balance in balances {
      views.append(
        BalanceView(
          name: try await visit.name(of: balance, markets: markets), currency: balance.amount.currency.code,
          amountText: visit.words.money(balance.amount)))
    }
    let channels = try await OperatorChannelView.all(visit)
    let refunds = try await visit.commerce.waitingRefunds(by: visit.caller)
    let waiting = try await visit.commerce.reviewsWaiting(by: visit.caller)
    let model = OperatorPage(
      markets: markets.map { MarketView($0, visit.words) }, channels: channels, hasChannels: !channels.isEmpty,
      refunds: refunds.map { OperatorRefundView($0, visit) }, hasRefunds: !refunds.isEmpty, balances: views,
      hasBalances: !views.isEmpty,
      trouble: MailTroubleView(try await visit.commerce.mailHealth(by: visit.caller), visit.words),
      guide: try await visit.operatorGuide(),
      admissions: ChoiceView.admissions(visit.words, chosen: visit.commerce.policy.admission),
      usualReturnDays: "\(visit.commerce.policy.returnDays)", reasons: ChoiceView.reasons(visit.words),
      waiting: Figures.grouped(waiting), hasWaiting: waiting > 0,
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator", title: visit.words["operator.title"], status: complaint?.status ?? .ok, model)
  }
}

extension Visit {
  /// `seller:<id>` → `Owed to Meera Pottery`: the ledger's accounts in a person's words.
  fileprivate func name(of balance: Balance, markets: [Market]) async throws -> String {
    let parts = balance.account.split(separator: ":", maxSplits: 1).map(String.init)
    let subject = parts.count == 2 ? parts[1] : ""
    switch parts.first {
    case "seller", "creator":
      guard let id = ID<Channel>(subject), let channel = try? await commerce.channel(id, by: caller) else { break }
      return words[parts[0] == "seller" ? "operator.seller" : "operator.creator", ["name": channel.name]]
    case "partner":
      guard let id = ID<Partner>(subject), let partner = try? await commerce.partner(id, by: caller) else { break }
      return words["operator.partner", ["name": partner.name]]
    default: return words.account(balance.account, markets: markets)
    }
    return balance.account
  }
}
