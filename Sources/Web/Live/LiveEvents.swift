import Commerce
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOWebSocket

/// The answer that is an event stream, or the same events as the messages of a WebSocket.
enum LiveEvents {
  /// What a WebSocket's client may ask to speak; one that asks for nothing gets it too.
  static let protocolName = "haat.events.1"
  /// What the kernel may hold for one viewer: a viewer that does not read is noticed after this, not after megabytes.
  private static let socketBufferBytes: SocketOptionValue = 32 * 1024

  static func response(to call: Call, in room: Room) async throws -> Response {
    let handshake = try WebSocketHandshake(call.request)
    if let handshake {
      guard WebSocketHandshake.isOurs(call.request, call.site.configuration) else { throw Problem.crossSite }
      guard handshake.protocols.isEmpty || handshake.protocols.contains(protocolName) else {
        throw Problem(
          .badRequest, "websocket_protocol", "Ask for the WebSocket protocol “\(protocolName)”, or for none.")
      }
    }
    let (channel, isMultiplexed) = (call.context.channel, call.context.isMultiplexed)
    let lastEventID = try call.request.headers[.lastEventID] ?? call.query("lastEventId")
    // Who runs the show is none of its viewers.
    let isMember = try await call.commerce.isMember(call.caller, ofChannelOf: room.show)
    let desk = try isMember && call.query("desk") == "1" ? call.caller.account : nil
    let place = try call.site.streams.enter(call.address, channel)
    let logger = call.context.logger
    let browser: ID<Viewer> = call.commerce.makeID()
    let who = isMember ? nil : call.viewer ?? "browser \(browser)"
    var response = Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"])
    if let handshake {
      try await EventsSocketHandler.add(to: channel)
      response = handshake.response(choosing: handshake.protocols.isEmpty ? nil : protocolName)
    } else if !isMultiplexed {
      response.headers[.connection] = "close"
    }
    if call.viewer == nil {
      response.headers.append(ViewerCookie.setting(browser, isSecure: call.site.configuration.secureCookies))
    }
    response.body = ResponseBody(contentLength: nil) { writer in
      // The place is given back when this ends.
      defer { place.leave() }
      let seat = who.map(room.presence.enter)
      defer { withExtendedLifetime(seat) {} }
      // The head goes out with the first bytes; from then on the hub writes.
      if handshake == nil { try await writer.write(ByteBuffer(string: ":\n\n")) }
      // HTTP/2 bounds each stream by itself, and its connection carries more than this one.
      if !isMultiplexed { try? await channel.setOption(.socketOption(.so_sndbuf), value: socketBufferBytes).get() }
      do {
        try await room.join(channel, as: who, desk: desk, lastEventID: lastEventID)
      } catch {
        logger.error("a viewer could not join", metadata: ["error": "\(String(reflecting: error))"])
        channel.close(promise: nil)
      }
      await withTaskCancellationHandler {
        try? await channel.closeFuture.get()
      } onCancel: {
        channel.close(promise: nil)
      }
    }
    return response
  }
}

/// Reads what a viewer sends over its WebSocket, which is nothing but what the protocol itself wants said: messages for
/// the room go by POST, as everybody's.
final class EventsSocketHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = ByteBuffer

  private static let messageBytesMax = 1_024

  private var messages = WebSocketMessages(bytesMax: messageBytesMax)
  private var isClosing = false

  static func add(to channel: any NIOCore.Channel) async throws {
    try await channel.eventLoop.submit {
      let decoder = WebSocketFrameDecoder(maxFrameSize: messageBytesMax)
      try channel.pipeline.syncOperations.addBeforeHTTP([ByteToMessageHandler(decoder), EventsSocketHandler()])
    }.get()
  }

  func handlerAdded(context: ChannelHandlerContext) {
    // Whoever reads for HTTP may have read all it wants.
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    do throws(WebSocketMessages.Fault) {
      switch try messages.received(unwrapInboundIn(data)) {
      // Who does not read gets no answers: they would pile up here.
      case .ping(let payload):
        if context.channel.isWritable { context.write(wrapOutboundOut(.webSocketFrame(.pong, payload)), promise: nil) }
      case .close: close(context, 1000, "")
      case .text, .binary:
        throw WebSocketMessages.Fault(code: 1003, sentence: "nothing is taken here: send messages by POST")
      case .pong, .nothing: break
      }
    } catch {
      close(context, error.code, error.sentence)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.read()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOWebSocketError.invalidFrameLength:
      close(context, 1009, "a message of more than \(Self.messageBytesMax) bytes")
    case is NIOWebSocketError: close(context, 1002, "broken WebSocket frames")
    default: context.close(promise: nil)
    }
  }

  private func close(_ context: ChannelHandlerContext, _ code: UInt16, _ sentence: String) {
    guard !isClosing else { return }
    isClosing = true
    context.writeAndFlush(wrapOutboundOut(.webSocketClose(code, sentence)), promise: nil)
    context.close(promise: nil)
  }
}
