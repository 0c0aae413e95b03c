import Foundation
import Store
import Synchronization

extension SandboxProvider {
  /// Where webhooks go. Throwing means that it was not taken, and is to be sent again.
  public typealias Delivery = @Sendable (_ headers: [String: String], _ body: [UInt8]) async throws -> Void

  static let signatureHeader = "sandbox-signature"

  public func event(headers: [String: String], body: [UInt8], now: Moment) throws -> ProviderEvent {
    let header = headers.first { $0.key.lowercased() == Self.signatureHeader }?.value
    try WebhookSignature.check(header, body: body, secret: secret, now: now, ageSeconds: webhookAgeSeconds)
    guard let told = try? JSONDecoder().decode(SandboxEvent.self, from: Data(body)) else {
      throw WebhookRefusal.unreadable
    }
    return ProviderEvent(id: told.id, kind: told.kind, payment: told.payment)
  }

  /// Notes that a webhook is to be sent, in the transaction of what it tells.
  func schedule(_ payment: SandboxPayment, after delay: Int64, in db: any Connection) throws {
    let due = clock.now.adding(milliseconds: delay)
    scheduledUntil.withLock { $0 = max($0, due.adding(milliseconds: 2_000)) }
    let event = SandboxEvent(id: Secret(prefix: "evt_", entropy: entropy).text, payment.answer)
    let body = String(decoding: try JSONEncoder().encode(event), as: UTF8.self)
    try db.run(
      """
      INSERT INTO sandbox_event (id, body, due_ms, deliveries, tries)
      VALUES (\(event.id), \(body), \(due), \(fortune.nextIsTwice() ? 2 : 1), 0)
      """)
  }

  /// Sends the webhooks that are due, at most 256, `atOnce` at a time; gives how many were taken. One that is not taken is
  /// sent again after 1, 2, 4 … seconds, an hour at most, 16 times in all.
  @discardableResult
  public func deliverDue(atOnce: Int = 16, _ delivery: @escaping Delivery) async throws -> Int {
    let now = clock.now
    let due = try await database.read { db in
      try db.rows("SELECT id, body, tries FROM sandbox_event WHERE due_ms <= \(now) ORDER BY due_ms, id LIMIT 256")
        .map { Due(id: try $0.get("id"), body: try $0.get("body"), tries: try $0.get("tries")) }
    }
    guard !due.isEmpty else { return 0 }
    try await database.write { db in try self.settleSlow(at: now, in: db) }
    let taken = await deliver(due, atOnce: atOnce, delivery)
    try await database.write { db in
      for (event, isTaken) in zip(due, taken) { try self.note(event, isTaken: isTaken, in: db) }
    }
    return taken.count { $0 }
  }

  /// Sends what is due until the task is cancelled.
  public func run(_ delivery: @escaping Delivery) async {
    while !Task.isCancelled {
      // A database that is down for a moment must not end the deliveries for good.
      let sent = (try? await deliverDue(delivery)) ?? 0
      if sent == 0 { await pause() }
    }
  }

  /// Until there may be something to send: what this process has scheduled it knows of, and what another did, or was left
  /// by a crash, can wait for a second.
  private func pause() async {
    for _ in 0..<1_000 / Self.pollMilliseconds {
      guard (try? await Task.sleep(for: .milliseconds(Self.pollMilliseconds))) != nil else { return }
      if scheduledUntil.withLock({ $0 }) >= clock.now { return }
    }
  }

  private static let pollMilliseconds = 100
  private static let triesMax: Int64 = 16

  private struct Due: Sendable {
    let id: String
    let body: String
    let tries: Int64
  }

  private func deliver(_ due: [Due], atOnce: Int, _ delivery: @escaping Delivery) async -> [Bool] {
    await withTaskGroup(of: (Int, Bool).self) { group in
      var taken = [Bool](repeating: false, count: due.count)
      for (index, event) in due.enumerated() {
        if index >= atOnce, let (done, isTaken) = await group.next() { taken[done] = isTaken }
        group.addTask {
          let body = Array(event.body.utf8)
          let signature = WebhookSignature.sign(body, secret: self.secret, at: self.clock.now)
          do {
            try await delivery([Self.signatureHeader: signature, "content-type": "application/json"], body)
            return (index, true)
          } catch {
            return (index, false)
          }
        }
      }
      for await (done, isTaken) in group { taken[done] = isTaken }
      return taken
    }
  }

  private func note(_ event: Due, isTaken: Bool, in db: any Connection) throws {
    if isTaken {
      let again = clock.now.adding(milliseconds: fortune.nextWebhookDelay())
      try db.run("UPDATE sandbox_event SET deliveries = deliveries - 1, due_ms = \(again) WHERE id = \(event.id)")
      try db.run("DELETE FROM sandbox_event WHERE id = \(event.id) AND deliveries <= 0")
    } else if event.tries + 1 >= Self.triesMax {
      try db.run("DELETE FROM sandbox_event WHERE id = \(event.id)")
    } else {
      let next = clock.now.adding(seconds: min(3600, 1 << event.tries))
      try db.run("UPDATE sandbox_event SET tries = tries + 1, due_ms = \(next) WHERE id = \(event.id)")
    }
  }
}

/// The body of a webhook.
private struct SandboxEvent: Codable {
  struct Object: Codable {
    let id: String
    let attempt: ID<PaymentAttempt>
    let amount: Money
    let status: String
    let actionURL: String?
    let failureCode: String?
    let failureSentence: String?
    let card: Card?
  }

  struct Card: Codable {
    let method: String
    let brand: String
    let last4: String
    let expMonth: Int
    let expYear: Int
  }

  let id: String
  let kind: String
  let object: Object

  init(id: String, _ payment: ProviderPayment) {
    self.id = id
    kind = "payment." + payment.state.rawValue
    object = Object(
      id: payment.id, attempt: payment.attempt, amount: payment.amount, status: payment.state.rawValue,
      actionURL: payment.actionURL, failureCode: payment.failure?.code, failureSentence: payment.failure?.sentence,
      card: payment.card.map {
        Card(method: $0.method, brand: $0.brand, last4: $0.last4, expMonth: $0.expMonth, expYear: $0.expYear)
      })
  }

  /// Nil for a state this version does not know.
  var payment: ProviderPayment? {
    guard let state = ProviderPayment.State(rawValue: object.status) else { return nil }
    return ProviderPayment(
      id: object.id, attempt: object.attempt, amount: object.amount, state: state, actionURL: object.actionURL,
      failure: object.failureCode.map { .init(code: $0, sentence: object.failureSentence ?? "") },
      card: object.card.map {
        ProviderCard(method: $0.method, brand: $0.brand, last4: $0.last4, expMonth: $0.expMonth, expYear: $0.expYear)
      })
  }
}
