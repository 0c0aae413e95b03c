import AsyncHTTPClient
import Commerce
import NIOCore
import NIOHTTP1
import NIOSSL

/// What a push service did with a message.
enum PushOutcome: Sendable, Equatable {
  case taken
  /// It knows the browser no more.
  case gone
  case refused(String)
  /// It may take it later; in so many seconds, if it says so.
  case deferred(String, after: Int64?)

  var word: String {
    switch self {
    case .taken: "taken"
    case .gone: "gone"
    case .refused: "refused"
    case .deferred: "deferred"
    }
  }
}

/// Brings messages to push services. Where they go is what some browser said: only https is spoken, and nothing that comes
/// back is shown to anybody.
struct PushPost: Sendable {
  private let reach: OutsideReach
  private let clients: OutsideClients

  init(_ reach: OutsideReach) {
    self.reach = reach
    clients = OutsideClients(reach)
  }

  func send(_ push: PushRequest) async -> PushOutcome {
    guard let host = OutsideReach.host(of: push.endpoint) else { return .refused("address") }
    let client: HTTPClient
    do {
      guard let way = try await clients.client(to: host) else { return .refused("privateAddress") }
      client = way
    } catch {
      return .deferred("unknownHost", after: nil)
    }
    var request = HTTPClientRequest(url: push.endpoint)
    request.method = .POST
    for (name, value) in push.headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(push.body)
    do {
      let response = try await client.execute(request, timeout: .seconds(reach.timeoutSeconds))
      // Read as far as it is short, so that the connection can be used again.
      _ = try? await response.body.collect(upTo: 16 * 1024)
      return Self.outcome(
        Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After").flatMap { Int64($0) })
    } catch is NIOSSLError {
      return .deferred("certificate", after: nil)
    } catch {
      return .deferred("unreachable", after: nil)
    }
  }

  /// RFC 8030 §§5, 7.3 and 8.4.
  static func outcome(_ status: Int, retryAfter: Int64?) -> PushOutcome {
    switch status {
    case 200..<300: .taken
    case 404, 410: .gone
    case 300..<400: .refused("redirect")
    case 413: .refused("size")
    case 429: .deferred("busy", after: max(1, retryAfter ?? 60))
    case 500..<600: .deferred("server", after: retryAfter.map { max(1, $0) })
    default: .refused("status\(status)")
    }
  }

  func end() async { await clients.end() }
}
