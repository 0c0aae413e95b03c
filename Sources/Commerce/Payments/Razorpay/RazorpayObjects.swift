/// What we say about an object: Razorpay gives it back as an object of texts, or as an empty list when there is nothing.
struct RazorpayNotes: Codable, Sendable {
  let texts: [String: String]

  init(_ texts: [String: String]) { self.texts = texts }

  init(from decoder: any Decoder) throws {
    // Others may have written into it in the dashboard; what is no text is none of ours.
    texts = (try? decoder.singleValueContainer().decode([String: String].self)) ?? [:]
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(texts)
  }

  subscript(name: String) -> String? { texts[name] }
}

/// A QR code (https://razorpay.com/docs/api/qr-codes/image-content/entity), as much of it as we read.
struct RazorpayCode: Decodable, Sendable {
  let id: String
  let status: String
  /// What is in the picture: `upi://pay?…`. Only accounts for which Razorpay has turned it on get it.
  let content: String?
  /// In paise.
  let amount: Int64?
  let notes: RazorpayNotes?
  let paymentsReceived: Int64?
  /// Such as `paid` or `on_demand`.
  let closeReason: String?

  enum CodingKeys: String, CodingKey {
    case id, status, notes
    case content = "image_content"
    case amount = "payment_amount"
    case paymentsReceived = "payments_count_received"
    case closeReason = "close_reason"
  }

  /// Whether money came by it, as far as the code itself knows.
  var isPaid: Bool { closeReason == "paid" || (paymentsReceived ?? 0) > 0 }

  var attempt: ID<PaymentAttempt>? { notes?["attempt"].flatMap { ID($0) } }

  /// The link that UPI apps open; nil for a code without one.
  var link: String? {
    guard let content, content.hasPrefix("upi://"), (1...1024).contains(content.utf8.count),
      content.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    return content
  }
}

/// A payment that came by a code (https://razorpay.com/docs/api/payments/entity).
struct RazorpayPayment: Decodable, Sendable {
  let id: String
  /// In the currency's minor units.
  let amount: Int64
  let currency: String
  let status: String
  let captured: Bool?
  /// In the currency's minor units.
  let amountRefunded: Int64?

  enum CodingKeys: String, CodingKey {
    case id, amount, currency, status, captured
    case amountRefunded = "amount_refunded"
  }

  /// Whether the money came. One that was refunded had come, unless Razorpay gave it back because it was never captured.
  var hasCome: Bool { status == "captured" || (status == "refunded" && captured == true) }

  /// Whether it may still come.
  var isUnderWay: Bool { ["created", "authorized"].contains(status) }
}

/// A refund (https://razorpay.com/docs/api/refunds/entity).
struct RazorpayRefund: Decodable, Sendable {
  let id: String
  let status: String
  let notes: RazorpayNotes?

  /// Nil for a status this version does not know.
  var answer: ProviderRefund? {
    switch status {
    case "processed": ProviderRefund(id: id, state: .succeeded)
    case "pending": ProviderRefund(id: id, state: .pending)
    case "failed": ProviderRefund(id: id, state: .failed(code: "refund_failed"))
    default: nil
    }
  }
}

struct RazorpayList<Item: Decodable & Sendable>: Decodable, Sendable { let items: [Item] }

/// An answer that is no success (https://razorpay.com/docs/errors).
struct RazorpayProblem: Decodable, Sendable {
  struct Fault: Decodable, Sendable {
    let code: String?
    let reason: String?
    let description: String?
  }

  let error: Fault
}

/// A transfer to a linked account (https://razorpay.com/docs/api/payments/route/transfers-entity), as much of it as we
/// read.
struct RazorpayTransfer: Decodable, Sendable {
  struct Fault: Decodable, Sendable {
    let code: String?
    let reason: String?
  }

  let id: String
  let recipient: String?
  /// In paise.
  let amount: Int64
  /// The documentation calls it both ways, and leaves it out in its older examples.
  let status: String?
  let transferStatus: String?
  let processed: Int64?
  let notes: RazorpayNotes?
  let error: Fault?

  enum CodingKeys: String, CodingKey {
    case id, recipient, amount, status, notes, error
    case transferStatus = "transfer_status"
    case processed = "processed_at"
  }

  /// Nil for a status this version does not know.
  var answer: ProviderTransfer? {
    let state: ProviderTransfer.State? =
      switch status ?? transferStatus {
      case "created", "pending": .pending
      case "processed", "reversed", "partially_reversed": .sent
      case "failed": .failed(code: [error?.reason, error?.code].compactMap { $0 }.first { !$0.isEmpty } ?? "failed")
      case nil: processed == nil ? .pending : .sent
      default: nil
      }
    return state.map { ProviderTransfer(id: id, state: $0, key: notes?["transfer"]) }
  }
}

/// A reversal of one (https://razorpay.com/docs/api/payments/route/reverse-a-transfer). One that there is has succeeded.
struct RazorpayReversal: Decodable, Sendable {
  let id: String
  let notes: RazorpayNotes?
}

/// A linked account (https://razorpay.com/docs/api/payments/route/linked-account-entity).
struct RazorpayAccount: Decodable, Sendable {
  let id: String
  let notes: RazorpayNotes?
}

/// The person behind one (https://razorpay.com/docs/api/payments/route/stakeholder-entity).
struct RazorpayStakeholder: Decodable, Sendable { let id: String }

/// What one is used for (https://razorpay.com/docs/api/payments/route/product-configuration-entity). The bank account in
/// it is not read.
struct RazorpayProduct: Decodable, Sendable {
  struct Requirement: Decodable, Sendable {
    let field: String
    let reason: String?

    enum CodingKeys: String, CodingKey {
      case field = "field_reference"
      case reason = "reason_code"
    }
  }

  let id: String
  let status: String
  let requirements: [Requirement]?

  enum CodingKeys: String, CodingKey {
    case id, requirements
    case status = "activation_status"
  }

  /// Nil for a status this version does not know.
  var standing: PayeeStanding? {
    PayeeStanding.State(rawValue: status).map { state in
      PayeeStanding(
        state,
        requirements: (requirements ?? []).map { PayeeStanding.Requirement(field: $0.field, reason: $0.reason ?? "") })
    }
  }
}

/// What a webhook shows of one.
struct RazorpayToldProduct: Decodable, Sendable {
  let id: String
  let account: String

  enum CodingKeys: String, CodingKey {
    case id
    case account = "merchant_id"
  }
}
