import Commerce
import Store

/// An operator, a channel, and one variant of which there is plenty.
struct Stall: Sendable {
  private let commerce: Commerce
  private let bag: Bag
  private let buyer: Buyer

  struct Fault: Error {}

  init(_ database: Database) async throws {
    var policy = Policy()
    policy.scryptRounds = 16
    // Everybody who buys here is one buyer.
    policy.openOrdersPerBuyerMax = 0
    policy.heldUnitsPerBuyerMax = 0
    commerce = Commerce(database: database, policy: policy, providers: .none)
    guard let token = try await commerce.setupToken(), let rate = Rate(basisPoints: 800), let rupee = Currency("INR")
    else { throw Fault() }
    let owner = Caller(
      try await commerce.makeOperator(
        token: token.text, email: "stall@example.com", name: "Stall", password: "plenty of lamps"))
    _ = try await commerce.putMarket(
      by: owner,
      Market(
        code: "IN", currency: rupee, name: "India", languages: ["en"], commission: rate,
        taxIncluded: rate, shippingMinor: 4900, shippingFreeFromMinor: 99_900))
    let channel = try await commerce.makeChannel(
      commerce.makeID(), by: owner, ChannelDraft(handle: "stall", name: "Stall", market: "IN"))
    let lamp = try await commerce.makeProduct(
      commerce.makeID(), by: owner, channel: channel.id,
      ProductDraft(
        title: "Brass lamp", variants: [VariantDraft(sku: "LAMP-1", prices: ["IN": 129_900], onHand: 1_000_000_000)]))
    let offers = try await commerce.card(product: lamp.id, market: "IN", by: owner).variants.compactMap { $0.offer?.id }
    guard let offer = offers.first else { throw Fault() }
    bag = Bag(show: nil, market: "IN", lines: [Bag.Line(offer: offer, quantity: 1)])
    buyer = Buyer(
      account: nil, name: "Asha Rao", email: "asha@example.com", phone: "+91 98765 43210",
      address: Buyer.Address(
        name: "Asha Rao", line1: "12 Brigade Road", line2: "", city: "Bengaluru", region: "KA", postalCode: "560001",
        country: "IN"))
  }

  func buy() async throws {
    let id = commerce.makeID(Order.self)
    guard let key = IdempotencyKey(id.description, scope: "benchmark") else { throw Fault() }
    _ = try await commerce.placeOrder(id, bag, buyer: buyer, language: "en", key: key)
  }
}
