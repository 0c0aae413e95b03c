import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Runs tasks on an event loop.
private final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// HTTP/1.1 whose connections are each served by a task on their own event loop, behind a door for those who only want to
/// be told what happens.
///
/// A request is read and answered by the loop. Served from the global pool, it would change threads twice, which costs
/// as much as a small answer itself. What is more than small goes back to the pool: `OffTheLoop`.
final class LoopedHTTP1: ServerChildChannel {
  private let site: Site
  private let http: HTTP1Channel
  /// What is read at first: a request's head is seldom longer, and a viewer keeps the buffer for hours. It grows with what
  /// is sent.
  private static let receiving: any RecvByteBufferAllocator = AdaptiveRecvByteBufferAllocator(
    minimum: 512, initial: 512, maximum: 64 * 1024)

  init(site: Site, _ http: HTTP1Channel) {
    self.site = site
    self.http = http
  }

  /// A connection, and what it turned out to be once it has asked for something: nil for one that HTTP has no part in.
  struct Value: ServerChildChannelValue {
    let channel: any NIOCore.Channel
    fileprivate let decided: EventLoopFuture<HTTP1Channel.Value?>
  }

  func setup(channel: any NIOCore.Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture { [self] in
      try channel.syncOptions?.setOption(.recvAllocator, value: Self.receiving)
      let decided = channel.eventLoop.makePromise(of: HTTP1Channel.Value?.self)
      let door = EventsDoor(site, decided: decided) { [self] in becomeHTTP(channel, logger) }
      try channel.pipeline.syncOperations.addHandler(door)
      return Value(channel: channel, decided: decided.futureResult)
    }
  }

  private func becomeHTTP(_ channel: any NIOCore.Channel, _ logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    http.setup(channel: channel, logger: logger).flatMapThrowing { [site] value in
      let pipeline = channel.pipeline.syncOperations
      // Above what counts requests, so that a connection is not taken for idle.
      let counting = try pipeline.handler(type: HTTPConnectionStateHandler.self)
      try pipeline.addHandlers([MediaShortcut(site), OrderShortcut(site)], position: .after(counting))
      return value
    }
  }

  func handle(value: Value, logger: Logger) async {
    guard let http = try? await value.decided.get() else { return }
    await Self.onLoop(of: value.channel) { await self.http.handle(value: http, logger: logger) }
  }

  /// Serves a connection by tasks on its own event loop.
  static func onLoop(of channel: any NIOCore.Channel, _ serve: () async -> Void) async {
    await withTaskExecutorPreference(LoopExecutor(channel.eventLoop)) { await serve() }
  }
}

/// Hands requests to the global pool, all but those that are known to be answered in microseconds: a page or a picture
/// that took milliseconds on the loop would hold up every stream and event of that loop's viewers.
struct OffTheLoop: RouterMiddleware {
  typealias Context = WebContext

  private struct Route: Hashable {
    let method: HTTPRequest.Method
    let path: String
  }

  private let brief: Set<Route>

  init(but brief: [Endpoint]) {
    self.brief = Set(brief.map { Route(method: $0.method, path: $0.path) })
  }

  func handle(
    _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
  ) async throws -> Response {
    let route = Route(method: request.method, path: context.endpointPath ?? "")
    if brief.contains(route) { return try await next(request, context) }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await next(request, context) }
  }
}
