import Foundation
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// Another site: pages of its own at `http://127.0.0.1:…`, which to a browser is as far from `http://localhost:…` as any
/// two sites are from each other.
struct OuterSite: Sendable {
  let port: Int
  private let pages: Pages

  var origin: String { "http://127.0.0.1:\(port)" }

  private final class Pages: Sendable { let all = Mutex<[String: String]>([:]) }

  /// Serves until `body` has ended.
  static func run(_ body: @Sendable (OuterSite) async throws -> Void) async throws {
    let pages = Pages()
    let router = Router()
    router.get("/{page}") { _, context in
      let name = context.parameters.get("page") ?? ""
      guard let html = pages.all.withLock({ $0[name] }) else { throw HTTPError(.notFound) }
      return Response(
        status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { found.yield($0.localAddress?.port ?? 0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      for await port in ports {
        try await body(OuterSite(port: port, pages: pages))
        break
      }
      group.cancelAll()
    }
  }

  /// Puts a page at `/name`.
  func put(_ name: String, _ html: String) { pages.all.withLock { $0[name] = html } }
}
