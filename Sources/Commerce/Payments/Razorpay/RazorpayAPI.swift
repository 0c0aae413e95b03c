import Foundation

/// Calls to Razorpay's API, each with the key; what comes back is read or refused here.
struct RazorpayAPI: Sendable {
  let settings: RazorpaySettings
  let http: OutgoingHTTP
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
    var more = headers + [("Content-Type", "application/json")]
    if let key { more.append((key.header, key.value)) }
    let encoder = JSONEncoder()
    // A repetition has to have the same body, byte for byte.
    encoder.outputFormatting = [.sortedKeys]
    let call = OutgoingCall(.post, url(path), headers: more, body: Array(try encoder.encode(body)))
    return try await send(call, mayRepeat: key != nil)
  }

  private func url(_ path: String) -> String { "\(settings.apiBase)/v1/\(path)" }

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
    guard (200..<300).contains(answer.status) else { throw Self.failure(answer) }
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
    // Refunds are paid from what was not settled to the bank yet; there is no code for too little of it.
    if error?.description?.contains("enough balance") == true {
      return RazorpayFault(status: answer.status, code: "balance_insufficient")
    }
    switch answer.status {
    case 400, 404: return ProviderRefused(code: named ?? "bad_request", sentence: "Razorpay refused it.")
    default: return RazorpayFault(status: answer.status, code: named ?? "")
    }
  }
}

/// No answer, or none that says what came of it. Its code is Razorpay's; what was sent is not in it.
struct RazorpayFault: Error, CustomStringConvertible {
  let status: Int
  let code: String

  var description: String { "Razorpay answered \(status) \(code.prefix(64))" }
}
