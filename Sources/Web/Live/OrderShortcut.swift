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
/// A message for a chat that is refused because its address has said too much is refused here too: in a flood most are, and a
/// refusal that costs what an order costs is what makes orders wait. The others are passed on a few at a time (`ChatGate`).
///
/// What it is not sure of it passes on: an order of who is signed in or has a key, a body of unsaid length. The answers are the route's,
/// made by the same functions, and are counted the same.
final class OrderShortcut: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private struct Incoming {
    let head: HTTPRequest
    let route: String
    /// What is known already: it is not going to be placed.
    var refusal: Problem?
    /// To be passed on when all of it is there and its turn has come: who is slow to say it holds up nobody else.
    var isMessage = false
    var body = ByteBuffer()
    let since = ContinuousClock.now
  }

  private let site: Site
  /// Requests passed on that were not answered yet. Answers come in the order of the requests.
  private var passedOn = 0
  /// The request that is being read.
  private var incoming: Incoming?
  private var isPlacing = false
  /// A message that waits to be passed on, which holds up the connection as an order does.
  private var waiting: Incoming?
  /// Whether the one request that was passed on is a message, and has a place in the gate.
  private var isInGate = false
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
    if case .end = unwrapOutboundIn(data) {
      passedOn = max(0, passedOn - 1)
      leaveGate()
    }
    context.write(data, promise: promise)
  }

  func channelInactive(context: ChannelHandlerContext) {
    waiting = nil
    leaveGate()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    waiting = nil
    leaveGate()
  }

  private func leaveGate() {
    guard isInGate else { return }
    isInGate = false
    site.chatGate.leave()
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head):
      // Who does not read has to wait, which Hummingbird knows how to.
      if passedOn == 0, context.channel.isWritable, let known = look(head, context) {
        incoming = known
        return
      }
      passedOn += 1
    case .body(let bytes):
      if incoming != nil {
        if incoming?.refusal == nil { incoming?.body.writeImmutableBuffer(bytes) }
        return
      }
    case .end:
      if let asked = incoming {
        incoming = nil
        return asked.isMessage ? pass(asked, context) : place(asked, context)
      }
    }
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// Passes a message on, when its turn has come.
  private func pass(_ message: Incoming, _ context: ChannelHandlerContext) {
    let loop = context.eventLoop
    let bound = NIOLoopBound((shortcut: self, context: context), eventLoop: loop)
    let entry = site.chatGate.enter {
      loop.execute {
        let (shortcut, context) = bound.value
        shortcut.passOnWaiting(context)
      }
    }
    switch entry {
    case .inside: passOn(message, context)
    case .waits:
      waiting = message
      isPlacing = true
    case .full:
      var refused = message
      refused.refusal = .chatBusy
      place(refused, context)
    }
  }

  private func passOnWaiting(_ context: ChannelHandlerContext) {
    guard let message = waiting else { return site.chatGate.leave() }
    waiting = nil
    passOn(message, context)
    goOn(context, hasPassedOn: true)
  }

  private func passOn(_ message: Incoming, _ context: ChannelHandlerContext) {
    isInGate = true
    passedOn += 1
    context.fireChannelRead(wrapInboundOut(.head(message.head)))
    context.fireChannelRead(wrapInboundOut(.body(message.body)))
    context.fireChannelRead(wrapInboundOut(.end(nil)))
  }

  /// A guest's order, or a message; nil for everything else.
  private func look(_ head: HTTPRequest, _ context: ChannelHandlerContext) -> Incoming? {
    guard head.method == .post, let path = head.path else { return nil }
    if path == OrderAPI.placingRoute {
      return isWhole(head) && isPlain(head) ? Incoming(head: head, route: path) : nil
    }
    guard RoomAPI.isMessages(path), isWhole(head) else { return nil }
    var message = Incoming(head: head, route: RoomAPI.messagesRoute, isMessage: true)
    guard isPlain(head) else { return message }
    let call = call(head, ByteBuffer(), context)
    if let refusal = site.limits.refusal(.chat, call.address),
      (try? SameOrigin.require(call.request, publicURL: site.configuration.publicURL)) != nil
    {
      message.refusal = refusal
      message.isMessage = false
    }
    return message
  }

  /// Whether its body is of a length that may be, and comes without being asked for.
  private func isWhole(_ head: HTTPRequest) -> Bool {
    guard let length = head.headerFields[.contentLength].flatMap({ Int($0) }),
      (1...site.configuration.limits.bodyBytes).contains(length)
    else { return false }
    for field in head.headerFields where Self.passing.contains(field.name) { return false }
    return head.headerFields[.connection].map { $0.lowercased() == "keep-alive" } ?? true
  }

  /// Whether it is JSON of a guest.
  private func isPlain(_ head: HTTPRequest) -> Bool {
    head.headerFields[.contentType]?.split(separator: ";").first?.withoutBlanks.lowercased() == "application/json"
      && head.headerFields[.authorization] == nil
      && head.headerFields[.cookie]?.contains(SessionCookie.name) != true
  }

  /// A request with one of these is not taken.
  private static let passing: Set<HTTPField.Name> = [.transferEncoding, .upgrade, .expect]

  private func place(_ order: Incoming, _ context: ChannelHandlerContext) {
    isPlacing = true
    let call = call(order.head, order.body, context)
    if let refusal = order.refusal { return answer(.failure(refusal), call, order, context) }
    let loop = context.eventLoop
    let bound = NIOLoopBound((shortcut: self, context: context), eventLoop: loop)
    do {
      try SameOrigin.require(call.request, publicURL: site.configuration.publicURL)
      try site.limits.take(.orders, call.address)
      try OrderAPI.place(call) { result in
        loop.execute {
          let (shortcut, context) = bound.value
          shortcut.answer(result, call, order, context)
        }
      }
    } catch {
      answer(.failure(error), call, order, context)
    }
  }

  private func call(_ head: HTTPRequest, _ body: ByteBuffer, _ context: ChannelHandlerContext) -> Call {
    let request = Request(head: head, body: RequestBody(buffer: body))
    var known = WebContext(source: ApplicationRequestContextSource(channel: context.channel, logger: site.logger))
    known.language = site.screens.languages.of(request)
    return Call(request: request, context: known, site: site, bytes: body)
  }

  private func answer(
    _ result: Result<PlacedOrder, any Error>, _ call: Call, _ asked: Incoming,
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
      let problem = Problem(error) ?? Failures.fault(error, .post, asked.route, logger)
      head = HTTPResponse(status: problem.responseStatus, headerFields: problem.responseHeaders)
      body = problem.responseBody
    }
    body = Compression.pack(body, for: call.request, &head.headerFields)
    head.headerFields[.contentLength] = String(body.readableBytes)
    head.headerFields[.date] = HTTPDate.now
    SecurityHeaders.add(to: &head.headerFields, id: id, isSecure: site.configuration.secureCookies)
    site.metrics.answered("POST", asked.route, head.status.code, in: .now - asked.since)
    if context.channel.isActive {
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(body)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    goOn(context)
  }

  /// With what came meanwhile.
  private func goOn(_ context: ChannelHandlerContext, hasPassedOn: Bool = false) {
    isPlacing = false
    let passedBefore = passedOn
    while !isPlacing, let part = held.popFirst() { take(part, context) }
    // Hummingbird's tasks get what was read when all of it was.
    if hasPassedOn || passedOn > passedBefore { context.fireChannelReadComplete() }
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
