import HTTPTypes
import Synchronization

/// Which methods an address takes, for the answer 405. Filled once, while the routes are registered.
final class RouteTable: Sendable {
  private struct Route: Hashable {
    let parts: [Substring]
    let method: HTTPRequest.Method
  }

  private let routes = Mutex<Set<Route>>([])

  /// `path` with `{name}` for a part that varies.
  func add(_ method: HTTPRequest.Method, _ path: String) {
    routes.withLock { _ = $0.insert(Route(parts: Self.split(path), method: method)) }
  }

  /// Empty when no route matches, whatever the method.
  func methods(at path: String) -> [HTTPRequest.Method] {
    let parts = Self.split(path)
    return routes.withLock { routes in
      routes.filter { route in
        route.parts.count == parts.count && zip(route.parts, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
      }.map(\.method)
    }
  }

  private static func split(_ path: String) -> [Substring] {
    path.prefix(1_000).split(separator: "/").map { Substring($0) }
  }
}
