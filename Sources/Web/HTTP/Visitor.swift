import Commerce
import HTTPTypes
import Hummingbird

/// Learns who is asking.
struct Visitor: RouterMiddleware {
  typealias Context = WebContext

  let site: Site

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    if let authorization = request.headers[.authorization] {
      context.caller = try await caller(authorization)
      return try await next(request, context)
    }
    guard let token = request.cookies[SessionCookie.name]?.value,
      let session = try await site.commerce.session(token: token)
    else { return try await next(request, context) }
    context.caller = session.caller
    context.account = session.account

    guard let newToken = session.newToken else { return try await next(request, context) }
    // The new token is told this once, so a refusal has to carry it too.
    var response: Response
    do {
      response = try await next(request, context)
    } catch {
      response = await Failures(site: site).answer(error, request, context)
    }
    // Signing out or in again has set a cookie of its own.
    if !response.headers[values: .setCookie].contains(where: { $0.hasPrefix(SessionCookie.name + "=") }) {
      response.headers.append(
        site.sessionCookie.setting(newToken, until: session.expires, now: site.commerce.clock.now))
    }
    return response
  }

  private func caller(_ authorization: String) async throws -> Caller {
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      let caller = try await site.commerce.caller(apiKey: String(parts[1]))
    else { throw Problem(.unauthorized, "api_key_unknown", "This API key is unknown or was revoked. Make a new one.") }
    return caller
  }
}

/// The cookie of a signed-in browser: out of scripts' reach, and not sent along with other sites' requests, except when
/// a person follows a link here.
struct SessionCookie: Sendable {
  static let name = "haat_session"

  let isSecure: Bool

  func setting(_ token: Secret, until expires: Moment, now: Moment) -> HTTPField {
    cookie(token.text, maxAge: max(0, expires.milliseconds(since: now) / 1000))
  }

  var removing: HTTPField { cookie("", maxAge: 0) }

  private func cookie(_ value: String, maxAge: Int64) -> HTTPField {
    let secure = isSecure ? "; Secure" : ""
    return HTTPField(
      name: .setCookie, value: "\(Self.name)=\(value); Path=/; Max-Age=\(maxAge); HttpOnly; SameSite=Lax\(secure)")
  }
}
