import Foundation
import HTTPTypes
import Hummingbird

/// A form as a browser without scripts sends it: `application/x-www-form-urlencoded`.
struct Form: Sendable {
  static let fieldsMax = 2000

  private let fields: [(name: String, value: String)]

  /// Throws `Problem` for another type of body, for one that is too long, and for too many fields.
  init(_ request: Request, limit: Int) async throws {
    let type = request.headers[.contentType] ?? ""
    guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
      throw Problem(.unsupportedMediaType, "not_a_form", "Send this as a form, or use the API.")
    }
    var request = request
    let body = try await request.collectBody(upTo: limit)
    try self.init(String(buffer: body))
  }

  init(_ text: String) throws {
    let pairs = text.split(separator: "&")
    guard pairs.count <= Self.fieldsMax else {
      throw Problem.malformed("A form has at most \(Self.fieldsMax) fields.")
    }
    fields = try pairs.map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (try Self.decoded(parts[0]), parts.count == 2 ? try Self.decoded(parts[1]) : "")
    }
  }

  /// The value of a field without blanks around it; empty when it was not sent.
  subscript(_ name: String) -> String {
    (fields.first { $0.name == name }?.value ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// As it was typed: a password may begin with a blank.
  func exact(_ name: String) -> String { fields.first { $0.name == name }?.value ?? "" }

  /// All values of a field that may be there several times, in the order sent.
  func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

  /// What follows `prefix` in the names of the fields that begin with it, in the order sent.
  func names(after prefix: String) -> [String] {
    fields.compactMap { $0.name.hasPrefix(prefix) ? String($0.name.dropFirst(prefix.count)) : nil }
  }

  private static func decoded(_ text: Substring) throws -> String {
    guard let decoded = text.replacing("+", with: " ").removingPercentEncoding else {
      throw Problem.malformed("The form is not well-formed.")
    }
    return decoded
  }
}
