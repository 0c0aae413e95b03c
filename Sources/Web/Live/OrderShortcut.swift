import Commerce
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// Places a guest's plain order on the event loop that read it, before Hummingbird is asked: the order waits in the
/// writer's queue and in no task, and the router, its middleware and the changes between tasks cost as much as all else
/// that a loop does for an order (docs/decisions/0047).
///
/// What it is not sure of it passes on: who is signed in or has a key, a body of unsaid length. The answers are the route's,
/// made by the same functions, and are counted the same.
final class OrderShortcut: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private struct Incoming {
    let head: HTTPRequest
    var body = ByteBuffer()
    let since = ContinuousClock.now
  }

  private let site: Site
  /// Requests passed on that were not answered yet. Answers come in the order of the requests.
  private var passedOn = 0
  /// The order that is being read.
  private var incoming: Incoming?
  private var isPlacing = false
  /// What came after an order that is being placed: of one read from the socket, as none follows it.
  private var held = CircularBuffer<HTTPRequestPart>()
  private var wantsToRead = false
  private var isInputClosed = false

  init(_ site: Site) { self.site = site }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if isPlacing { held.append(part) } else { take(part, context) }
  }

  func read(context: ChannelHandlerContext) {
    if isPlacing { wantsToRead = true } else { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Who has said all that they have to say still wants their answer.
    if isPlacing, event as? ChannelEvent == .inputClosed {
      isInputClosed = true
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { passedOn = max(0, passedOn - 1) }
    context.write(data, promise: promise)
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head):
      // Who does not read has to wait, which Hummingbird knows how to.
      if passedOn == 0, context.channel.isWritable, isPlain(head) {
        incoming = Incoming(head: head)
        return
      }
      passedOn += 1
    case .body(let bytes):
      if incoming != nil {
        incoming?.body.writeImmutableBuffer(bytes)
        return
      }
    case .end:
      if let order = incoming {
        incoming = nil
        return place(order, context)
      }
    }
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// Whether it is a guest's order in JSON, of a length that may be.
  private func isPlain(_ head: HTTPRequest) -> Bool {
    guard head.method == .post, head.path == OrderAPI.placingRoute,
      let length = head.headerFields[.contentLength].flatMap({ Int($0) }),
      (1...site.configuration.limits.bodyBytes).contains(length),
      head.headerFields[.contentType]?.split(separator: ";").first?.withoutBlanks.lowercased() == "application/json"
    else { return false }
    for field in head.headerFields where Self.passing.contains(field.name) { return false }
    if let cookies = head.headerFields[.cookie], cookies.contains(SessionCookie.name) { return false }
    return head.headerFields[.connection].map { $0.lowercased() == "keep-alive" } ?? true
  }

  /// A request with one of these is not plain.
  private static let passing: Set<HTTPField.Name> = [.authorization, .transferEncoding, .upgrade, .expect]

  private func place(_ order: Incoming, _ context: ChannelHandlerContext) {
    isPlacing = true
    let request = Request(head: order.head, body: RequestBody(buffer: order.body))
    var known = WebContext(source: ApplicationRequestContextSource(channel: context.channel, logger: site.logger))
    known.language = Language.of(request)
    let call = Call(request: request, context: known, site: site, bytes: order.body)
    let (loop, since) = (context.eventLoop, order.since)
    let bound = NIOLoopBound((shortcut: self, context: context), eventLoop: loop)
    do {
      try SameOrigin.require(request, publicURL: site.configuration.publicURL)
      try site.limits.take(.orders, call.address)
      try OrderAPI.place(call) { result in
        loop.execute {
          let (shortcut, context) = bound.value
          shortcut.answer(result, call, since, context)
        }
      }
    } catch {
      answer(.failure(error), call, since, context)
    }
  }

  private func answer(
    _ result: Result<PlacedOrder, any Error>, _ call: Call, _ since: ContinuousClock.Instant,
    _ context: ChannelHandlerContext
  ) {
    let id = RequestID().description
    var head = HTTPResponse(status: .created)
    var body: ByteBuffer
    switch result {
    case .success(let placed):
      head.headerFields = [.contentType: "application/json", .cacheControl: "no-store"]
      if !placed.isNew { head.headerFields[.idempotencyReplayed] = "true" }
      body = ByteBuffer(bytes: OrderAPI.answer(placed, site))
    case .failure(let error):
      var logger = site.logger
      logger[metadataKey: "hb.request.id"] = "\(id)"
      let problem = Problem(error) ?? Failures.fault(error, .post, OrderAPI.placingRoute, logger)
      head = HTTPResponse(status: problem.responseStatus, headerFields: problem.responseHeaders)
      body = problem.responseBody
    }
    body = Compression.pack(body, for: call.request, &head.headerFields)
    head.headerFields[.contentLength] = String(body.readableBytes)
    head.headerFields[.date] = HTTPDate.now
    SecurityHeaders.add(to: &head.headerFields, id: id, isSecure: site.configuration.secureCookies)
    site.metrics.answered("POST", OrderAPI.placingRoute, head.status.code, in: .now - since)
    if context.channel.isActive {
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(body)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    goOn(context)
  }

  /// With what came meanwhile.
  private func goOn(_ context: ChannelHandlerContext) {
    isPlacing = false
    let passedBefore = passedOn
    while !isPlacing, let part = held.popFirst() { take(part, context) }
    // Hummingbird's tasks get what was read when all of it was.
    if passedOn > passedBefore { context.fireChannelReadComplete() }
    guard !isPlacing else { return }
    if isInputClosed {
      isInputClosed = false
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
    if wantsToRead {
      wantsToRead = false
      context.read()
    }
  }
}
