import Commerce
import Hummingbird

/// `/account/wallet`: the reader's address book, the cards their provider keeps, and whether one tap buys.
struct WalletPage: Sendable {
  struct AddressView: Sendable {
    let id: String
    let name: String
    let lines: [String]
    let isFirst: Bool
  }

  struct CardView: Sendable {
    let id: String
    let name: String
    let expiresText: String
    let isFirst: Bool
  }

  struct Choice: Sendable {
    let code: String
    let name: String
  }

  /// What the script that takes a card needs.
  private struct CardData: Encodable {
    struct Account: Encodable { let name, email: String }
    struct Form: Encodable {
      let script, key: String
      let words: [String: String]
    }
    let account: Account
    let methodsURL: String?
    let stripe: Form?
    let currency: String
  }

  let addresses: [AddressView]
  let hasAddresses: Bool
  let cards: [CardView]
  let hasCards: Bool
  let countries: [Choice]
  /// Nil where nothing takes payments, or no cards.
  let data: String?
  let keepsCards: Bool
  let isOneTap: Bool
  let canOneTap: Bool
  let message: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response {
    guard let setup = try visit.query("card").flatMap({ ID<CardSetup>($0) }) else { return try await page(visit, nil) }
    _ = try visit.requireAccount()
    // Back from saving a card, or from the bank.
    switch try await visit.commerce.finishCardSetup(setup, by: visit.caller) {
    case .saved: return try await page(visit, nil, message: visit.words["wallet.cardSaved"])
    case .declined(let code, let sentence):
      let problem = Problem(.paymentRequired, code, sentence)
      return try await page(
        visit, Visit.Complaint(status: .paymentRequired, sentence: visit.words.sentence(for: problem)))
    case .processing, .requiresAction:
      return try await page(visit, nil, message: visit.words["wallet.cardWaits"])
    }
  }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    let (commerce, caller) = (visit.commerce, visit.caller)
    do {
      switch form["do"] {
      case "address": _ = try await commerce.saveAddress(commerce.makeID(), by: caller, draft(form))
      case "address-first": try await commerce.preferAddress(id(form), by: caller)
      case "address-remove": try await commerce.removeAddress(id(form), by: caller)
      case "card-first": try await commerce.preferCard(id(form), by: caller)
      case "card-remove": try await commerce.removeCard(id(form), by: caller)
      case "one-tap-on": try await commerce.setOneTap(true, by: caller)
      case "one-tap-off": try await commerce.setOneTap(false, by: caller)
      default: break
      }
      return visit.redirect("/account/wallet?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func id<Entity>(_ form: Form, _ entity: Entity.Type = Entity.self) throws -> ID<Entity> {
    guard let id = ID<Entity>(form["id"]) else { throw GeneralRefusal.invalid(field: "id", why: "must be an id") }
    return id
  }

  private static func draft(_ form: Form) -> SavedAddressDraft {
    SavedAddressDraft(
      phone: form["phone"],
      address: Buyer.Address(
        name: form["name"], line1: form["line1"], line2: form["line2"], city: form["city"], region: form["region"],
        postalCode: form["postalCode"], country: form["country"]))
  }

  private static func page(
    _ visit: Visit, _ complaint: Visit.Complaint?, message: String? = nil
  ) async throws -> Response {
    let account = try visit.requireAccount()
    let (commerce, caller, words) = (visit.commerce, visit.caller, visit.words)
    let addresses = try await commerce.savedAddresses(by: caller)
    let cards = try await commerce.savedCards(by: caller)
    let markets = try await commerce.markets()
    let provider = commerce.providers.current
    let stripe = (provider as? StripeProvider)?.settings
    let keepsCards = provider?.means != .upi
    let data = try provider.flatMap { keepsCards ? $0 : nil }.map { provider in
      try DataBlock.text(
        CardData(
          account: .init(name: account.name, email: account.email),
          methodsURL: OrderAPI.PaymentWay(provider).methodsURL,
          stripe: stripe.map {
            .init(script: $0.scriptURL, key: $0.publishableKey, words: words.groups["cardForm"] ?? [:])
          }, currency: markets.first?.currency.code ?? "USD"))
    }
    let model = WalletPage(
      addresses: addresses.enumerated().map { place, saved in
        let to = saved.address
        let lines = [to.line1, to.line2, "\(to.postalCode) \(to.city)", to.region, to.country, saved.phone]
        return AddressView(
          id: "\(saved.id)", name: to.name, lines: lines.filter { !$0.isEmpty }, isFirst: place == 0)
      }, hasAddresses: !addresses.isEmpty,
      cards: cards.enumerated().map { place, card in
        CardView(
          id: "\(card.id)", name: words["wallet.cardName", ["brand": card.brand, "last4": card.last4]],
          expiresText: words["wallet.expires", ["date": Self.date(card)]], isFirst: place == 0)
      }, hasCards: !cards.isEmpty, countries: markets.map { Choice(code: $0.code, name: $0.name) }, data: data,
      keepsCards: keepsCards,
      isOneTap: try await commerce.buysWithOneTap(by: caller), canOneTap: !addresses.isEmpty && !cards.isEmpty,
      message: message, error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    var response = try visit.page(
      "wallet", title: words["wallet.title"], status: complaint?.status ?? .ok, model)
    if let stripe { response.headers[.contentSecurityPolicy] = SecurityHeaders.contentSecurityPolicy(with: stripe) }
    return response
  }

  /// `08/29`, as it is on the card.
  private static func date(_ card: SavedCard) -> String {
    let (month, year) = (String(card.expMonth), String(card.expYear % 100))
    return [month, year].map { $0.count == 1 ? "0\($0)" : $0 }.joined(separator: "/")
  }
}
