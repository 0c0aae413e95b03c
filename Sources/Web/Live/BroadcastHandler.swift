import Foundation
import Logging
import Media
import NIOCore
import NIOWebSocket

/// A browser's broadcast on its connection: whole messages to the `Broadcast`, its words back as text.
///
/// Stands before everything HTTP on the connection, which sees no byte any more and waits for its end.
final class BroadcastHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = ByteBuffer

  private static let tellEvery = TimeAmount.seconds(2)
  /// A browser answers a ping by itself; one that is gone without a word is found by it.
  private static let silenceMilliseconds: Int64 = 15_000

  private let terms: BroadcastTerms
  private let begin:
    (@escaping @Sendable (BroadcastWord) -> Void, @escaping @Sendable (BroadcastEnd) -> Void) -> Broadcast?
  private var broadcast: Broadcast?
  private var messages: WebSocketMessages
  private var isClosing = false
  private var lastHeard = NIODeadline.now()
  private let opened = NIODeadline.now()
  private var timer: RepeatedTask?

  /// - Parameter begin: gives the broadcast, or nil when there is no place for one more.
  init(
    terms: BroadcastTerms,
    begin:
      @escaping (@escaping @Sendable (BroadcastWord) -> Void, @escaping @Sendable (BroadcastEnd) -> Void) -> Broadcast?
  ) {
    self.terms = terms
    self.begin = begin
    messages = WebSocketMessages(bytesMax: Self.messageBytesMax(terms))
  }

  /// A frame with its head.
  static func messageBytesMax(_ terms: BroadcastTerms) -> Int { terms.frameBytesMax + 1_024 }

  func handlerAdded(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let loop = context.eventLoop
    broadcast = begin(
      { word in
        loop.execute {
          let (handler, context) = bound.value
          handler.say(word, context)
        }
      },
      { end in
        loop.execute {
          let (handler, context) = bound.value
          handler.close(context, end)
        }
      })
    timer = loop.scheduleRepeatedTask(initialDelay: Self.tellEvery, delay: Self.tellEvery) { _ in
      let (handler, context) = bound.value
      handler.ticked(context)
    }
    // Whoever reads for HTTP may have read all it wants.
    context.read()
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave(BroadcastEnd(.interrupted, "the connection is gone")) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastHeard = .now()
    guard !isClosing else { return }
    do throws(WebSocketMessages.Fault) {
      switch try messages.received(unwrapInboundIn(data)) {
      case .binary(let message): broadcast?.received(message)
      // Who does not read gets no answers: they would pile up here.
      case .ping(let payload):
        if context.channel.isWritable { write(.webSocketFrame(.pong, payload), context) }
      case .close:
        close(context, BroadcastEnd(.interrupted, "the browser closed the connection"), code: 1000)
      case .text: throw WebSocketMessages.Fault(code: 1003, sentence: "text, where only bytes are taken")
      case .pong, .nothing: break
      }
    } catch {
      close(context, BroadcastEnd(.refused, error.sentence), code: error.code)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave(BroadcastEnd(.interrupted, "the connection is gone"))
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOWebSocketError.invalidFrameLength:
      close(context, BroadcastEnd(.tooMuch, "a message of more than frameBytesMax bytes"), code: 1009)
    case is NIOWebSocketError: close(context, BroadcastEnd(.refused, "broken WebSocket frames"), code: 1002)
    default: context.close(promise: nil)
    }
  }

  // MARK: Time

  private func ticked(_ context: ChannelHandlerContext) {
    guard !isClosing else { return }
    let now = NIODeadline.now()
    let silence = (now - lastHeard).nanoseconds / 1_000_000
    if broadcast == nil {
      close(context, BroadcastEnd(.tooMuch, "as many browsers broadcast as may (broadcastsMax)"))
    } else if broadcast?.hasBegun == false, (now - opened).nanoseconds / 1_000_000_000 >= terms.handshakeSeconds {
      close(context, BroadcastEnd(.interrupted, "nothing was sent within handshakeSeconds, \(terms.handshakeSeconds)"))
    } else if silence > Self.silenceMilliseconds {
      close(context, BroadcastEnd(.interrupted, "nothing was heard for \(Self.silenceMilliseconds) ms"))
    } else if context.channel.isWritable {
      write(.webSocketFrame(.ping, ByteBuffer()), context)
      broadcast?.tell()
    }
  }

  // MARK: Words

  private func say(_ word: BroadcastWord, _ context: ChannelHandlerContext) {
    // A browser that does not read is told nothing more, instead of filling our memory.
    guard !isClosing, context.channel.isActive, context.channel.isWritable else { return }
    write(.webSocketFrame(.text, ByteBuffer(bytes: BroadcastText.text(word, terms))), context)
  }

  private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  private func close(_ context: ChannelHandlerContext, _ end: BroadcastEnd, code: UInt16? = nil) {
    guard !isClosing else { return }
    isClosing = true
    leave(end)
    guard context.channel.isActive else { return }
    write(.webSocketFrame(.text, ByteBuffer(bytes: BroadcastText.text(end))), context)
    write(.webSocketClose(code ?? end.kind.closeCode, end.kind.rawValue), context)
    // What it still sends is read and let go, so that our last words are not lost to a reset.
    context.eventLoop.scheduleTask(in: .milliseconds(500)) { [channel = context.channel] in
      channel.close(promise: nil)
    }
  }

  private func leave(_ end: BroadcastEnd) {
    timer?.cancel()
    broadcast?.leave(end)
    broadcast = nil
  }
}

extension BroadcastEnd.Kind {
  /// RFC 6455 §7.4; 4000 and up are ours (docs/broadcast.md).
  var closeCode: UInt16 {
    switch self {
    case .finished: 1000
    case .refused: 4001
    case .tooMuch: 4002
    case .takenOver: 4003
    case .ended: 4004
    case .stopping: 1012
    case .interrupted: 4005
    }
  }
}
