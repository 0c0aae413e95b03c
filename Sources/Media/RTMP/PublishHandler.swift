internal import Logging
internal import NIOCore

/// One publisher's connection: obeys the `PublishConversation` and knows nothing that a transcript would not show.
final class PublishHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What the connection needs of the world.
  struct World: Sendable {
    var admit: @Sendable (PublishRequest) async -> Admission
    var configuration: MediaConfiguration
    var remoteAddress: String
    var handshakeFilling: [UInt8]
  }

  /// Handshake and commands take a few kilobytes; who has not been let in may not fill the memory.
  private static let bytesBeforePublishMax: UInt64 = 1 << 20

  private let world: World
  private var logger: Logger
  private var handshake: Handshake?
  private var decoder: ChunkDecoder
  private var inflow: InflowMeter
  private var conversation = PublishConversation()
  /// Bytes that are not whole yet, or must wait for the authorization.
  private var pending = ByteBuffer()
  private var isAuthorizing = false
  private var isClosing = false
  private var isRefused = false
  private var live: (stream: LiveStream, publisher: UInt64)?
  private var deadline: Scheduled<Void>?
  private var bytesReceived: UInt64 = 0
  private var bytesAcknowledged: UInt64 = 0
  private var acknowledgeEvery = UInt64(PublishConversation.windowBytes)

  init(world: World, logger: Logger) {
    self.world = world
    self.logger = logger
    self.logger[metadataKey: "address"] = "\(world.remoteAddress)"
    handshake = Handshake(filling: world.handshakeFilling)
    decoder = ChunkDecoder(messageBytesMax: world.configuration.messageBytesMax)
    inflow = InflowMeter(
      bitrateMax: world.configuration.bitrateMax, messagesPerSecondMax: world.configuration.messagesPerSecondMax)
  }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let seconds = world.configuration.handshakeSeconds
    deadline = context.eventLoop.scheduleTask(in: .seconds(seconds)) {
      let (handler, context) = bound.value
      handler.close(context, reason: "nothing published within handshakeSeconds, \(seconds)")
    }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    var bytes = unwrapInboundIn(data)
    bytesReceived += UInt64(bytes.readableBytes)
    guard live != nil || bytesReceived <= Self.bytesBeforePublishMax else {
      return close(context, reason: "more than bytesBeforePublishMax, \(Self.bytesBeforePublishMax), before publishing")
    }
    if let limit = inflow.count(bytes: bytes.readableBytes, now: Self.now(context)) {
      return close(context, reason: limit)
    }
    if pending.readableBytes == 0 {
      pending = bytes
    } else {
      pending.writeBuffer(&bytes)
    }
    process(context)
    acknowledge(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave(reason: "the connection is gone")
    // An authorization that is still under way must find nobody here.
    isClosing = true
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close(context, reason: "\(error)")
  }

  // MARK: Bytes in

  private func process(_ context: ChannelHandlerContext) {
    do throws(ChunkFault) {
      while var handshake {
        let progress = try handshake.receive(&pending)
        self.handshake = progress == .done ? nil : handshake
        switch progress {
        case .needMore: return keepPending()
        case .send(let reply): context.write(wrapOutboundOut(reply), promise: nil)
        case .done: break
        }
      }
      while !isAuthorizing, !isClosing, let message = try decoder.next(from: &pending) {
        if let limit = inflow.count(messages: 1, now: Self.now(context)) { return close(context, reason: limit) }
        for action in conversation.received(message) { obey(action, context) }
      }
      if !isClosing { keepPending() }
    } catch {
      close(context, reason: error.description)
    }
  }

  private static func now(_ context: ChannelHandlerContext) -> Int64 {
    Int64(clamping: context.eventLoop.now.uptimeNanoseconds / 1_000_000)
  }

  /// What is left is the beginning of a header, or waits for the authorization while nothing more is read: a copy of it
  /// is small, and the buffer that was read is let go.
  private func keepPending() {
    guard pending.readableBytes > 0 else {
      pending = ByteBuffer()
      return
    }
    if pending.readerIndex > 0 { pending = ByteBuffer(buffer: pending) }
  }

  private func acknowledge(_ context: ChannelHandlerContext) {
    // §5.4.3: the sequence number is the number of bytes received so far; it wraps.
    guard !isClosing, handshake == nil, bytesReceived - bytesAcknowledged >= acknowledgeEvery / 2 else { return }
    bytesAcknowledged = bytesReceived
    send(.acknowledgement(UInt32(truncatingIfNeeded: bytesReceived)), context)
  }

  // MARK: Actions

  private func obey(_ action: PublishConversation.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .send(let message): send(message, context)
    case .authorize(let application, let streamKey, let encoder):
      authorize(
        PublishRequest(
          application: application, streamKey: streamKey, remoteAddress: world.remoteAddress, encoder: encoder), context
      )
    case .tag(let tag): live?.stream.receive(tag, from: live?.publisher ?? 0)
    case .dropped: live?.stream.droppedFrame(from: live?.publisher ?? 0)
    case .promised(let promise): live?.stream.promised(promise, from: live?.publisher ?? 0)
    case .acknowledgeEvery(let bytes): acknowledgeEvery = max(UInt64(bytes), 4096)
    case .close(let reason): close(context, reason: reason)
    }
  }

  private func send(_ message: RTMPMessage, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: message.payload.readableBytes + 32)
    ChunkWriter.write(message, to: &buffer)
    context.write(wrapOutboundOut(buffer), promise: nil)
  }

  private func authorize(_ request: PublishRequest, _ context: ChannelHandlerContext) {
    isAuthorizing = true
    // Nothing more is read, and so nothing queues, until it is known whether it may publish.
    setReading(false, context)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let admit = world.admit
    context.eventLoop.makeFutureWithTask { await admit(request) }.whenSuccess { admission in
      let (handler, context) = bound.value
      handler.decided(admission, request, context)
    }
  }

  private func decided(_ admission: Admission, _ request: PublishRequest, _ context: ChannelHandlerContext) {
    guard isAuthorizing, !isClosing else { return }
    isAuthorizing = false
    switch admission {
    case .admitted(let stream, let mediaTime, let number):
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let loop = context.eventLoop
      let publisher = stream.attach(
        encoder: request.encoder, mediaTimeMilliseconds: mediaTime, admission: number
      ) { reason in
        loop.execute {
          let (handler, context) = bound.value
          handler.close(context, reason: reason)
        }
      }
      guard let publisher else { return refuse(stream.refusal(admission: number), context) }
      deadline?.cancel()
      live = (stream, publisher)
      logger[metadataKey: "stream"] = "\(stream.id)"
      logger.info("A publisher is accepted", metadata: ["encoder": "\(request.encoder)"])
      for action in conversation.authorized() { obey(action, context) }
    case .refused(let reason):
      return refuse(reason, context)
    }
    setReading(true, context)
    process(context)
    context.flush()
  }

  private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
    logger.notice("A publisher is refused", metadata: ["reason": "\(reason)"])
    isRefused = true
    for action in conversation.refused(reason: reason) { obey(action, context) }
  }

  private func setReading(_ reads: Bool, _ context: ChannelHandlerContext) {
    try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
  }

  // MARK: The end

  /// Closes after everything written so far.
  private func close(_ context: ChannelHandlerContext, reason: String) {
    guard !isClosing else { return }
    leave(reason: reason)
    isClosing = true
    pending = ByteBuffer()
    // Closes once the answer is on its way; a peer that takes nothing is cut a second later.
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { [channel = context.channel] _ in
      channel.close(promise: nil)
    }
    context.eventLoop.scheduleTask(in: .seconds(1)) { [channel = context.channel] in channel.close(promise: nil) }
  }

  private func leave(reason: String) {
    deadline?.cancel()
    guard !isClosing else { return }
    guard let live else {
      // A refusal has its own line.
      if !isRefused { logger.info("A connection ends without a stream", metadata: ["reason": "\(reason)"]) }
      return
    }
    self.live = nil
    logger.info("A publisher is gone", metadata: ["reason": "\(reason)"])
    live.stream.detach(live.publisher)
  }
}
