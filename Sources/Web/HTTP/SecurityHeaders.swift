import Commerce
import HTTPTypes
import Hummingbird

/// What every answer says about how it may be used, and the request's id, so that a buyer can quote it.
struct SecurityHeaders: RouterMiddleware {
  typealias Context = WebContext

  /// Whether this site is served over https, and must not be asked for over anything else.
  let isSecure: Bool

  private static let contentSecurityPolicy = ContentPolicy().text

  /// The same for a page with Stripe's fields for a card.
  static func contentSecurityPolicy(with stripe: StripeSettings) -> String { ContentPolicy(with: stripe).text }

  /// The same for a page with a form that leads to another site.
  static func contentSecurityPolicy(leadingTo origin: String) -> String {
    var policy = ContentPolicy()
    policy.form = [origin]
    return policy.text
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

/// `Content-Security-Policy`: nothing inline and nothing foreign, but for what a page adds, and in nobody else's frame.
struct ContentPolicy: Sendable {
  private var script: [String] = []
  private var frame: [String] = []
  private var connect: [String] = []
  /// Where its forms may lead, beside here.
  var form: [String] = []
  /// Whose pages may hold it in a frame. The page around a frame is one of them, and so is every page around that.
  var sites = EmbedSites.nobody

  /// - Parameter stripe: for a page with Stripe's fields for a card: their script, their frames and the bank's, and
  ///   their calls.
  init(with stripe: StripeSettings? = nil, heldBy embed: EmbedView? = nil) {
    if let embed { sites = embed.sites }
    guard let sources = stripe?.pageSources else { return }
    (script, frame, connect) = (sources.script, sources.frame, sources.connect)
  }

  /// Blobs are what Media Source Extensions play.
  var text: String {
    func own(_ more: [String]) -> String { (["'self'"] + more).joined(separator: " ") }
    return """
      default-src 'self'; script-src \(own(script)); style-src 'self'; img-src 'self' data: blob:; \
      media-src 'self' blob:; connect-src \(own(connect)); frame-src \(own(frame)); object-src 'none'; \
      base-uri 'none'; form-action \(own(form)); frame-ancestors \(sites.origins.map(own) ?? "*")
      """
  }
}

extension HTTPField.Name {
  static let requestID = constant("X-Request-Id")
  static let referrerPolicy = constant("Referrer-Policy")
  static let permissionsPolicy = constant("Permissions-Policy")
  static let crossOriginOpenerPolicy = constant("Cross-Origin-Opener-Policy")
  static let secFetchSite = constant("Sec-Fetch-Site")
  static let secFetchDest = constant("Sec-Fetch-Dest")
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
