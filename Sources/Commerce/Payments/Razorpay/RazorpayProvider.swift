/// Razorpay (https://razorpay.com/docs/api): a UPI code for each payment, for one use and of a fixed amount, and refunds.
///
/// The code is shown as a QR picture and as a link that opens a UPI app. It takes no payment twice, can be closed, and is
/// found again by our attempt in its notes. UPI has no card to keep, and nothing is paid without the buyer.
public struct RazorpayProvider: PaymentProvider {
  /// What a program or a page names to pay with.
  public static let method = "upi"

  public let name = "razorpay"
  public let means = PaymentMeans.upi
  public let settings: RazorpaySettings
  var api: RazorpayAPI
  let clock: WallClock
  let webhookAgeSeconds: Int64

  /// A call of `http` has to end within a quarter of `Policy.reconcileSeconds`, for it is made up to three times: what is
  /// asked about later must not still be on its way.
  public init(
    _ settings: RazorpaySettings, http: @escaping OutgoingHTTP, clock: WallClock = .system,
    webhookAgeSeconds: Int64 = 300
  ) {
    self.settings = settings
    self.clock = clock
    self.webhookAgeSeconds = webhookAgeSeconds
    api = RazorpayAPI(settings: settings, http: http)
  }

  public func takes(_ currency: Currency) -> Bool { currency.code == Self.currency }

  public func pay(_ request: PaymentRequest) async throws -> ProviderPayment {
    guard request.method == Self.method else {
      throw ProviderRefused(code: "payment_method_unknown", sentence: "Razorpay is paid by UPI.")
    }
    guard takes(request.amount.currency), request.amount.minor >= Self.paiseMin else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Razorpay takes Indian rupees, at least one.")
    }
    let now = clock.now
    // As long as the order waits. Razorpay wants a quarter of an hour at least; whoever cancels closes it before that.
    let least = now.adding(seconds: Self.openSecondsMin)
    let closes = request.expires.map { max($0, least) } ?? least
    let code: RazorpayCode = try await api.post(
      "payments/qr_codes",
      NewCode(
        name: request.reference, description: request.reference, amount: request.amount.minor,
        closes: closes.milliseconds / 1000,
        notes: RazorpayNotes(["attempt": request.attempt.description, "order": request.order.description])))
    guard code.link != nil else {
      // Nobody has seen it: it closes by itself.
      throw ProviderRefused(code: "image_content_off", sentence: "Razorpay gave a code without its content.")
    }
    return try await read(code)
  }

  public func payment(_ id: String) async throws -> ProviderPayment {
    try await read(try await api.get("payments/qr_codes/\(Self.segment(id))"))
  }

  /// Looked for among the codes of those minutes.
  public func payment(attempt: ID<PaymentAttempt>) async throws -> ProviderPayment? {
    let seconds = attempt.made.milliseconds / 1000
    let found: RazorpayCode? = try await first(
      of: "payments/qr_codes",
      [("from", seconds - Self.clockErrorSeconds), ("to", seconds + Self.clockErrorSeconds)]
    ) { $0.attempt == attempt }
    guard let found else { return nil }
    return try await read(found)
  }

  public func cancel(_ id: String) async throws -> ProviderPayment {
    do {
      let code: RazorpayCode = try await api.post("payments/qr_codes/\(Self.segment(id))/close", [String: String]())
      return try await read(code)
    } catch is ProviderRefused {
      // It is closed already; was it paid?
      return try await payment(id)
    }
  }

  public func refund(_ request: RefundRequest) async throws -> ProviderRefund {
    guard takes(request.amount.currency) else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Razorpay takes Indian rupees.")
    }
    let payments = try await payments(of: request.payment)
    guard let payment = payments.first(where: \.hasCome) else {
      // It was there once: what is not found now may be found later.
      throw RazorpayFault(status: 200, code: "payment_missing")
    }
    let path = "payments/\(try Self.segment(payment.id))"
    // How long Razorpay knows a key is said nowhere: what was made is looked for first.
    let made: RazorpayRefund? = try await first(of: "\(path)/refunds", []) { $0.notes?["refund"] == request.key }
    if let made { return try read(made) }
    return try read(
      try await api.post(
        "\(path)/refund",
        NewRefund(
          amount: request.amount.minor, speed: "normal", receipt: request.key,
          notes: RazorpayNotes(["refund": request.key])), key: ("X-Refund-Idempotency", request.key)))
  }

  public func refund(_ id: String) async throws -> ProviderRefund {
    try read(try await api.get("refunds/\(Self.segment(id))"))
  }

  // UPI has nothing to keep: `Commerce` asks none of these of a provider whose means it is.

  public func makeCustomer(_ account: ID<Account>) async throws -> String { throw Self.keepsNothing }

  public func keep(_ request: CardRequest) async throws -> ProviderSetup { throw Self.keepsNothing }

  public func setup(_ id: String) async throws -> ProviderSetup { throw Self.keepsNothing }

  public func forget(_ method: String) async throws {}

  private static let keepsNothing = ProviderRefused(code: "cards_not_kept", sentence: "Razorpay is paid by UPI here.")

  private func read(_ refund: RazorpayRefund) throws -> ProviderRefund {
    guard let answer = refund.answer else { throw RazorpayFault(status: 200, code: "unreadable") }
    return answer
  }

  /// How a code stands: by the payments that came by it, whatever it says itself.
  private func read(_ code: RazorpayCode) async throws -> ProviderPayment {
    guard let attempt = code.attempt, let amount = code.amount, ["active", "closed"].contains(code.status) else {
      throw RazorpayFault(status: 200, code: "unreadable")
    }
    let isOpen = code.status == "active"
    guard let rupee = Currency(Self.currency) else { throw RazorpayFault(status: 200, code: "unreadable") }
    let asked = Money(minor: amount, currency: rupee)
    let payments =
      isOpen && !code.isPaid ? [] : try await self.payments(of: code.id)
    if let paid = payments.first(where: \.hasCome) {
      guard let currency = Currency(paid.currency) else { throw RazorpayFault(status: 200, code: "unreadable") }
      // Of another amount it is not taken for the attempt's: whoever writes it down compares.
      return ProviderPayment(
        id: code.id, attempt: attempt, amount: Money(minor: paid.amount, currency: currency), state: .succeeded)
    }
    if isOpen, !code.isPaid, let link = code.link {
      return ProviderPayment(id: code.id, attempt: attempt, amount: asked, state: .requiresAction, actionURL: link)
    }
    // Paid by its own word, but its payment is not in the list yet: that is no decline.
    if isOpen || code.isPaid || payments.contains(where: \.isUnderWay) {
      return ProviderPayment(id: code.id, attempt: attempt, amount: asked, state: .processing)
    }
    return ProviderPayment(
      id: code.id, attempt: attempt, amount: asked, state: .declined, failure: Self.notPaid)
  }

  private static let notPaid = ProviderPayment.Failure(
    code: "upi_not_paid", sentence: "The UPI code was closed before anybody paid by it. Nothing was charged.")

  func payments(of code: String) async throws -> [RazorpayPayment] {
    var found: [RazorpayPayment] = []
    let path = "payments/qr_codes/\(try Self.segment(code))/payments"
    let _: RazorpayPayment? = try await first(of: path, []) {
      found.append($0)
      return false
    }
    return found
  }

  /// Goes through a list, page after page, the newest first.
  private func first<Item: Decodable & Sendable>(
    of path: String, _ query: [(name: String, value: Int64)], where isIt: (Item) -> Bool
  ) async throws -> Item? {
    for page in 0..<Self.pagesMax {
      let list: RazorpayList<Item> = try await api.get(
        path, query + [("count", Self.pageItems), ("skip", page * Self.pageItems)])
      if let found = list.items.first(where: isIt) { return found }
      guard list.items.count >= Int(Self.pageItems) else { return nil }
    }
    throw RazorpayFault(status: 200, code: "list_too_long")
  }

  /// An id as part of a path. Razorpay's have nothing to be escaped; what has is none.
  static func segment(_ id: String) throws -> String {
    guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(isPlain) else {
      throw ProviderRefused(code: "id_unknown", sentence: "That is no id of Razorpay's.")
    }
    return id
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  static let currency = "INR"
  static let paiseMin: Int64 = 100
  /// A quarter of an hour, and what clocks may be apart.
  private static let openSecondsMin: Int64 = 1_200
  private static let clockErrorSeconds: Int64 = 300
  private static let pageItems: Int64 = 100
  private static let pagesMax: Int64 = 100
}

private struct NewCode: Encodable, Sendable {
  let type = "upi_qr"
  let usage = "single_use"
  let isFixed = true
  let name: String
  let description: String
  let amount: Int64
  let closes: Int64
  let notes: RazorpayNotes

  enum CodingKeys: String, CodingKey {
    case type, usage, name, description, notes
    case isFixed = "fixed_amount"
    case amount = "payment_amount"
    case closes = "close_by"
  }
}

private struct NewRefund: Encodable, Sendable {
  let amount: Int64
  let speed: String
  let receipt: String
  let notes: RazorpayNotes
}
