import Commerce
import HTTPTypes
import Hummingbird

/// What an account keeps to buy with: addresses, cards, and whether one tap is enough.
enum WalletAPI {
  struct AddressBody: Codable, Described {
    let id: ID<SavedAddress>?
    let phone: String?
    let address: OrderAPI.NewAddress

    static let fields = ["address": "Its `name` is who receives what is sent there, and is needed."]

    var draft: SavedAddressDraft {
      SavedAddressDraft(
        phone: phone ?? "",
        address: Buyer.Address(
          name: address.name ?? "", line1: address.line1, line2: address.line2 ?? "", city: address.city,
          region: address.region ?? "", postalCode: address.postalCode, country: address.country))
    }
  }

  struct AddressAnswer: Codable {
    let id: ID<SavedAddress>
    let phone: String
    let address: Buyer.Address

    init(_ saved: SavedAddress) {
      id = saved.id
      phone = saved.phone
      address = saved.address
    }
  }

  struct SavedCardAnswer: Codable {
    let id: ID<SavedCard>
    let brand: String
    let last4: String
    let expMonth: Int
    let expYear: Int

    init(_ card: SavedCard) {
      id = card.id
      brand = card.brand
      last4 = card.last4
      expMonth = card.expMonth
      expYear = card.expYear
    }
  }

  struct Wallet: Codable, Described {
    let addresses: [AddressAnswer]
    let cards: [SavedCardAnswer]
    let oneTap: Bool
    let keepsCards: Bool

    static let fields = [
      "addresses": "The one used last first.", "cards": "The one used last first.",
      "keepsCards": "Whether the payment provider keeps cards: by UPI there are none.",
      "oneTap": "Whether a tap buys, with the first card and the first address of the market.",
    ]
  }

  struct OneTap: Codable { let isOn: Bool }

  struct CardToKeep: Codable, Described {
    let id: ID<CardSetup>?
    let paymentMethod: String

    static let fields = [
      "paymentMethod": "The provider's name for a card, never a card number.",
      "id": "Names this try: the same again tells what came of it.",
    ]
  }

  struct SetupAnswer: Codable, Described {
    enum State: String, Codable, CaseIterable {
      case saved, requiresAction = "requires_action", processing, declined
    }

    let setup: ID<CardSetup>
    let state: State
    let card: SavedCardAnswer?
    let actionURL: String?
    let code: String?
    let detail: String?

    static let fields = [
      "actionURL": "Where its owner confirms, with `requires_action`; then ask for the setup again.",
      "code": "Why it was `declined`.", "detail": "The same as a sentence.",
    ]

    init(_ id: ID<CardSetup>, _ outcome: CardSetupOutcome) {
      setup = id
      var (card, url, code, detail): (SavedCardAnswer?, String?, String?, String?)
      switch outcome {
      case .saved(let saved):
        state = .saved
        card = SavedCardAnswer(saved)
      case .requiresAction(let address):
        state = .requiresAction
        url = address
      case .processing: state = .processing
      case .declined(let why, let sentence):
        state = .declined
        (code, detail) = (why, sentence)
      }
      (self.card, actionURL, self.code, self.detail) = (card, url, code, detail)
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(.get, "/api/v1/wallet", "Shows what you keep to buy with.", gives: Wallet.self) { call in
      Wallet(
        addresses: try await call.commerce.savedAddresses(by: call.caller).map(AddressAnswer.init),
        cards: try await call.commerce.savedCards(by: call.caller).map(SavedCardAnswer.init),
        oneTap: try await call.commerce.buysWithOneTap(by: call.caller),
        keepsCards: call.commerce.providers.current?.means != .upi)
    }.by(.account),
    Endpoint(
      .put, "/api/v1/wallet/one-tap", "Turns buying with one tap on or off.", takes: OneTap.self, gives: OneTap.self
    ) { call, body in
      try await call.commerce.setOneTap(body.isOn, by: call.caller)
      return body
    }.by(.account),
    Endpoint(
      .post, "/api/v1/addresses", "Adds an address to your book, or puts it first.", takes: AddressBody.self,
      gives: AddressAnswer.self, as: .created
    ) { call, body in
      AddressAnswer(
        try await call.commerce.saveAddress(body.id ?? call.commerce.makeID(), by: call.caller, body.draft))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/addresses/{address}", "Changes an address of yours.", takes: AddressBody.self,
      gives: AddressAnswer.self
    ) { call, body in
      AddressAnswer(try await call.commerce.changeAddress(call.id("address"), by: call.caller, body.draft))
    }.by(.account),
    Endpoint(.delete, "/api/v1/addresses/{address}", "Removes an address of yours.", as: .noContent) { call in
      try await call.commerce.removeAddress(call.id("address"), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
    Endpoint(
      .post, "/api/v1/cards", "Has the payment provider keep a card of yours, without taking money.",
      takes: CardToKeep.self, gives: SetupAnswer.self, as: .created
    ) { call, body in
      let id: ID<CardSetup> = body.id ?? call.commerce.makeID()
      return SetupAnswer(
        id, try await call.commerce.saveCard(id, by: call.caller, method: body.paymentMethod))
    }.limited(.orders).by(.account),
    Endpoint(
      .get, "/api/v1/card-setups/{setup}", "Says how the saving of a card stands, for who comes back from their bank.",
      gives: SetupAnswer.self
    ) { call in
      let id: ID<CardSetup> = try call.id("setup")
      return SetupAnswer(id, try await call.commerce.finishCardSetup(id, by: call.caller))
    }.by(.account),
    Endpoint(.put, "/api/v1/cards/{card}/first", "Makes a card the one that comes first.", as: .noContent) { call in
      try await call.commerce.preferCard(call.id("card"), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
    Endpoint(.delete, "/api/v1/cards/{card}", "Forgets a card of yours, here and at the provider.", as: .noContent) {
      call in
      try await call.commerce.removeCard(call.id("card"), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
  ]
}
