import Foundation

/// Calls to Stripe's API, each with the key and the pinned version; what comes back is read or refused here.
struct StripeAPI: Sendable {
  let settings: StripeSettings
  let http: OutgoingHTTP
  /// How long to wait before each repetition.
  var pauses: [Duration] = [.milliseconds(500), .milliseconds(1500)]

  func get<Answer: Decodable>(_ path: String, _ query: StripeForm = StripeForm()) async throws -> Answer {
    let text = query.text
    return try await send(OutgoingCall(.get, url(path) + (text.isEmpty ? "" : "?" + text), headers: headers))
  }

  /// `key` makes a repetition within a day the same call.
  func post<Answer: Decodable>(_ path: String, _ form: StripeForm, key: String) async throws -> Answer {
    let more = [("Content-Type", "application/x-www-form-urlencoded"), ("Idempotency-Key", key)]
    return try await send(OutgoingCall(.post, url(path), headers: headers + more, body: Array(form.text.utf8)))
  }

  private func url(_ path: String) -> String { "\(settings.apiBase)/v1/\(path)" }

  private var headers: [(name: String, value: String)] {
    [("Authorization", "Bearer \(settings.secretKey)"), ("Stripe-Version", StripeSettings.apiVersion)]
  }

  private func send<Answer: Decodable>(_ call: OutgoingCall) async throws -> Answer {
    var answer = try await http(call)
    for pause in pauses where Self.isPassing(answer.status) {
      try await Task.sleep(for: pause)
      answer = try await http(call)
    }
    guard (200..<300).contains(answer.status) else { throw Self.failure(answer) }
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(answer.body))
    } catch {
      // The error itself would quote what was sent to us.
      throw StripeFault(status: answer.status, code: "unreadable")
    }
  }

  /// Too much at once, the same key under way, or a fault of Stripe's: worth asking again soon, which the key makes safe.
  private static func isPassing(_ status: Int) -> Bool { [409, 429, 500, 502, 503, 504].contains(status) }

  /// A no for good, or no answer. What depends on our key, on how much is asked at once, or on Stripe's own state may go
  /// through the next time.
  private static func failure(_ answer: OutgoingAnswer) -> any Error {
    let problem = try? JSONDecoder().decode(StripeProblem.self, from: Data(answer.body))
    let error = problem?.error
    switch (answer.status, error?.type) {
    case (402, _): return StripeDeclined(problem: problem)
    case (400, "idempotency_error"): return StripeFault(status: 400, code: "idempotency_error")
    case (404, _): return ProviderRefused(code: error?.code ?? "resource_missing", sentence: "Stripe refused it.")
    case (400, _):
      return ProviderRefused(code: error?.code ?? error?.type ?? "", sentence: "Stripe refused it.")
    default: return StripeFault(status: answer.status, code: error?.code ?? error?.type ?? "")
    }
  }
}

/// A 402: a card said no.
struct StripeDeclined: Error {
  let problem: StripeProblem?
}
