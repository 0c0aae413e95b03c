import Foundation
import Store

/// What the buyer's browser does with the sandbox: give it a card, and confirm a payment.
extension SandboxProvider {
  /// Takes a card's details and gives them a name. Only test numbers are taken; the number is not kept.
  ///
  /// `expMonth` is 1…12, `expYear` has four digits; spaces in `number` do not matter. Throws `SandboxRefusal`.
  public func makeMethod(number: String, expMonth: Int, expYear: Int, cvc: String) async throws -> SandboxMethod {
    guard let card = CardNumber(number) else { throw SandboxRefusal.number }
    guard let conduct = SandboxConduct(number: card.digits) else { throw SandboxRefusal.notATestCard }
    guard (1...12).contains(expMonth), (2000...2100).contains(expYear), (expYear, expMonth) >= thisMonth else {
      throw SandboxRefusal.expiry
    }
    guard (3...4).contains(cvc.utf8.count), cvc.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw SandboxRefusal.securityCode
    }
    let method = SandboxMethod(
      id: Secret(prefix: "pm_", entropy: entropy).text, brand: card.brand, last4: card.last4)
    try await database.write { db in
      _ = try db.run(
        """
        INSERT INTO sandbox_method (id, brand, last4, conduct, made_ms, exp_month, exp_year)
        VALUES (\(method.id), \(method.brand), \(method.last4), \(conduct), \(self.clock.now), \(expMonth), \(expYear))
        """)
    }
    return method
  }

  /// Forgets the names of cards made more than `hours` ago that nobody keeps, in batches of 1 000, each a transaction of its own; gives how
  /// many.
  @discardableResult
  public func forgetOldMethods(hours: Int64) async throws -> Int {
    let before = clock.now.adding(seconds: -hours * 3600)
    var forgotten = 0
    while true {
      let batch = try await database.write { db in
        try db.run(
          """
          DELETE FROM sandbox_method WHERE id IN
            (SELECT id FROM sandbox_method WHERE made_ms < \(before) AND is_kept = 0 ORDER BY made_ms LIMIT 1000)
          """)
      }
      forgotten += batch
      if batch < 1000 { return forgotten }
    }
  }

  /// A payment, or a card to be saved, that asked its buyer for a second step, for the page that is that step. Nil when
  /// there is none.
  public func authentication(_ payment: String) async throws -> SandboxAuthentication? {
    try await database.read { db in
      if let setup = try SandboxSetup.find("id", payment, in: db) {
        return SandboxAuthentication(reference: "", amount: nil, isOpen: setup.state == .requiresAction)
      }
      return try SandboxPayment.find(payment, in: db).map {
        SandboxAuthentication(reference: $0.reference, amount: $0.amount, isOpen: $0.state == .requiresAction)
      }
    }
  }

  /// The buyer's answer to the second step. Nothing happens to a payment that does not wait for one (any more).
  public func authenticate(_ payment: String, approved: Bool) async throws {
    try await database.write { db in
      if let setup = try SandboxSetup.find("id", payment, in: db) {
        return try setup.answer(approved: approved, failure: Self.authenticationFailed, in: db)
      }
      guard let found = try SandboxPayment.find(payment, in: db) else { throw GeneralRefusal.notFound("payment") }
      guard found.state == .requiresAction else { return }
      let answered =
        approved ? found.becoming(.succeeded) : found.becoming(.declined, failure: Self.authenticationFailed)
      try answered.update(in: db)
      try self.schedule(answered, after: self.fortune.nextWebhookDelay(), in: db)
    }
  }

  private static let authenticationFailed = ProviderPayment.Failure(
    code: "authentication_failed", sentence: "The payment was not confirmed. Try again, or with another card.")

  private var thisMonth: (Int, Int) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let date = Date(timeIntervalSince1970: Double(clock.now.milliseconds) / 1000)
    return (calendar.component(.year, from: date), calendar.component(.month, from: date))
  }
}

/// What the page of the second step shows.
public struct SandboxAuthentication: Sendable, Equatable {
  /// The order's number; empty when a card is saved.
  public let reference: String
  /// Nil when a card is saved, and nothing taken.
  public let amount: Money?
  /// False once it was answered.
  public let isOpen: Bool
}
