import Store
import TestKit

@testable import Commerce

/// A seller who is paid through Razorpay Route, by a stand-in, and an operator.
struct RouteHouse: Sendable {
  /// In the documented forms; the PANs are those of the documentation.
  static let details = PayeeDetails(
    businessType: "proprietorship", businessName: "Meera Lamps", trade: "ecommerce/home_furnishing_stores",
    contactName: "Meera Kumari", email: "Meera@Example.com", phone: "+91 98765 43210", street: "507, 1st block",
    area: "Koramangala", city: "Bengaluru", state: "ka", postalCode: "560 034", ownerPAN: "avopb1111k",
    gst: "29AVOPB1111K1Z5",
    bank: BankAccount(holder: "Meera Kumari", number: "0001 1122 2333 4321", code: "hdfc0000317"),
    termsAccepted: true)

  let stall: RazorpayStall
  let owner: Caller
  let `operator`: Caller
  var payee: Payee { .channel(stall.square.channel.id) }
  var commerce: Commerce { stall.commerce }
  var razorpay: RazorpayStandIn { stall.razorpay }

  init(_ engine: Engine, isConnected: Bool = true) async throws {
    stall = try await RazorpayStall(engine, paysOut: true)
    (owner, `operator`) = (stall.square.owner, stall.square.operator)
    if isConnected { try await tell() }
  }

  @discardableResult
  func tell(_ details: PayeeDetails = details) async throws -> ProviderPayee {
    try await commerce.tellPayee(payee, by: owner, details)
  }

  func account() async throws -> ProviderPayee? { try await commerce.providerPayee(of: payee, by: owner) }

  func destination() async throws -> PayoutDestination? {
    try await commerce.payoutDestination(of: payee, by: owner)
  }

  /// Two lamps that were sold, sent, delivered and settled.
  @discardableResult
  func settle() async throws -> PlacedOrder {
    let placed = try await stall.place(2)
    let code = try await stall.code(placed)
    stall.razorpay.pay(code)
    guard try await commerce.refreshPayment(placed.order.id, token: placed.access).state == .paid else {
      throw FixtureFault("not paid")
    }
    let parcel = try await commerce.ship(placed.order.id, by: owner)
    _ = try await commerce.deliver(parcel.id, of: placed.order.id, by: owner)
    // Nobody waits for it here.
    try await run("UPDATE orders SET state = 'settled' WHERE id = \(placed.order.id)")
    return placed
  }

  /// A payout of what is settled.
  func prepare() async throws { _ = try await commerce.preparePayouts(by: `operator`) }

  func payout() async throws -> Payout? { try await commerce.payouts(by: `operator`).items.first }

  func due() async throws -> PayoutDue? { try await commerce.payoutsDue(by: `operator`).first }

  func refund(_ sold: PlacedOrder, _ minor: Int64? = nil) async throws {
    _ = try await commerce.refund(sold.order.id, by: owner, amountMinor: minor, reason: "a scratch")
  }

  var seller: Int64 {
    get async throws {
      let account = "seller:\(stall.square.channel.id)"
      return try await number(
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS number FROM ledger_entry WHERE account = \(account)")
    }
  }

  func number(_ sql: SQL) async throws -> Int64 {
    try await stall.database.read { db in try db.requireRow(sql).number("number") }
  }

  func run(_ sql: SQL) async throws { try await stall.database.write { db in _ = try db.run(sql) } }

  /// What Razorpay was asked since, as `POST /v2/accounts`.
  var posts: [String] { razorpay.asked.filter { $0.method != "GET" }.map { "\($0.method) \($0.path)" } }

  /// An event about the seller's product.
  @discardableResult
  func tellProduct(_ state: String) async throws -> WebhookOutcome {
    let names = try await account()?.names
    let product = razorpay.products.first { $0["account_id"].string == names?.account }?["id"] ?? .null
    return try await stall.deliver(
      "product.route.\(state)",
      [
        "merchant_product": [
          "id": product, "merchant_id": .string(names?.account ?? ""), "activation_status": .string(state),
        ]
      ])
  }

  /// An event about a transfer, as it was then.
  @discardableResult
  func tellTransfer(_ kind: String, _ transfer: JSON) async throws -> WebhookOutcome {
    try await stall.deliver("transfer.\(kind)", ["transfer": transfer])
  }
}
