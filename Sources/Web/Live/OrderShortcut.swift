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
/// What a guest says in a chat is written here too, a few messages at a time (`ChatGate`), or refused because its address has
/// said too much: in a flood most are, and what costs as much as an order costs is what makes orders wait.
///
/// What it is not sure of it passes on: an order of who is signed in or has a key, what they say, a message with an
/// `Idempotency-Key`, a body of unsaid length. The answers are the route's, made by the same functions, and are counted the
/// same.
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
    /// What is done with it when all of it is there and, for what is said in a chat, its turn has come: who is slow to say
    /// it holds up nobody else.
    var way = Way.order
    var body = ByteBuffer()
    let since = ContinuousClock.now
  }

  private enum Way {
    case order
    /// Said in this show.
    case message(ID<Show>)
    /// Said, and passed on.
    case passing
  }

  /// What is answered.
  private enum Reply {
    case order(PlacedOrder)
    case message(RoomAPI.MessageAnswer)
  }

  private let site: Site
  /// Requests passed on that were not answered yet. Answers come in the order of the requests.
  private var passedOn = 0
  /// The request that is being read.
  private var incoming: Incoming?
  private var isPlacing = false
  /// A message that waits for its turn, which holds up the connection as an order does.
  private var waiting: Incoming?
  /// A message that is refused when it has run.
  private var refusing: Scheduled<Void>?
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
    refusing?.cancel()
    waiting = nil
    leaveGate()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    refusing?.cancel()
    waiting = nil
    leaveGate()
  }

  private func leaveGate() {
    guard isInGate else { return }
    isInGate = false
    site.chatPassing.leave()
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
        if case .order = asked.way { return place(asked, context) }
        return asked.refusal == nil ? wait(asked, context) : refuseLater(asked, context)
      }
    }
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// Whoever has said too much waits for their answer as long as for the next that they may say, and until then nothing is
  /// read of what else they send: it stays with them, and costs the house nothing. Not all as long, or those who began
  /// together would come back together every time.
  private func refuseLater(_ message: Incoming, _ context: ChannelHandlerContext) {
    isPlacing = true
    let loop = context.eventLoop
    let bound = NIOLoopBound((shortcut: self, context: context), eventLoop: loop)
    let delay = site.configuration.limits.chatRefusedAfterMilliseconds
    let share = Int64(site.commerce.entropy.bytes(1)[0])
    refusing = loop.scheduleTask(in: .milliseconds(delay / 2 + delay * share / 255)) {
      let (shortcut, context) = bound.value
      shortcut.refusing = nil
      shortcut.place(message, context)
    }
  }

  private func gate(for message: Incoming) -> ChatGate {
    if case .passing = message.way { site.chatPassing } else { site.chatGate }
  }

  /// Says a message, or passes it on, when its turn has come.
  private func wait(_ message: Incoming, _ context: ChannelHandlerContext) {
    let loop = context.eventLoop
    let bound = NIOLoopBound((shortcut: self, context: context, gate: gate(for: message)), eventLoop: loop)
    let entry = gate(for: message).enter {
      loop.execute {
        let (shortcut, context, gate) = bound.value
        shortcut.takeTurn(context, gate)
      }
    }
    switch entry {
    case .inside:
      if case .message(let show) = message.way { say(message, in: show, context) } else { passOn(message, context) }
    case .waits:
      waiting = message
      isPlacing = true
    case .full:
      var refused = message
      refused.refusal = .chatBusy
      place(refused, context)
    }
  }

  private func takeTurn(_ context: ChannelHandlerContext, _ gate: ChatGate) {
    // Who went away meanwhile says nothing more.
    guard let message = waiting else { return gate.leave() }
    waiting = nil
    if case .message(let show) = message.way { return say(message, in: show, context) }
    passOn(message, context)
    goOn(context, hasPassedOn: true)
  }

  private func say(_ message: Incoming, in show: ID<Show>, _ context: ChannelHandlerContext) {
    isPlacing = true
    let call = call(message.head, message.body, context)
    let loop = context.eventLoop
    let bound = NIOLoopBound((shortcut: self, context: context), eventLoop: loop)
    do {
      try SameOrigin.require(call.request, publicURL: site.configuration.publicURL)
      try site.limits.take(.chat, call.address)
      try RoomAPI.say(call, in: show) { [gate = site.chatGate] result in
        gate.leave()
        loop.execute {
          let (shortcut, context) = bound.value
          shortcut.answer(result.map { .message($0) }, call, message, context)
        }
      }
    } catch {
      site.chatGate.leave()
      answer(.failure(error), call, message, context)
    }
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
    guard let show = RoomAPI.show(ofMessages: path), isWhole(head) else { return nil }
    var message = Incoming(head: head, route: RoomAPI.messagesRoute)
    message.way = .passing
    guard isPlain(head) else { return message }
    if let show = ID<Show>(String(show)), head.headerFields[.idempotencyKey] == nil { message.way = .message(show) }
    let call = call(head, ByteBuffer(), context)
    if let refusal = site.limits.refusal(.chat, call.address),
      (try? SameOrigin.require(call.request, publicURL: site.configuration.publicURL)) != nil
    {
      message.refusal = refusal
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
          shortcut.answer(result.map { .order($0) }, call, order, context)
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
    _ result: Result<Reply, any Error>, _ call: Call, _ asked: Incoming, _ context: ChannelHandlerContext
  ) {
    let id = RequestID().description
    var head = HTTPResponse(status: .created)
    var body: ByteBuffer
    head.headerFields = [.contentType: "application/json", .cacheControl: "no-store"]
    do {
      switch try result.get() {
      case .order(let placed):
        if !placed.isNew { head.headerFields[.idempotencyReplayed] = "true" }
        body = ByteBuffer(bytes: OrderAPI.answer(placed, site))
      case .message(let said): body = ByteBuffer(bytes: try said.json())
      }
    } catch {
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
