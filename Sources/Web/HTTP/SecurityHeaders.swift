import Commerce
import HTTPTypes
import Hummingbird

/// What every answer says about how it may be used, and the request's id, so that a buyer can quote it.
struct SecurityHeaders: RouterMiddleware {
  typealias Context = WebContext

  /// Whether this site is served over https, and must not be asked for over anything else.
  let isSecure: Bool

  /// Nothing inline and nothing foreign.
  private static let contentSecurityPolicy = policy()

  /// The same for a page with Stripe's fields for a card: their script, their frames and the bank's, and their calls.
  static func contentSecurityPolicy(with stripe: StripeSettings) -> String {
    let sources = stripe.pageSources
    return policy(script: sources.script, frame: sources.frame, connect: sources.connect)
  }

  /// The same for a page with a form that leads to another site.
  static func contentSecurityPolicy(leadingTo origin: String) -> String { policy(form: [origin]) }

  /// Blobs are what Media Source Extensions play.
  private static func policy(script: [String] = [], frame: [String] = [], connect: [String] = [], form: [String] = [])
    -> String
  {
    func own(_ more: [String]) -> String { (["'self'"] + more).joined(separator: " ") }
    return """
      default-src 'self'; script-src \(own(script)); style-src 'self'; img-src 'self' data: blob:; \
      media-src 'self' blob:; connect-src \(own(connect)); frame-src \(own(frame)); object-src 'none'; \
      base-uri 'none'; form-action \(own(form)); frame-ancestors 'self'
      """
  }

  /// What is said with every answer, whatever it is.
  static func add(to headers: inout HTTPFields, id: String, isSecure: Bool) {
    headers[.xContentTypeOptions] = "nosniff"
    headers[.requestID] = id
    if isSecure { headers[.strictTransportSecurity] = "max-age=31536000" }
  }

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    Self.add(to: &response.headers, id: context.id, isSecure: isSecure)
    guard response.headers[.contentType]?.hasPrefix("text/html") == true else { return response }
    // What is stricter, or takes a card, says so itself.
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = Self.contentSecurityPolicy
    }
    response.headers[.referrerPolicy] = "same-origin"
    response.headers[.crossOriginOpenerPolicy] = "same-origin"
    response.headers[.permissionsPolicy] = "geolocation=(), payment=(), usb=()"
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    return response
  }
}

extension HTTPField.Name {
  static let requestID = constant("X-Request-Id")
  static let referrerPolicy = constant("Referrer-Policy")
  static let permissionsPolicy = constant("Permissions-Policy")
  static let crossOriginOpenerPolicy = constant("Cross-Origin-Opener-Policy")
  static let secFetchSite = constant("Sec-Fetch-Site")
  static let idempotencyKey = constant("Idempotency-Key")
  static let idempotencyReplayed = constant("Idempotency-Replayed")
  static let orderToken = constant("Order-Token")
  static let haatVisitor = constant("Haat-Visitor")
  static let lastEventID = constant("Last-Event-ID")
  static let forwardedFor = constant("X-Forwarded-For")
  static let accelBuffering = constant("X-Accel-Buffering")
  static let refresh = constant("Refresh")

  /// Only for names written in source: a name that is not a token becomes one no peer sends.
  private static func constant(_ name: String) -> HTTPField.Name {
    HTTPField.Name(name) ?? .xContentTypeOptions
  }
}
