import HTTPTypes
import Hummingbird
import Synchronization

/// Every address of Haat, in one place. Middleware runs from the top down; the first sees the request first and the
/// answer last.
enum Routes {
  static func router(_ site: Site) -> Router<WebContext> {
    let router = Router(context: WebContext.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: SecurityHeaders())
    router.add(middleware: Compression())
    router.add(middleware: Failures(site: site))

    router.get("/static/{hash}/**") { request, context in
      try site.statics.answer(
        request, hash: context.parameters.get("hash") ?? "",
        path: context.parameters.getCatchAll().joined(separator: "/"))
    }

    let visited = router.group()
      .add(middleware: SameOrigin(publicURL: site.configuration.publicURL))
      .add(middleware: Visitor(site: site))
    Pages.register(on: visited, site)
    return router
  }
}
