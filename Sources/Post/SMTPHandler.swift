internal import NIOCore
internal import NIOSSL

/// The connection to a mail server: obeys the `SMTPConversation`, and tells it what time brings.
final class SMTPHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Sent into the pipeline when the delivery is to stop.
  struct Stop: Sendable {}

  /// How long a server that has the whole message is waited for by one who has to stop.
  private static let lastWait = TimeAmount.milliseconds(500)

  private var conversation: SMTPConversation
  private let tls: SMTPSecurity?
  private let finished: EventLoopPromise<SMTPOutcome>
  private var timer: Scheduled<Void>?

  init(_ conversation: SMTPConversation, tls: SMTPSecurity?, finished: EventLoopPromise<SMTPOutcome>) {
    self.conversation = conversation
    self.tls = tls
    self.finished = finished
  }

  func channelActive(context: ChannelHandlerContext) {
    wait(.seconds(conversation.patienceSeconds), context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    obey(conversation.received(unwrapInboundIn(data).readableBytesView), context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is Stop else { return context.fireUserInboundEventTriggered(event) }
    let actions = conversation.interrupted()
    if actions.isEmpty { wait(Self.lastWait, context) } else { obey(actions, context) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    var isTLS = error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
    // A server that hung up without TLS's good-bye.
    if case NIOSSLError.uncleanShutdown = error { isTLS = false }
    obey(isTLS ? conversation.failedEncryption() : conversation.lostConnection(), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    obey(conversation.lostConnection(), context)
    timer?.cancel()
    // A delivery that ended without a word did not happen.
    finished.succeed(.deferred(.closed, words: ""))
    context.fireChannelInactive()
  }

  private func obey(_ actions: [SMTPConversation.Action], _ context: ChannelHandlerContext) {
    guard !actions.isEmpty else { return }
    // Before anything is done: what is done may come back here.
    wait(.seconds(conversation.patienceSeconds), context)
    for action in actions {
      switch action {
      case .send(let bytes):
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
      case .encrypt:
        do {
          guard let tls else { throw NIOSSLExtraError.failedToValidateHostname }
          try context.pipeline.syncOperations.addHandler(tls.handler(), position: .first)
        } catch {
          return obey(conversation.failedEncryption(), context)
        }
      case .finish(let outcome): finished.succeed(outcome)
      case .close:
        timer?.cancel()
        context.close(promise: nil)
      }
    }
  }

  private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: time) {
      let (handler, context) = bound.value
      handler.obey(handler.conversation.timedOut(), context)
    }
  }
}

/// What connections are encrypted with.
struct SMTPSecurity: Sendable {
  let context: NIOSSLContext
  /// What the certificate must be for; nil for an address, which is taken from the connection.
  let serverName: String?

  init(_ server: SMTPServer) throws {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let path = server.authoritiesPath { tls.additionalTrustRoots = [.file(path)] }
    context = try NIOSSLContext(configuration: tls)
    serverName = (try? SocketAddress(ipAddress: server.host, port: 0)) == nil ? server.host : nil
  }

  func handler() throws -> NIOSSLClientHandler { try NIOSSLClientHandler(context: context, serverHostname: serverName) }
}
