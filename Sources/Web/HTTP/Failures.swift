import HTTPTypes
import Hummingbird
import Logging

/// Turns what was thrown into an answer: a problem document for programs, a page for people.
struct Failures: RouterMiddleware {
  typealias Context = WebContext

  let site: Site

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    // `Visitor` is not asked for addresses that do not exist.
    context.language = site.screens.languages.of(request)
    do {
      return try await next(request, context)
    } catch {
      return await answer(error, request, context)
    }
  }

  func answer(_ error: any Error, _ request: Request, _ context: WebContext) async -> Response {
    let problem = problem(for: error, request, context)
    guard Self.wantsPage(request) else { return problem.response() }
    return await Pages.answer(problem, request, context, site)
  }

  private func problem(for error: any Error, _ request: Request, _ context: WebContext) -> Problem {
    if let problem = Problem(error) {
      guard problem.status == 404, context.endpointPath == "NotFound" else { return problem }
      let allowed = site.routes.methods(at: request.uri.path)
      return allowed.isEmpty ? problem : .methodNotAllowed(allowed)
    }
    return Self.fault(error, request.method, context.endpointPath ?? "", context.logger)
  }

  /// What is no refusal: one line in the log, and nothing about it for whoever asked.
  static func fault(_ error: any Error, _ method: HTTPRequest.Method, _ route: String, _ logger: Logger) -> Problem {
    // A caller that went away is nobody's fault, and has no one to answer to.
    if error is CancellationError { return .fault }
    logger.error(
      "a request failed",
      metadata: ["method": "\(method)", "route": "\(route)", "error": "\(String(reflecting: error))"])
    return .fault
  }

  /// Pages live outside these prefixes; a client that does not take HTML gets JSON there too.
  static func wantsPage(_ request: Request) -> Bool {
    let path = request.uri.path
    let machine = [
      "/api/", "/sandbox/v1/", "/webhooks/", "/live/", "/static/", "/uploads/", "/metrics", "/healthz", "/readyz",
      "/oembed", "/embed.js",
    ]
    guard !machine.contains(where: path.hasPrefix) else { return false }
    return request.headers[.accept].map { $0.contains("text/html") } ?? false
  }
}
