import Foundation
import HTTPTypes

/// The OpenAPI 3.1 document, made from the endpoints.
enum OpenAPI {
  static func document(_ endpoints: [Endpoint], publicURL: String) -> JSON {
    var schemas = Schemas()
    _ = schemas.schema(of: Problem.self)
    var paths: [(path: String, operations: [JSON.Member])] = []
    for endpoint in endpoints {
      let operation = JSON.Member(
        key: endpoint.method.rawValue.lowercased(), value: operation(endpoint, among: endpoints, &schemas))
      if let index = paths.firstIndex(where: { $0.path == endpoint.path }) {
        paths[index].operations.append(operation)
      } else {
        paths.append((endpoint.path, [operation]))
      }
    }
    assert(schemas.clashes.isEmpty, "two types of the API are called \(schemas.clashes.sorted())")
    let components = schemas.components.sorted { $0.key < $1.key }.map { JSON.Member(key: $0.key, value: $0.value) }
    return [
      "openapi": "3.1.0",
      "info": ["title": "Haat", "version": "1", "description": .string(description)],
      "servers": [["url": .string(publicURL)]],
      "paths": .object(paths.map { JSON.Member(key: $0.path, value: .object($0.operations)) }),
      "components": ["schemas": .object(components), "securitySchemes": securitySchemes],
    ]
  }

  private static let description = """
    An open-air market on the air. Times are RFC 3339 in UTC with milliseconds; amounts are minor units and a currency; \
    ids are UUIDs, and whoever makes a thing may choose its id. Fields that are not known are ignored. Every error is \
    a problem document (RFC 9457) whose `code` does not change.
    """

  private static let securitySchemes: JSON = [
    "session": ["type": "apiKey", "in": "cookie", "name": .string(SessionCookie.name)],
    "key": ["type": "http", "scheme": "bearer", "description": "An API key, `haat_key_…`."],
    "orderToken": ["type": "apiKey", "in": "header", "name": "Order-Token"],
    "visitor": [
      "type": "apiKey", "in": "header", "name": "Haat-Visitor",
      "description": "A secret of 32 to 200 small letters and digits that a guest's browser made, to be known again.",
    ],
  ]

  private static func operation(_ endpoint: Endpoint, among all: [Endpoint], _ schemas: inout Schemas) -> JSON {
    JSON.members([
      "operationId": .string(operationID(endpoint)),
      "summary": .string(endpoint.summary),
      "tags": [.string(tag(endpoint))],
      "parameters": .array(parameters(endpoint)),
      "requestBody": requestBody(endpoint, &schemas),
      "responses": responses(endpoint, among: all, &schemas),
      "security": security(endpoint),
    ])
  }

  /// `POST /api/v1/shows/{show}/stream-key` is `post_shows_show_stream_key`.
  private static func operationID(_ endpoint: Endpoint) -> String {
    let words = endpoint.path.replacing("/api/v1", with: "").split { !$0.isLetter && !$0.isNumber }
    return ([endpoint.method.rawValue.lowercased()[...]] + words).joined(separator: "_")
  }

  private static func tag(_ endpoint: Endpoint) -> String {
    let parts = endpoint.path.split(separator: "/")
    return String(parts.count > 2 && parts[0] == "api" ? parts[2] : parts.first ?? "")
  }

  private static func parameters(_ endpoint: Endpoint) -> [JSON] {
    let places = endpoint.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part -> JSON in
      [
        "name": .string(String(part.dropFirst().dropLast())), "in": "path", "required": true,
        "schema": ["type": "string"],
      ]
    }
    let queries = endpoint.queries.map { query -> JSON in
      [
        "name": .string(query.name), "in": "query", "required": .bool(query.isRequired),
        "description": .string(query.meaning), "schema": ["type": "string"],
      ]
    }
    let conditions: [JSON] =
      endpoint.isConditional
      ? [
        [
          "name": "If-Match", "in": "header", "required": false,
          "description": "The ETag of what the change was made from: a 412 when it was changed since.",
          "schema": ["type": "string"],
        ]
      ] : []
    guard endpoint.repetition != .ignored else { return places + queries + conditions }
    let key: JSON = [
      "name": "Idempotency-Key", "in": "header", "required": .bool(endpoint.repetition != .keyAccepted),
      "description": "The same for a request that is sent again: it is answered as the first was, for a day.",
      "schema": ["type": "string", "minLength": 1, "maxLength": 200],
    ]
    return places + queries + conditions + [key]
  }

  private static func requestBody(_ endpoint: Endpoint, _ schemas: inout Schemas) -> JSON? {
    switch endpoint.body {
    case .none: JSON?.none
    case .json(let type): content("application/json", schemas.schema(of: type)).adding("required", true)
    case .bytes(let types, _):
      [
        "required": true,
        "content": .object(types.map { JSON.Member(key: $0, value: [:]) }),
      ]
    }
  }

  private static func responses(_ endpoint: Endpoint, among all: [Endpoint], _ schemas: inout Schemas) -> JSON {
    let answer: JSON =
      switch endpoint.answer {
      case .none: [:]
      case .json(let type): content("application/json", schemas.schema(of: type))
      case .text(let type): content(type, ["type": "string"])
      }
    return .object([
      JSON.Member(
        key: String(endpoint.status.code),
        value: JSON.object([JSON.Member(key: "description", value: .string(endpoint.status.reasonPhrase))])
          .merging(answer).merging(links(from: endpoint, among: all, schemas))),
      JSON.Member(
        key: "default",
        value: JSON.object([JSON.Member(key: "description", value: "Why not.")])
          .merging(content("application/problem+json", ["$ref": "#/components/schemas/Problem"]))),
    ])
  }

  /// Where what was made is read, changed and taken away: every address below it, and below a channel or a show that was
  /// made. A program that follows the document finds its way from them, and a check of who may do what its objects.
  private static func links(from endpoint: Endpoint, among all: [Endpoint], _ schemas: Schemas) -> JSON {
    guard endpoint.method == .post, let thing = thing(madeBy: endpoint, among: all),
      let place = schemas.place(ofIDIn: endpoint)
    else { return [:] }
    let own = parameters(in: endpoint.path)
    let links = all.compactMap { other -> JSON.Member? in
      let names = parameters(in: other.path)
      guard other.method == .get || other.method == .put || other.method == .delete, names.contains(thing),
        names.allSatisfy({ $0 == thing || own.contains($0) })
      else { return nil }
      let values = names.map { name in
        JSON.Member(
          key: name, value: .string(name == thing ? "$response.body#/\(place)" : "$request.path.\(name)"))
      }
      return JSON.Member(
        key: operationID(other),
        value: ["operationId": .string(operationID(other)), "parameters": .object(values)])
    }
    return links.isEmpty ? [:] : ["links": .object(links)]
  }

  /// The name that addresses have for what a `POST` makes: that of `/things/{thing}`.
  private static func thing(madeBy endpoint: Endpoint, among all: [Endpoint]) -> String? {
    guard let collection = endpoint.path.split(separator: "/").last, !collection.hasPrefix("{") else { return nil }
    for other in all {
      let parts = other.path.split(separator: "/")
      guard let index = parts.firstIndex(of: collection), parts.indices.contains(index + 1),
        parts[index + 1].hasPrefix("{")
      else { continue }
      return String(parts[index + 1].dropFirst().dropLast())
    }
    return nil
  }

  private static func parameters(in path: String) -> [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
  }

  private static func content(_ type: String, _ schema: JSON) -> JSON {
    .object([
      JSON.Member(
        key: "content",
        value: .object([JSON.Member(key: type, value: .object([JSON.Member(key: "schema", value: schema)]))]))
    ])
  }

  private static func security(_ endpoint: Endpoint) -> JSON {
    switch endpoint.caller {
    case .anyone: [["session": []], ["key": []], [:]]
    case .account: [["session": []], ["key": []]]
    case .visitor: [["session": []], ["key": []], ["visitor": []], [:]]
    case .orderToken: [["session": []], ["key": []], ["orderToken": []]]
    }
  }
}

extension JSON {
  fileprivate func merging(_ other: JSON) -> JSON {
    guard case .object(let mine) = self, case .object(let more) = other else { return self }
    return .object(mine + more)
  }
}
