import HTTPTypes
import Hummingbird

/// Sends a browser that asks for a page without TLS to where it is had with it. Programs are answered as they asked: a
/// health check, a metrics reader or a payment provider's webhook need not follow.
struct ToHTTPS: RouterMiddleware {
  typealias Context = WebContext

  private let publicURL: String
  private let securePort: Int

  /// Nil unless this server has a certificate, is known by an https address, and no proxy stands in front.
  init?(_ configuration: WebConfiguration) {
    guard let secure = configuration.secure, configuration.publicURL.hasPrefix("https://"), !configuration.trustsProxy
    else { return nil }
    publicURL = configuration.publicURL
    securePort = secure.port
  }

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    guard context.channel.localAddress?.port != securePort, [.get, .head].contains(request.method),
      Failures.wantsPage(request)
    else { return try await next(request, context) }
    return Response(
      status: .permanentRedirect,
      headers: [.location: publicURL + (request.head.path ?? "/"), .cacheControl: "no-store"])
  }
}
