internal import NIOCore
internal import NIOSSL

/// The connection to one target: obeys the `RelayConversation`, and writes what the feed has while the target takes it.
final class RelayHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What the connection needs of the world.
  struct World: Sendable {
    var feed: RelayFeed
    var configuration: MediaConfiguration
    var filling: [UInt8]
    /// The target takes the stream.
    var isLive: @Sendable () -> Void
    /// It does not, any more; nil when there was nothing to push. Called once.
    var hasEnded: @Sendable (RelayTrouble?) -> Void
  }

  /// What a target says is answers to commands; more than this at a time is something else.
  private static let messageBytesMax = 256 << 10
  private static let checkEvery = TimeAmount.milliseconds(500)

  private let world: World
  private var conversation: RelayConversation
  private var handshake: RelayHandshake? = RelayHandshake()
  private var decoder = ChunkDecoder(messageBytesMax: messageBytesMax)
  private var pending = ByteBuffer()
  private var streamID: UInt32?
  private var check: RepeatedTask?
  private var openedAt = NIODeadline.now()
  private var takenAt = NIODeadline.now()
  private var hasEnded = false

  init(_ target: RelayTarget, _ world: World) {
    self.world = world
    conversation = RelayConversation(target)
  }

  func channelActive(context: ChannelHandlerContext) {
    openedAt = .now()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    check = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.checkEvery, delay: Self.checkEvery) { _ in
      let (handler, context) = bound.value
      handler.look(context)
    }
    context.writeAndFlush(wrapOutboundOut(RelayHandshake.opening(filling: world.filling)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasEnded else { return }
    var bytes = unwrapInboundIn(data)
    pending.writeBuffer(&bytes)
    do throws(ChunkFault) {
      try read(context)
      pending.discardReadBytes()
    } catch {
      end(.notRTMP, context)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      takenAt = .now()
      drain(context)
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let isTLS = error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
    end(isTLS && streamID == nil ? .insecure : .closed, context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.closed, context)
    context.fireChannelInactive()
  }

  /// Says good-bye, and closes.
  func finish(_ context: ChannelHandlerContext) {
    if !hasEnded, streamID != nil { for message in conversation.closing() { write(message, context) } }
    end(nil, context)
  }

  private func read(_ context: ChannelHandlerContext) throws(ChunkFault) {
    while var current = handshake {
      let progress = try current.receive(&pending)
      handshake = current
      switch progress {
      case .needMore: return
      case .send(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
      case .done:
        handshake = nil
        for message in conversation.opening() { write(message, context) }
        context.flush()
      }
    }
    while !hasEnded, let message = try decoder.next(from: &pending) {
      for action in conversation.received(message) { obey(action, context) }
    }
    context.flush()
  }

  private func obey(_ action: RelayConversation.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .send(let message): write(message, context)
    case .fail(let trouble): end(trouble, context)
    case .publish(let stream):
      streamID = stream
      takenAt = .now()
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let loop = context.eventLoop
      world.feed.open {
        loop.execute {
          let (handler, context) = bound.value
          handler.drain(context)
        }
      }
      world.isLive()
    }
  }

  /// Writes while the target takes it. What it does not take stays in the feed, which is bounded.
  private func drain(_ context: ChannelHandlerContext) {
    guard let streamID, !hasEnded else { return }
    repeat {
      while context.channel.isWritable, var message = world.feed.next() {
        message.streamID = streamID
        write(message, context)
      }
      context.flush()
    } while !world.feed.sleep(evenIfFull: !context.channel.isWritable)
  }

  private func write(_ message: RTMPMessage, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: message.payload.readableBytes + 32)
    ChunkWriter.write(message, chunkSize: RelayConversation.chunkSize, to: &buffer)
    context.write(wrapOutboundOut(buffer), promise: nil)
  }

  /// What time alone brings about.
  private func look(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    if streamID == nil {
      if now - openedAt > .seconds(world.configuration.relayAnswerSeconds) { end(.noAnswer, context) }
    } else if !context.channel.isWritable {
      if now - takenAt > .seconds(world.configuration.relayStallSeconds) { end(.stalled, context) }
    } else if let silence = world.feed.silence, silence > world.configuration.graceSeconds * 1_000 {
      finish(context)
    }
  }

  private func end(_ trouble: RelayTrouble?, _ context: ChannelHandlerContext) {
    guard !hasEnded else { return }
    hasEnded = true
    check?.cancel()
    world.feed.close()
    world.hasEnded(trouble)
    context.flush()
    context.close(promise: nil)
  }
}
