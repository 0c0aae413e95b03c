import HTTPTypes
import Hummingbird

/// Refuses a write that another site makes with our visitor's cookie.
///
/// Browsers say where a request comes from in `Sec-Fetch-Site`; older ones send `Origin`. A request without a cookie
/// carries nobody's authority but its own, so programs with an API key need neither.
struct SameOrigin: RouterMiddleware {
  typealias Context = WebContext

  let publicURL: String

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    guard !Self.safeMethods.contains(request.method), request.headers[.cookie] != nil else {
      return try await next(request, context)
    }
    guard isOurs(request) else { throw Problem.crossSite }
    return try await next(request, context)
  }

  private static let safeMethods: Set<HTTPRequest.Method> = [.get, .head, .options]

  private func isOurs(_ request: Request) -> Bool {
    if let site = request.headers[.secFetchSite] { return site == "same-origin" || site == "none" }
    guard let origin = request.headers[.origin] else { return false }
    return origin == publicURL || origin == request.head.authority.map { "http://\($0)" }
      || origin == request.head.authority.map { "https://\($0)" }
  }
}
