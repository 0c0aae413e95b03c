import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

extension RefusalKind {
  /// Every refusal's status, in one place. `Refusal.code` tells two refusals of one kind apart.
  var status: HTTPResponse.Status {
    switch self {
    case .invalid: .unprocessableContent
    case .unauthenticated: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .conflict: .conflict
    case .gone: .gone
    case .limited: .tooManyRequests
    case .paymentRequired: .paymentRequired
    case .mismatch: .unprocessableContent
    case .stale: .preconditionFailed
    case .busy: .serviceUnavailable
    }
  }
}

extension Problem {
  /// Nil for what is a fault: no caller can mend it, and no caller is told what it was.
  init?(_ error: any Error) {
    switch error {
    case let problem as Problem:
      self = problem
    case let refusal as any Refusal:
      self.init(refusal.kind.status, refusal.code, refusal.sentence, field: refusal.field)
      switch refusal.kind {
      case .busy: retryAfterSeconds = 1
      case .limited: retryAfterSeconds = Self.wait(after: refusal)
      default: break
      }
    case let error where Busy(error) != nil:
      self.init(.serviceUnavailable, Busy.database.code, Busy.database.sentence)
      retryAfterSeconds = 1
    case let error as DecodingError:
      self.init(error)
    case is NIOTooManyBytesError:
      self.init(.contentTooLarge, "too_large", "The body is larger than this address takes.")
    case let error as HTTPError where error.status.code < 500:
      self = error.status == .notFound ? .notFound("page") : Problem(error.status, "refused", error.body ?? "")
    default:
      return nil
    }
  }

  private static func wait(after refusal: any Refusal) -> Int64 {
    if case .tooManyAttempts(let seconds) = refusal as? PeopleRefusal { return seconds }
    if let seconds = (refusal as? ChatRefusal)?.waitSeconds { return seconds }
    if case .tooOften(let seconds) = refusal as? PayoutRefusal { return seconds }
    return 10
  }

  /// Names the path of the field that could not be read.
  private init(_ error: DecodingError) {
    func path(_ keys: [any CodingKey]) -> String {
      keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      let field = path(context.codingPath + [key])
      self = .malformed("“\(field)” is missing.", field: field)
    case .valueNotFound(_, let context):
      let field = path(context.codingPath)
      self = .malformed("“\(field)” must not be null.", field: field)
    case .typeMismatch(let type, let context):
      let field = path(context.codingPath)
      self =
        field.isEmpty
        ? .malformed("The body is not \(Self.name(of: type)).")
        : .malformed("“\(field)” is not \(Self.name(of: type)).", field: field)
    case .dataCorrupted(let context):
      let field = path(context.codingPath)
      self =
        field.isEmpty
        ? .malformed("The body is not well-formed.")
        : .malformed("“\(field)”: \(context.debugDescription).", field: field)
    @unknown default:
      self = .malformed("The body could not be read.")
    }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is Int64.Type, is Int.Type: "a whole number"
    case is [Any].Type: "a list"
    case is [String: Any].Type: "an object"
    default: "what belongs there"
    }
  }
}
