import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One request to the API, and what handlers read from it.
struct Call: Sendable {
  let request: Request
  let context: WebContext
  let site: Site
  /// The whole body.
  var bytes = ByteBuffer()

  var commerce: Commerce { site.commerce }
  var caller: Caller { context.caller }

  /// Whom limits count.
  var address: String { context.address(of: request, site.configuration) }

  /// The token that opens a guest's order. An empty one is none.
  var orderToken: Secret? { request.headers[.orderToken].flatMap { Secret(presented: $0) } }

  /// What a guest's browser calls itself by, to be known again.
  var visitor: String? { request.headers[.haatVisitor] }

  /// Whoever takes part in a giveaway. Throws `GiveawayRefusal.noEntrant` for a guest who says nothing of themselves.
  func entrant() throws -> Entrant {
    guard let entrant = Entrant(caller, visitor: visitor) else { throw GiveawayRefusal.noEntrant }
    return entrant
  }

  /// A part of the path, as it was sent.
  func text(_ name: String) -> String { PlainQuery.part(context.parameters.get(name) ?? "") }

  /// An id in the path. One that is no UUID names nothing.
  func id<Entity>(_ name: String, _ entity: Entity.Type = Entity.self) throws -> ID<Entity> {
    guard let id = ID<Entity>(text(name)) else { throw Problem.notFound(name) }
    return id
  }

  /// The channel in the path, by id or handle.
  func channel() async throws -> CommerceChannel {
    let name = text("channel")
    if let id = ID<CommerceChannel>(name) { return try await commerce.channel(id, by: caller) }
    return try await commerce.channel(handle: name, by: caller)
  }

  /// Throws a 400 for what no text has, such as NUL.
  func query(_ name: String) throws -> String? { try PlainQuery.value(name, of: request.uri) }

  /// Where a page of a list begins. Throws for a cursor that is not one of ours.
  func cursor() throws -> Cursor? {
    try Cursor.after(query("after"))
  }

  /// Ids in the query; one parameter for each. Throws a 400 for what is none.
  func ids<Entity>(_ name: String, _ entity: Entity.Type = Entity.self) throws -> [ID<Entity>] {
    try PlainQuery.values(name, of: request.uri).map { text in
      guard let id = ID<Entity>(text) else { throw Problem.malformed("“\(name)” is not an id.", field: name) }
      return id
    }
  }

  func number(_ name: String) throws -> Int64? {
    guard let text = try query(name) else { return nil }
    guard let number = Int64(text) else { throw Problem.malformed("“\(name)” is not a whole number.", field: name) }
    return number
  }

  /// A page's size as asked for, else the standard one, or less where the operator allows no more.
  func limit(default standard: Int = 20) throws -> Int {
    try number("limit").map { Int(clamping: $0) } ?? commerce.policy.pageLimit(standard)
  }

  /// What the change was made from, by its `If-Match` (RFC 9110 §13.1.1): one entity tag of ours, or `*`, which is
  /// whatever is there. A tag that is none of ours matches nothing.
  func seen() throws -> Revision? {
    guard let header = request.headers[.ifMatch]?.trimmingCharacters(in: .whitespaces), header != "*" else {
      return nil
    }
    guard header.count > 2, header.first == "\"", header.last == "\"",
      let revision = Revision(String(header.dropFirst().dropLast()))
    else {
      throw Problem(
        .preconditionFailed, "changed_meanwhile", "“If-Match” is not the `ETag` of an answer of ours.",
        field: "If-Match")
    }
    return revision
  }

  /// The body as this type. Fields that are not known are ignored.
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard bytes.readableBytes > 0 else { throw Problem.malformed("The body is empty. Send a JSON object.") }
    let json = Data(bytes.readableBytesView)
    do {
      return try JSONDecoder().decode(type, from: json)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      guard let field = NumberDiagnosis.path(in: json) else {
        throw Problem.malformed("The body is not well-formed JSON.")
      }
      throw Problem.malformed("“\(field)” is not a whole number.", field: field)
    }
  }

  /// The `Idempotency-Key`, as a quoted string of RFC 8941 or bare.
  var intent: String? {
    guard let header = request.headers[.idempotencyKey] else { return nil }
    var text = String(header[...].withoutBlanks)
    if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 {
      text = String(text.dropFirst().dropLast()).replacing(#"\""#, with: "\"").replacing(#"\\"#, with: "\\")
    }
    return text
  }

  /// The key within its scope: those of different callers, order tokens and addresses don't meet, so that a kept answer
  /// is given to nobody who could not have had it.
  func idempotencyKey() throws -> IdempotencyKey? {
    guard let intent else { return nil }
    let guest = orderToken.map { "guest " + Hexadecimal.text($0.hash) } ?? "guest"
    let who = caller.account.map(\.description) ?? guest
    let bytesMax = commerce.policy.idempotencyKeyBytesMax
    let scope = "\(who) \(request.method) \(request.uri.path)"
    guard let key = IdempotencyKey(intent, scope: scope, bytesMax: bytesMax) else {
      throw Problem(.badRequest, "idempotency_key_malformed", "An Idempotency-Key has 1 to \(bytesMax) bytes.")
    }
    return key
  }
}
