import HTTPTypes
import Hummingbird
import NIOCore

/// The HTML pages.
enum Pages {
  /// Adds every page to the router.
  static func register(on router: some RouterMethods<WebContext>, _ site: Site) {}

  /// A refusal or a fault as a page.
  static func answer(_ problem: Problem, _ request: Request, _ context: WebContext, _ site: Site) async -> Response {
    problem.response()
  }
}
