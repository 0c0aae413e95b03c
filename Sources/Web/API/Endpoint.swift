import Commerce
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One address of the API: how it is answered, and everything the OpenAPI document says of it. Routes are made from
/// these and from nothing else, so an address that is not in the document does not exist.
struct Endpoint: Sendable {
  enum Body: Sendable {
    case none
    /// JSON that is read as this type.
    case json(any (Decodable & Sendable).Type)
    /// Bytes of one of these media types, at most so many.
    case bytes([String], max: @Sendable (WebLimits) -> Int)
  }

  enum Answer: Sendable {
    case none
    case json(any (Decodable & Sendable).Type)
    case text(String)
  }

  /// How a request that comes twice is known to be the same one.
  enum Repetition: Sendable {
    /// An `Idempotency-Key` may be sent, and is looked after here.
    case keyAccepted
    /// One must be sent, and is looked after here.
    case keyRequired
    /// One must be sent, and the verb looks after it in its own transaction.
    case keyPassedOn
    /// The request is the same however often it comes, or must not be remembered.
    case ignored
  }

  enum Caller: Sendable { case anyone, account, orderToken, visitor }

  struct Query: Sendable {
    let name: String
    let meaning: String
    var isRequired = false
  }

  let method: HTTPRequest.Method
  /// With `{name}` for a part that varies.
  let path: String
  let summary: String
  var body = Body.none
  var answer = Answer.none
  var status: HTTPResponse.Status
  var repetition: Repetition
  var limit: RateLimits.Kind?
  var caller = Caller.anyone
  var queries: [Query] = []
  /// Whether `If-Match` is looked at.
  var isConditional = false
  /// Whether it takes microseconds but for waiting, and is answered by the event loop that read the request.
  var isBrief = false
  let handle: @Sendable (Call) async throws -> Response

  init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, as status: HTTPResponse.Status = .ok,
    handle: @escaping @Sendable (Call) async throws -> Response
  ) {
    self.method = method
    self.path = path
    self.summary = summary
    self.status = status
    repetition = method == .post ? .keyAccepted : .ignored
    limit = method == .get ? nil : .writes
    self.handle = handle
  }

  /// Takes JSON and gives JSON.
  init<Body: Decodable & Sendable, Given: Codable & Sendable>(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, takes: Body.Type, gives: Given.Type,
    as status: HTTPResponse.Status = .ok, handle: @escaping @Sendable (Call, Body) async throws -> Given
  ) {
    self.init(method, path, summary, as: status) { call in
      let given = try await handle(call, call.decode(Body.self))
      return try Self.json(given, as: status).tagged(given)
    }
    body = .json(takes)
    answer = .json(gives)
  }

  /// Gives JSON.
  init<Given: Codable & Sendable>(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, gives: Given.Type,
    as status: HTTPResponse.Status = .ok, handle: @escaping @Sendable (Call) async throws -> Given
  ) {
    self.init(method, path, summary, as: status) { call in
      let given = try await handle(call)
      return try Self.json(given, as: status).tagged(given)
    }
    answer = .json(gives)
  }

  /// Takes JSON and gives nothing.
  init<Body: Decodable & Sendable>(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, takes: Body.Type,
    handle: @escaping @Sendable (Call, Body) async throws -> Void
  ) {
    self.init(method, path, summary, as: .noContent) { call in
      try await handle(call, call.decode(Body.self))
      return Response(status: .noContent)
    }
    body = .json(takes)
  }

  /// Answers itself, with JSON or with a protocol of its own.
  init<Given: Codable & Sendable>(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, gives: Given.Type,
    by handle: @escaping @Sendable (Call) async throws -> Response
  ) {
    self.init(method, path, summary, handle: handle)
    answer = .json(gives)
  }

  func limited(_ kind: RateLimits.Kind) -> Endpoint { changed { $0.limit = kind } }

  func repeated(_ repetition: Repetition) -> Endpoint { changed { $0.repetition = repetition } }

  func by(_ caller: Caller) -> Endpoint { changed { $0.caller = caller } }

  func query(_ name: String, _ meaning: String, required: Bool = false) -> Endpoint {
    changed { $0.queries.append(Query(name: name, meaning: meaning, isRequired: required)) }
  }

  /// A change that may say what it was made from.
  var conditional: Endpoint { changed { $0.isConditional = true } }

  /// A list that comes in pages.
  var paged: Endpoint {
    query("after", "Where the page before ended: its `next`.").query("limit", "1 to 100 items a page.")
  }

  private func changed(_ change: (inout Endpoint) -> Void) -> Endpoint {
    var copy = self
    change(&copy)
    return copy
  }

  static func json(_ value: some Encodable, as status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return response(json: try encoder.encode(value), as: status)
  }

  /// JSON that is written already.
  static func response(json bytes: some Sequence<UInt8>, as status: HTTPResponse.Status) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension Endpoint {
  /// Answers a request: its rate, its body, its key, and then what it asks for.
  func answer(_ request: Request, _ context: WebContext, _ site: Site) async throws -> Response {
    var call = Call(request: request, context: context, site: site)
    if let limit { try site.limits.take(limit, call.address) }
    call.bytes = try await collect(request, site.configuration.limits)
    guard repetition != .ignored else { return try await handle(call) }

    guard let key = try call.idempotencyKey() else {
      guard repetition == .keyAccepted else { throw Problem.keyMissing }
      return try await handle(call)
    }
    guard repetition != .keyPassedOn else { return try await handle(call) }
    return try await once(key, call)
  }

  private func collect(_ request: Request, _ limits: WebLimits) async throws -> ByteBuffer {
    let most: Int
    switch body {
    case .none: most = limits.bodyBytes
    case .json:
      let type = request.headers[.contentType]?.split(separator: ";").first?.withoutBlanks
      guard type?.lowercased() == "application/json" else {
        throw Problem(.unsupportedMediaType, "unsupported_media_type", "Send application/json.")
      }
      most = limits.bodyBytes
    case .bytes(let types, let max):
      let type = request.headers[.contentType]?.split(separator: ";").first?.withoutBlanks
      guard let type, types.contains(type.lowercased()) else {
        let list = types.joined(separator: ", ")
        throw Problem(.unsupportedMediaType, "unsupported_media_type", "Send one of \(list).")
      }
      most = max(limits)
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > most { throw Problem.tooLarge(most) }
    do {
      return try await request.body.collect(upTo: most)
    } catch is NIOTooManyBytesError {
      throw Problem.tooLarge(most)
    }
  }

  /// Answers the first request with this key, and gives every other one the same answer.
  private func once(_ key: IdempotencyKey, _ call: Call) async throws -> Response {
    let keys = call.commerce.idempotencyKeys
    let hash = Array(SHA256.hash(data: Data(call.bytes.readableBytesView)))
    switch try await keys.claim(key, bodyHash: hash) {
    case .answered(let status, let body):
      let type = status < 400 ? "application/json" : "application/problem+json"
      return Response(
        status: HTTPResponse.Status(code: status),
        headers: [.contentType: type, .cacheControl: "no-store", .idempotencyReplayed: "true"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    case .inFlight:
      throw Problem(.conflict, "request_in_flight", "The first request with this key is still under way. Ask again.")
    case .mismatch:
      throw Problem(
        .unprocessableContent, "idempotency_mismatch",
        "This Idempotency-Key was used with another body. Take a new one.")
    case .fresh:
      do {
        let response = try await handle(call)
        let body = CollectedBody()
        try await response.body.write(body)
        try await keys.answer(key, status: response.status.code, body: Array(buffer: body.bytes))
        return Response(status: response.status, headers: response.headers, body: ResponseBody(byteBuffer: body.bytes))
      } catch {
        // What was refused had no effect, and may be sent again, mended, under the same key.
        try? await keys.abandon(key)
        throw error
      }
    }
  }
}
