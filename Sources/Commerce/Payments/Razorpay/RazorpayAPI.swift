import Foundation

/// Calls to Razorpay's API, each with the key; what comes back is read or refused here.
struct RazorpayAPI: Sendable {
  let settings: RazorpaySettings
  let http: OutgoingHTTP
  /// Whether a refusal is a `RazorpayRefused`, with Razorpay's text.
  var keepsText = false
  /// How long to wait before each repetition.
  var pauses: [Duration] = [.milliseconds(500), .milliseconds(1500)]

  func get<Answer: Decodable>(_ path: String, _ query: [(name: String, value: Int64)] = []) async throws -> Answer {
    let text = query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    let call = OutgoingCall(.get, url(path) + (text.isEmpty ? "" : "?" + text), headers: headers)
    return try await send(call, mayRepeat: true)
  }

  /// Without a `key` it is sent once: Razorpay would do it twice. With one, a repetition is the same call.
  func post<Answer: Decodable>(
    _ path: String, _ body: some Encodable & Sendable, key: (header: String, value: String)? = nil
  ) async throws -> Answer {
    try await send(
      OutgoingCall(
        .post, url(path), headers: headersOfBody + (key.map { [(name: $0.header, value: $0.value)] } ?? []),
        body: try Self.bytes(of: body)), mayRepeat: key != nil)
  }

  /// The same again changes nothing.
  func patch<Answer: Decodable>(_ path: String, _ body: some Encodable & Sendable) async throws -> Answer {
    try await send(
      OutgoingCall(.patch, url(path), headers: headersOfBody, body: try Self.bytes(of: body)), mayRepeat: true)
  }

  /// A repetition has to have the same body, byte for byte.
  private static func bytes(of body: some Encodable & Sendable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Array(try encoder.encode(body))
  }

  /// Accounts have a version of their own.
  private func url(_ path: String) -> String {
    path.hasPrefix("v2/") ? "\(settings.apiBase)/\(path)" : "\(settings.apiBase)/v1/\(path)"
  }

  private var headersOfBody: [(name: String, value: String)] { headers + [("Content-Type", "application/json")] }

  private var headers: [(name: String, value: String)] {
    let pair = Data("\(settings.keyID):\(settings.keySecret)".utf8).base64EncodedString()
    return [("Authorization", "Basic \(pair)")]
  }

  private func send<Answer: Decodable>(_ call: OutgoingCall, mayRepeat: Bool) async throws -> Answer {
    var answer = try await http(call)
    for pause in mayRepeat ? pauses : [] where Self.isPassing(answer.status) {
      try await Task.sleep(for: pause)
      answer = try await http(call)
    }
    guard (200..<300).contains(answer.status) else {
      let failure = Self.failure(answer)
      // Its text may hold what was sent: it goes no further than whoever asks for it here.
      if let refused = failure as? RazorpayRefused, !keepsText { throw refused.refused }
      throw failure
    }
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(answer.body))
    } catch {
      // The error itself would quote what was sent to us.
      throw RazorpayFault(status: answer.status, code: "unreadable")
    }
  }

  /// Too much at once, the same key under way, or a fault of Razorpay's: worth asking again soon.
  private static func isPassing(_ status: Int) -> Bool { [409, 429, 500, 502, 503, 504].contains(status) }

  /// A no for good, or no answer. What depends on our key, on the balance, on how much is asked at once, or on Razorpay's
  /// own state may go through the next time.
  private static func failure(_ answer: OutgoingAnswer) -> any Error {
    let error = (try? JSONDecoder().decode(RazorpayProblem.self, from: Data(answer.body)))?.error
    let named = [error?.reason, error?.code].compactMap { $0 }.first { !$0.isEmpty && $0 != "NA" }
    let text = String((error?.description ?? "").prefix(300))
    // What there is no code for. Refunds and transfers are paid from what was not settled to the bank yet.
    if text.contains("enough balance") || text.contains("due to insufficient balance") {
      return RazorpayFault(status: answer.status, code: "balance_insufficient")
    }
    switch answer.status {
    case 400, 404:
      let told = ["linked account does not have": "linked_account_balance", "captured amount": "payment_too_small"]
        .first { text.contains($0.key) }?.value
      return RazorpayRefused(
        refused: ProviderRefused(code: told ?? named ?? "bad_request", sentence: "Razorpay refused it."), text: text)
    default: return RazorpayFault(status: answer.status, code: named ?? "")
    }
  }
}

/// A no with Razorpay's own text, which may hold what was sent.
struct RazorpayRefused: Error {
  let refused: ProviderRefused
  let text: String

  /// Razorpay has an account with this e-mail address already.
  var account: String? {
    guard let place = text.range(of: "already exists for account - ") else { return nil }
    let id = text[place.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    return id.isEmpty ? nil : id.hasPrefix("acc_") ? String(id) : "acc_\(id)"
  }
}

/// No answer, or none that says what came of it. Its code is Razorpay's; what was sent is not in it.
struct RazorpayFault: Error, CustomStringConvertible {
  let status: Int
  let code: String

  var description: String { "Razorpay answered \(status) \(code.prefix(64))" }
}
