import Store

/// What a test card asks of the sandbox. The numbers are the ones Stripe publishes for the same purposes.
enum SandboxConduct: String, ValueConvertible {
  case succeeds
  case declines
  case lacksFunds
  case expired
  case wrongCode
  /// Once, when it is first used or saved.
  case needsAuthentication
  /// Every time, also of a buyer who is not there.
  case alwaysNeedsAuthentication
  /// Takes its time: `processing` first, and success by webhook.
  case isSlow

  /// Nil for a number that is no test card's: real cards have no business here.
  init?(number: String) {
    switch number {
    case "4242424242424242", "5555555555554444", "378282246310005", "4000003560000008": self = .succeeds
    case "4000000000000002": self = .declines
    case "4000000000009995": self = .lacksFunds
    case "4000000000000069": self = .expired
    case "4000000000000127": self = .wrongCode
    case "4000002500003155": self = .needsAuthentication
    case "4000002760003184": self = .alwaysNeedsAuthentication
    case "4000000000000077": self = .isSlow
    default: return nil
    }
  }

  /// The card's conduct by the names Stripe gives its ready-made methods, so that programs need not type a number.
  init?(method: String) {
    switch method {
    case "pm_card_visa", "pm_card_mastercard": self = .succeeds
    case "pm_card_visa_chargeDeclined": self = .declines
    case "pm_card_visa_chargeDeclinedInsufficientFunds": self = .lacksFunds
    case "pm_card_authenticationRequired": self = .needsAuthentication
    default: return nil
    }
  }

  var failure: ProviderPayment.Failure? {
    switch self {
    case .succeeds, .needsAuthentication, .alwaysNeedsAuthentication, .isSlow: nil
    case .declines: .init(code: "card_declined", sentence: "The card was declined. Try another card.")
    case .lacksFunds:
      .init(code: "insufficient_funds", sentence: "The card has too little money on it. Try another card.")
    case .expired: .init(code: "expired_card", sentence: "The card has expired. Try another card.")
    case .wrongCode: .init(code: "incorrect_cvc", sentence: "The card's security code is wrong. Check it.")
    }
  }
}

/// A card a buyer typed, as the sandbox keeps it: without its number.
public struct SandboxMethod: Sendable, Equatable {
  /// `pm_…`
  public let id: String
  public let brand: String
  public let last4: String
}

/// What the sandbox knows of a card by its name.
struct SandboxCard: Sendable {
  let method: String
  let brand: String
  let last4: String
  let expMonth: Int
  let expYear: Int
  let conduct: SandboxConduct
  let isKept: Bool

  static func find(_ method: String, in db: any Connection) throws -> SandboxCard? {
    if let conduct = SandboxConduct(method: method) {
      let isMastercard = method.contains("mastercard")
      return SandboxCard(
        method: method, brand: isMastercard ? "Mastercard" : "Visa", last4: isMastercard ? "4444" : "4242",
        expMonth: 12, expYear: 2034, conduct: conduct, isKept: false)
    }
    return try db.row(
      "SELECT id, brand, last4, exp_month, exp_year, conduct, is_kept FROM sandbox_method WHERE id = \(method)"
    ).map { row in
      SandboxCard(
        method: try row.get("id"), brand: try row.get("brand"), last4: try row.get("last4"),
        expMonth: try row.get("exp_month"), expYear: try row.get("exp_year"), conduct: try row.get("conduct"),
        isKept: try row.get("is_kept"))
    }
  }

  /// From now on it is not forgotten by itself.
  func keep(in db: any Connection) throws {
    try db.run("UPDATE sandbox_method SET is_kept = 1 WHERE id = \(method)")
  }

  var answer: ProviderCard {
    ProviderCard(method: method, brand: brand, last4: last4, expMonth: expMonth, expYear: expYear)
  }
}

/// Why the sandbox does not take a card.
public enum SandboxRefusal: Refusal, Equatable {
  case number
  case notATestCard
  case expiry
  case securityCode

  public var code: String {
    switch self {
    case .number: "incorrect_number"
    case .notATestCard: "not_a_test_card"
    case .expiry: "invalid_expiry"
    case .securityCode: "invalid_cvc"
    }
  }

  public var sentence: String {
    switch self {
    case .number: "This is not a card number. Check its digits."
    case .notATestCard: "Only test cards are taken here, such as 4242 4242 4242 4242. Never type a real one."
    case .expiry: "The expiry date is past, or not a date. Check month and year."
    case .securityCode: "The security code must have 3 or 4 digits."
    }
  }

  public var kind: RefusalKind { .invalid }

  public var field: String? {
    switch self {
    case .number, .notATestCard: "number"
    case .expiry: "expYear"
    case .securityCode: "cvc"
    }
  }
}

/// What a typed card number says about itself.
struct CardNumber {
  let digits: String

  /// Nil unless it has 12…19 digits, but for blanks and hyphens, and the last one is the Luhn check digit.
  init?(_ text: String) {
    guard text.utf8.count <= 40 else { return nil }
    let digits = text.filter { $0 != " " && $0 != "-" }
    guard (12...19).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    let sum = digits.utf8.reversed().enumerated().reduce(0) { sum, digit in
      let value = Int(digit.element) - 48
      guard digit.offset % 2 == 1 else { return sum + value }
      return sum + (value > 4 ? value * 2 - 9 : value * 2)
    }
    guard sum % 10 == 0 else { return nil }
    self.digits = digits
  }

  var last4: String { String(digits.suffix(4)) }

  var brand: String {
    switch digits.prefix(2) {
    case "34", "37": "American Express"
    case "51"..."55": "Mastercard"
    case let start where start.hasPrefix("4"): "Visa"
    default: "Card"
    }
  }
}
