/// A request to a server that is not ours. What its headers and body hold is nobody's to read in a log.
public struct OutgoingCall: Sendable, CustomStringConvertible, CustomReflectable {
  public enum Method: String, Sendable { case get = "GET", post = "POST", patch = "PATCH" }

  public let method: Method
  public let url: String
  public let headers: [(name: String, value: String)]
  public let body: [UInt8]

  public init(_ method: Method, _ url: String, headers: [(name: String, value: String)], body: [UInt8] = []) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }

  public var description: String { "\(method.rawValue) ‹call›" }

  public var customMirror: Mirror { Mirror(reflecting: description) }
}

/// What came back.
public struct OutgoingAnswer: Sendable {
  public let status: Int
  public let body: [UInt8]

  public init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// Makes such a request. Throws when there is no whole answer, within bounds of time and size of its own; follows no
/// redirect.
public typealias OutgoingHTTP = @Sendable (OutgoingCall) async throws -> OutgoingAnswer
