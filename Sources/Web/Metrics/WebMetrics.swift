import Commerce
import HTTPTypes
import Hummingbird
import Media
import CoreMetrics
import Metrics
import NIOCore
import Synchronization

/// What is counted here.
final class WebMetrics: Sendable {
  private struct Answered: Hashable {
    let method: String
    let route: String
    let status: Int
  }

  let registry = PrometheusRegistry()
  private let orders: Counter
  private let durations: Mutex<[String: Metrics.Timer]> = Mutex([:])
  private let requests: Mutex<[Answered: Counter]> = Mutex([:])

  init() { orders = Counter(label: "haat_orders_total", dimensions: [], factory: registry) }

  enum MailOutcome: String { case sent, written, refused, deferred }

  /// What push services did with reminders in browsers.
  func push(_ outcome: String) {
    Counter(label: "haat_pushes_total", dimensions: [("outcome", outcome)], factory: registry).increment()
  }

  /// What webhooks did with what they were sent.
  func webhook(_ outcome: String) {
    Counter(label: "haat_webhooks_total", dimensions: [("outcome", outcome)], factory: registry).increment()
  }

  func mail(_ outcome: MailOutcome) {
    Counter(label: "haat_mails_total", dimensions: [("outcome", outcome.rawValue)], factory: registry).increment()
  }

  func placedOrder() { orders.increment() }

  /// `route` is the pattern and never what was asked for, or anyone could make up new ones.
  func answered(_ method: String, _ route: String, _ status: Int, in duration: Duration) {
    let counter = requests.withLock { requests in
      let key = Answered(method: method, route: route, status: status)
      if let counter = requests[key] { return counter }
      let counter = Counter(
        label: "haat_http_requests_total",
        dimensions: [("method", method), ("route", route), ("status", String(status))], factory: registry)
      requests[key] = counter
      return counter
    }
    counter.increment()
    let timer = durations.withLock { durations in
      if let timer = durations[route] { return timer }
      let timer = Metrics.Timer(label: "haat_http_answer_seconds", dimensions: [("route", route)], factory: registry)
      durations[route] = timer
      return timer
    }
    timer.recordNanoseconds(Int64(clamping: duration.nanoseconds))
  }

  /// How long these take says nothing: they wait for what is to come, or send what takes as long as its reader.
  private static func isTimed(_ route: String) -> Bool {
    !["/live/", "/replay/", "/static/", "/uploads/"].contains { route.hasPrefix($0) } && !route.hasSuffix("/events")
      && route != "none"
  }

  /// What was counted since the process began. Of the database and of payments, others know.
  func counted() -> StatusFigures {
    func sum(_ label: String, _ which: ([String: String]) -> Bool = { _ in true }) -> Int64 {
      registry.readings(label).reduce(0) { which($1.dimensions) ? $0 &+ ($1.counts.first ?? 0) : $0 }
    }
    func outcomes(_ label: String, _ words: Set<String>) -> Int64 {
      sum(label) { words.contains($0["outcome"] ?? "") }
    }
    var all = StatusFigures()
    all.orders = sum("haat_orders_total")
    for reading in registry.readings("haat_http_requests_total") {
      let (count, status) = (reading.counts.first ?? 0, reading.dimensions["status"] ?? "")
      all.requests &+= count
      if status.hasPrefix("5") { all.failures &+= count }
      if reading.dimensions["route"] == RoomAPI.messagesRoute, reading.dimensions["method"] == "POST",
        status.hasPrefix("2")
      {
        all.messages &+= count
      }
    }
    for reading in registry.readings("haat_http_answer_seconds") {
      guard let route = reading.dimensions["route"], Self.isTimed(route) else { continue }
      let spread = Spread(reading.counts)
      all.answers.add(spread)
      if route == OrderAPI.placingRoute { all.checkouts.add(spread) }
    }
    all.mailsLeft = outcomes("haat_mails_total", ["sent", "written"])
    all.mailsRefused = outcomes("haat_mails_total", ["refused", "deferred"])
    all.pushesLeft = outcomes("haat_pushes_total", ["taken"])
    all.webhooksTaken = outcomes("haat_webhooks_total", ["taken"])
    all.webhooksRefused = outcomes("haat_webhooks_total", ["failed"])
    return all
  }

  /// The page that Prometheus reads, with what is only looked at when it asks.
  func page(_ site: Site) async -> Response {
    let figures = site.commerce.figures
    let streams = site.media.streams()
    let now: [(String, Double)] = [
      ("haat_viewers", Double(await site.rooms.viewers)), ("haat_streams", Double(streams.count)),
      ("haat_stream_readers", Double(streams.reduce(0) { $0 + $1.health().readers })),
      ("haat_open_answers", Double(site.streams.total)), ("haat_store_writes", Double(figures.writes)),
      ("haat_store_commits", Double(figures.commits)), ("haat_store_retries", Double(figures.retries)),
      ("haat_store_queued", Double(figures.queued)),
    ]
    let troubles = site.commerce.troubles.counts
    for kind in PaymentTroubles.Kind.allCases {
      Gauge(label: "haat_payment_troubles", dimensions: [("kind", kind.rawValue)], factory: registry)
        .record(Double(troubles[kind] ?? 0))
    }
    for (label, value) in now { Gauge(label: label, dimensions: [], factory: registry).record(value) }
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text())))
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
  }
}

/// Counts every answer, by route and status, and how long it took to have one.
struct Counting: RouterMiddleware {
  typealias Context = WebContext

  private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

  let metrics: WebMetrics

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    let response = try await next(request, context)
    let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
    metrics.answered(method, context.endpointPath ?? "none", response.status.code, in: .now - start)
    return response
  }
}
