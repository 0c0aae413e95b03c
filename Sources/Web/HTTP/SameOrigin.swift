import HTTPTypes
import Hummingbird

/// Refuses a write that another site makes a browser send.
///
/// Browsers say where a request comes from in `Sec-Fetch-Site`; older ones send `Origin`. What they say must be us. Who
/// says nothing must not have a cookie: programs with an API key say nothing, and carry nobody's authority but their own.
struct SameOrigin: RouterMiddleware {
  typealias Context = WebContext

  let publicURL: String

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    try Self.require(request, publicURL: publicURL)
    return try await next(request, context)
  }

  /// Throws `Problem.crossSite` for a write that comes from elsewhere.
  static func require(_ request: Request, publicURL: String) throws {
    guard safeMethods.contains(request.method) || isOurs(request, publicURL) else { throw Problem.crossSite }
  }

  private static let safeMethods: Set<HTTPRequest.Method> = [.get, .head, .options]

  private static func isOurs(_ request: Request, _ publicURL: String) -> Bool {
    if let site = request.headers[.secFetchSite] { return site == "same-origin" || site == "none" }
    guard let origin = request.headers[.origin] else { return request.headers[.cookie] == nil }
    return origin == publicURL || origin == request.head.authority.map { "http://\($0)" }
      || origin == request.head.authority.map { "https://\($0)" }
  }
}
