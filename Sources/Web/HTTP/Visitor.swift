import Hummingbird

/// Learns who is asking, and in which language to answer.
struct Visitor: RouterMiddleware {
  typealias Context = WebContext

  let site: Site

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.language = Language.of(request)
    return try await next(request, context)
  }
}
