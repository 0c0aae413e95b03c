/// Stripe (https://docs.stripe.com/api): PaymentIntents that are confirmed as they are made, and refunds.
///
/// Only cards are taken: what takes days to come true does not fit a hold of ten minutes. A second step is Stripe's own
/// page, from which the buyer comes back to the order's page. The order's number is the payment's `transfer_group`, so
/// that what is transferred to sellers can be told to belong to it.
public struct StripeProvider: PaymentProvider {
  public let name = "stripe"
  public let settings: StripeSettings
  var api: StripeAPI
  let clock: WallClock
  let webhookAgeSeconds: Int64

  /// A call of `http` has to end within a quarter of `Policy.reconcileSeconds`, for it is made up to three times: what is
  /// asked about later must not still be on its way.
  public init(
    _ settings: StripeSettings, http: @escaping OutgoingHTTP, clock: WallClock = .system,
    webhookAgeSeconds: Int64 = 300
  ) {
    self.settings = settings
    self.clock = clock
    self.webhookAgeSeconds = webhookAgeSeconds
    api = StripeAPI(settings: settings, http: http)
  }

  public func pay(_ request: PaymentRequest) async throws -> ProviderPayment {
    guard let units = StripeAmount.units(of: request.amount) else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Stripe has no unit for this amount.")
    }
    var form = StripeForm()
    form.set("amount", units)
    form.set("currency", request.amount.currency.code.lowercased())
    form.set("confirm", "true")
    form.set("allowed_payment_method_types[0]", "card")
    // The page gives the card's details a name that holds for one payment; programs may send a payment method.
    form.set(request.method.hasPrefix("ctoken_") ? "confirmation_token" : "payment_method", request.method)
    if request.isOffSession {
      form.set("off_session", "true")
    } else {
      form.set("return_url", settings.returnURL("/orders/\(request.order)?payment=returned"))
    }
    if let customer = request.customer { form.set("customer", customer) }
    if request.saves { form.set("setup_future_usage", "off_session") }
    form.set("expand[0]", "payment_method")
    form.set("description", request.reference)
    form.set("transfer_group", request.reference)
    form.set("metadata[order]", request.order.description)
    form.set("metadata[attempt]", request.attempt.description)
    do {
      let intent: StripeIntent = try await api.post(
        "payment_intents", form, key: "\(request.order)/\(request.attempt)")
      return try read(intent)
    } catch let declined as StripeDeclined {
      if let payment = declined.problem?.intent?.payment, payment.state == .declined { return payment }
      return ProviderPayment(
        id: declined.problem?.intent?.id ?? "", attempt: request.attempt, amount: request.amount, state: .declined,
        failure: (declined.problem?.error ?? StripeError()).failure)
    } catch let refused as ProviderRefused where refused.code == "resource_missing" {
      // Only the method is named in the request: it is used up, or nobody made it.
      return ProviderPayment(
        id: "", attempt: request.attempt, amount: request.amount, state: .declined,
        failure: Self.methodUnknown)
    }
  }

  public func payment(_ id: String) async throws -> ProviderPayment {
    var query = StripeForm()
    query.set("expand[0]", "payment_method")
    return try read(try await api.get("payment_intents/\(Self.segment(id))", query))
  }

  /// Looked for among the payments of those minutes. Stripe's search would be simpler, but it finds a payment only after
  /// a while, and is not to be had in India (https://docs.stripe.com/search).
  public func payment(attempt: ID<PaymentAttempt>) async throws -> ProviderPayment? {
    let seconds = attempt.made.milliseconds / 1000
    var query = StripeForm()
    query.set("created[gte]", seconds - Self.clockErrorSeconds)
    query.set("created[lte]", seconds + Self.clockErrorSeconds)
    let found: StripeIntent? = try await first(of: "payment_intents", query) {
      $0.metadata?["attempt"] == attempt.description
    }
    return try found.map(read)
  }

  public func makeCustomer(_ account: ID<Account>) async throws -> String {
    var form = StripeForm()
    // Nothing else: whose account it is, is ours to know.
    form.set("metadata[account]", account.description)
    let customer: StripeNamed = try await api.post("customers", form, key: "customer/\(account)")
    return customer.id
  }

  /// A SetupIntent that is confirmed as it is made (https://docs.stripe.com/api/setup_intents).
  public func keep(_ request: CardRequest) async throws -> ProviderSetup {
    var form = StripeForm()
    form.set("customer", request.customer)
    form.set("confirm", "true")
    form.set("usage", "off_session")
    form.set("allowed_payment_method_types[0]", "card")
    form.set(request.method.hasPrefix("ctoken_") ? "confirmation_token" : "payment_method", request.method)
    form.set("return_url", settings.returnURL("/account/wallet?card=\(request.setup)"))
    form.set("metadata[setup]", request.setup.description)
    form.set("expand[0]", "payment_method")
    do {
      let intent: StripeSetupIntent = try await api.post("setup_intents", form, key: "setup/\(request.setup)")
      return try read(intent)
    } catch let declined as StripeDeclined {
      return ProviderSetup(id: "", state: .declined, failure: (declined.problem?.error ?? StripeError()).failure)
    } catch let refused as ProviderRefused where refused.code == "resource_missing" {
      return ProviderSetup(id: "", state: .declined, failure: Self.methodUnknown)
    }
  }

  public func setup(_ id: String) async throws -> ProviderSetup {
    var query = StripeForm()
    query.set("expand[0]", "payment_method")
    return try read(try await api.get("setup_intents/\(Self.segment(id))", query))
  }

  public func forget(_ method: String) async throws {
    do {
      let _: StripeNamed = try await api.post(
        "payment_methods/\(Self.segment(method))/detach", StripeForm(), key: "detach/\(method)")
    } catch let refused as ProviderRefused where refused.code == "resource_missing" {
      // It is gone already.
    }
  }

  private func read(_ intent: StripeSetupIntent) throws -> ProviderSetup {
    guard let setup = intent.answer else { throw StripeFault(status: 200, code: "unreadable") }
    return setup
  }

  private static let methodUnknown = ProviderPayment.Failure(
    code: "payment_method_unknown", sentence: "The card's details have expired. Type them again.")

  public func cancel(_ id: String) async throws -> ProviderPayment {
    var form = StripeForm()
    form.set("cancellation_reason", "abandoned")
    do {
      return try read(
        try await api.post("payment_intents/\(Self.segment(id))/cancel", form, key: "cancel/\(id)"))
    } catch is ProviderRefused {
      // It cannot be given up any more; how does it stand?
      return try await payment(id)
    }
  }

  public func refund(_ request: RefundRequest) async throws -> ProviderRefund {
    guard let units = StripeAmount.units(of: request.amount) else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Stripe has no unit for this amount.")
    }
    // Stripe forgets keys after a day (https://docs.stripe.com/api/idempotent_requests). From then on, what was made
    // is looked for first.
    if isKeyForgotten(request.made), let made = try await refund(key: request.key, of: request.payment) {
      return made
    }
    var form = StripeForm()
    form.set("payment_intent", request.payment)
    form.set("amount", units)
    form.set("metadata[refund]", request.key)
    do {
      return (try await api.post("refunds", form, key: request.key) as StripeRefund).answer
    } catch let declined as StripeDeclined {
      throw ProviderRefused(code: declined.problem?.error.code ?? "card_declined", sentence: "Stripe refused it.")
    }
  }

  public func refund(_ id: String) async throws -> ProviderRefund {
    (try await api.get("refunds/\(Self.segment(id))") as StripeRefund).answer
  }

  private func refund(key: String, of payment: String) async throws -> ProviderRefund? {
    var query = StripeForm()
    query.set("payment_intent", payment)
    let found: StripeRefund? = try await first(of: "refunds", query) { $0.metadata?["refund"] == key }
    return found?.answer
  }

  private func read(_ intent: StripeIntent) throws -> ProviderPayment {
    guard let payment = intent.payment else { throw StripeFault(status: 200, code: "unreadable") }
    return payment
  }

  /// Goes through a list, page after page, the newest first.
  func first<Item: StripeItem>(
    of path: String, _ query: StripeForm, where isIt: (Item) -> Bool
  ) async throws -> Item? {
    var page = query
    page.set("limit", 100)
    for _ in 0..<Self.pagesMax {
      let list: StripeList<Item> = try await api.get(path, page)
      if let found = list.data.first(where: isIt) { return found }
      guard list.hasMore == true, let last = list.data.last else { return nil }
      page = query
      page.set("limit", 100)
      page.set("starting_after", last.id)
    }
    throw StripeFault(status: 200, code: "list_too_long")
  }

  func isKeyForgotten(_ made: Moment) -> Bool { clock.now.milliseconds(since: made) > Self.keyMilliseconds }

  /// An id as part of a path. Stripe's have nothing to be escaped; what has is none.
  static func segment(_ id: String) throws -> String {
    guard !id.isEmpty, id.utf8.allSatisfy(isPlain) else {
      throw ProviderRefused(code: "resource_missing", sentence: "That is no id of Stripe's.")
    }
    return id
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// How far Stripe's clock and ours may be apart.
  private static let clockErrorSeconds: Int64 = 300
  private static let keyMilliseconds: Int64 = 20 * 3_600_000
  private static let pagesMax = 100
}

/// What a list holds.
protocol StripeItem: Decodable, Sendable { var id: String { get } }

extension StripeIntent: StripeItem {}
extension StripeRefund: StripeItem {}
