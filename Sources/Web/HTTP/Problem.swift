import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A no, as it goes out: RFC 9457 on the API, a page elsewhere.
struct Problem: Error, Codable, Equatable {
  /// `/problems/<code>`, a relative reference that stays the same wherever this Haat runs.
  var type: String
  var title: String
  var status: Int
  var detail: String
  /// A stable word that programs and translations go by.
  var code: String
  /// The field of the request it is about, as a path like `lines.0.quantity`.
  var field: String?
  /// Sent as `Retry-After`.
  var retryAfterSeconds: Int64? = nil
  /// Sent as `Allow`.
  var allow: String? = nil

  private enum CodingKeys: String, CodingKey { case type, title, status, detail, code, field }

  init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, field: String? = nil) {
    type = "/problems/\(code)"
    title = status.reasonPhrase
    self.status = status.code
    self.detail = detail
    self.code = code
    self.field = field
  }

  var responseStatus: HTTPResponse.Status { HTTPResponse.Status(code: status) }

  var responseHeaders: HTTPFields {
    var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
    if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
    if let allow { headers[.allow] = allow }
    return headers
  }

  var responseBody: ByteBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ByteBuffer(bytes: (try? encoder.encode(self)) ?? Data())
  }

  func response() -> Response {
    Response(status: responseStatus, headers: responseHeaders, body: ResponseBody(byteBuffer: responseBody))
  }
}

extension Problem {
  static func notFound(_ what: String) -> Problem {
    Problem(.notFound, "not_found", "There is no such \(what), or it is not yours to see.")
  }

  static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Problem {
    let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
    var problem = Problem(.methodNotAllowed, "method_not_allowed", "This address takes \(list).")
    problem.allow = list
    return problem
  }

  static func malformed(_ detail: String, field: String? = nil) -> Problem {
    Problem(.badRequest, "malformed", detail, field: field)
  }

  static func tooLarge(_ limit: Int) -> Problem {
    Problem(.contentTooLarge, "too_large", "The body may have at most \(limit) bytes.")
  }

  static func tooOften(retryAfterSeconds: Int64) -> Problem {
    var problem = Problem(
      .tooManyRequests, "too_often", "That was too often. Try again in \(retryAfterSeconds) s.")
    problem.retryAfterSeconds = retryAfterSeconds
    return problem
  }

  static let chatBusy = {
    var problem = Problem(
      .serviceUnavailable, "chat_busy", "More is being said than can be written down. Say it again in a few seconds.")
    problem.retryAfterSeconds = 2
    return problem
  }()

  static let crossSite = Problem(
    .forbidden, "cross_site",
    "A write from a browser must come from this site's own pages. Programs send an API key, and no cookie.")

  static let keyMissing = Problem(
    .badRequest, "idempotency_key_missing",
    "Send an Idempotency-Key: any text of your choice, the same when you send the same request again.")

  static let fault = Problem(
    .internalServerError, "fault", "Something went wrong here. Try again; if it stays so, quote the request's id.")
}
