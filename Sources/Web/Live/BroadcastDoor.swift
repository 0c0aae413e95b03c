import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore
import NIOWebSocket

/// `GET /api/v1/shows/{show}/broadcast`: lets a host's browser feed its show (docs/broadcast.md). All questions are
/// asked before the connection is turned into a WebSocket, so that a refusal is an answer like every other; without an
/// upgrade the answer is what would be allowed.
enum BroadcastDoor {
  static let protocolName = "haat.broadcast.1"
  private static let keyPrefix = "haat.key."

  static func answer(_ call: Call) async throws -> Response {
    let handshake = try WebSocketHandshake(call.request)
    let media = call.site.media
    let admission = media.admissionNumber
    let (show, member) = try await show(call, handshake)
    let terms = media.broadcastTerms
    guard let handshake else { return try Endpoint.json(BroadcastText.Terms(terms)) }
    guard handshake.protocols.contains(protocolName) else {
      throw Problem(.badRequest, "websocket_protocol", "Ask for the WebSocket protocol “\(protocolName)”.")
    }

    let now = call.commerce.clock.now
    let epoch = try await call.commerce.mediaEpoch(show.id, now: now)
    let request = BroadcastRequest(
      stream: show.id.description, mediaTimeMilliseconds: now.milliseconds(since: epoch), admission: admission,
      encoder: "Browser: " + browser(call.request.headers[.userAgent] ?? ""), remoteAddress: call.address,
      member: member?.description)
    let channel = call.context.channel
    let place = try call.site.streams.enter(call.address, channel)
    try await channel.eventLoop.submit {
      let handler = BroadcastHandler(terms: terms) { say, close in media.broadcast(request, say: say, close: close) }
      let decoder = WebSocketFrameDecoder(maxFrameSize: BroadcastHandler.messageBytesMax(terms))
      try channel.pipeline.syncOperations.addBeforeHTTP([ByteToMessageHandler(decoder), handler])
      try channel.syncOptions?.setOption(.socketOption(.tcp_nodelay), value: 1)
    }.get()
    var response = handshake.response(choosing: protocolName)
    // HTTP has nothing more to say, but must not think that it is done: it would close the connection as idle.
    response.body = ResponseBody { writer in
      defer { place.leave() }
      try? await channel.closeFuture.get()
      try await writer.finish(nil)
    }
    return response
  }

  /// By its stream key, or by who is signed in, who then is the member; a page of another site has neither.
  private static func show(
    _ call: Call, _ handshake: WebSocketHandshake?
  ) async throws -> (show: Show, member: ID<Account>?) {
    let id: ID<Show> = try call.id("show")
    if let key = handshake?.protocols.first(where: { $0.hasPrefix(keyPrefix) }) {
      guard let show = try await call.commerce.show(streamKey: String(key.dropFirst(keyPrefix.count))), show.id == id
      else { throw Problem(.forbidden, "stream_key_unknown", "This stream key does not open this show.") }
      return (show, nil)
    }
    guard WebSocketHandshake.isOurs(call.request, call.site.configuration) else { throw Problem.crossSite }
    return (try await call.commerce.showToBroadcast(id, by: call.caller), call.caller.account)
  }

  /// The part of a user agent that people know.
  private static func browser(_ agent: String) -> String {
    for (mark, name) in [("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Version/", "Safari")] {
      if let place = agent.firstRange(of: mark) {
        return "\(name) \(agent[place.upperBound...].prefix { $0.isNumber })"
      }
    }
    return "unknown"
  }
}
