import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// Every address of Haat, in one place. Middleware runs from the top down; the first sees the request first and the
/// answer last.
enum Routes {
  static func router(_ site: Site) -> Router<WebContext> {
    let router = Router(context: WebContext.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: OffTheLoop(but: API.endpoints.filter(\.isBrief)))
    router.add(middleware: Counting(metrics: site.metrics))
    router.add(middleware: SecurityHeaders(isSecure: site.configuration.secureCookies))
    router.add(middleware: Compression())
    router.add(middleware: Failures(site: site))
    if let toHTTPS = ToHTTPS(site.configuration) { router.add(middleware: toHTTPS) }

    router.get("/static/{hash}/**") { request, context in
      try site.statics.answer(
        request, hash: context.parameters.get("hash") ?? "",
        path: context.parameters.getCatchAll().joined(separator: "/"))
    }
    router.get("/embed.js") { request, _ in try site.statics.embedScript(request) }
    router.get("/service-worker.js") { _, _ in try site.statics.serviceWorker(site.screens.languages) }
    // Where browsers look that read no page first.
    for path in ["/apple-touch-icon.png", "/apple-touch-icon-precomposed.png"] {
      router.get(RouterPath(path)) { _, _ in try site.statics.file("icons/apple-touch.png") }
    }
    router.get("/uploads/{file}") { _, context in
      try await site.uploads.answer(context.parameters.get("file") ?? "")
    }
    let replay = site.media.recordings.map { ReplayDelivery(commerce: site.commerce, recordings: $0) }
    let delivery = MediaDelivery(site: site, replay: replay)
    router.get("/live/{show}/**") { request, context in try await delivery.answer(request, context) }
    router.on("/live/{show}/**", method: .options) { _, _ in MediaDelivery.preflight() }
    if let replay {
      router.get("/replay/{show}/**") { request, context in try await replay.answer(request, context) }
    }

    router.get("/healthz") { _, _ in text("ok") }
    router.get("/readyz") { _, _ in
      // Reads the database: a process that cannot is of no use to anyone.
      _ = try await site.commerce.markets()
      return text("ready")
    }
    router.get("/metrics") { _, _ in await site.metrics.page(site) }

    let visited = router.group()
      .add(middleware: SameOrigin(publicURL: site.configuration.publicURL))
      .add(middleware: Visitor(site: site))
    API.register(on: visited, site)
    Pages.register(on: visited, site)
    return router
  }

  private static func text(_ text: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}
