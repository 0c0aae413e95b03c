/// An answer that says no, and how to get a yes. Every verb throws its own; `Web/Refusals.swift` turns them into statuses.
///
/// Anything else a verb throws is a fault: one log line, and a 500 without detail.
public protocol Refusal: Error, Sendable {
  /// A stable word in snake_case that programs and translations go by.
  var code: String { get }
  /// What was wrong and how to mend it, in English, without anything secret.
  var sentence: String { get }
  var kind: RefusalKind { get }
  /// The field of the request it is about, as the API names it.
  var field: String? { get }
}

extension Refusal {
  public var field: String? { nil }
}

/// What sort of no it is; each has one HTTP status.
public enum RefusalKind: Sendable, CaseIterable {
  case invalid, unauthenticated, forbidden, notFound, conflict, gone, limited, paymentRequired, mismatch, stale, busy
}

/// The refusals that any verb may give.
public enum GeneralRefusal: Refusal, Equatable {
  case signInNeeded
  case notAllowed(need: String)
  case notFound(String)
  case invalid(field: String, why: String)
  case tooMany(what: String, limit: Int)

  public var code: String {
    switch self {
    case .signInNeeded: "sign_in_needed"
    case .notAllowed: "not_allowed"
    case .notFound: "not_found"
    case .invalid: "invalid"
    case .tooMany: "too_many"
    }
  }

  public var sentence: String {
    switch self {
    case .signInNeeded: "Sign in, or send an API key, to do this."
    case .notAllowed(let need): "This needs \(need). Ask an owner of the channel."
    case .notFound(let what): "There is no such \(what), or it is not yours to see."
    case .invalid(let field, let why): "“\(field)” \(why)."
    case .tooMany(let what, let limit): "At most \(limit) \(what) are allowed."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .signInNeeded: .unauthenticated
    case .notAllowed: .forbidden
    case .notFound: .notFound
    case .invalid: .invalid
    case .tooMany: .invalid
    }
  }

  public var field: String? {
    if case .invalid(let field, _) = self { field } else { nil }
  }
}
