import Commerce
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Stands where a connection comes in, and looks at what it asks for first. Who asks for a show's events becomes a viewer
/// on the spot, with nothing above the socket but the hub's own handler; whatever else it is goes on to HTTP as if nobody
/// had looked (docs/decisions/0042).
///
/// What it is not sure of it passes on, and so are refusals: a show that is not there, an address that has too many
/// streams open, a head that is larger than it should be. They are answered by the route of the same name.
final class EventsDoor: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private enum State {
    /// The head is not complete.
    case reading
    /// A room is being asked.
    case asking
    /// It is a viewer: what comes in is of no interest.
    case viewing
    case passing
  }

  /// What the router calls it.
  static let route = "/api/v1/shows/{show}/events"
  private static let headBytesMax = 8 * 1024
  /// What the kernel may hold for one viewer: a viewer that does not read is noticed after this, not after megabytes.
  private static let socketBufferBytes: SocketOptionValue = 32 * 1024

  private let site: Site
  /// Makes the connection one that speaks HTTP.
  private let becomeHTTP: () -> EventLoopFuture<HTTP1Channel.Value>
  /// Told once: what speaks HTTP, or nil for a viewer and for who has left.
  private let decided: EventLoopPromise<HTTP1Channel.Value?>
  private var held = ByteBuffer()
  private var state = State.reading
  private var patience: Scheduled<Void>?

  init(
    _ site: Site, decided: EventLoopPromise<HTTP1Channel.Value?>,
    becomeHTTP: @escaping () -> EventLoopFuture<HTTP1Channel.Value>
  ) {
    self.site = site
    self.decided = decided
    self.becomeHTTP = becomeHTTP
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    patience = context.eventLoop.scheduleTask(in: .seconds(site.configuration.limits.idleSeconds)) {
      channel.close(promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    switch state {
    case .passing: context.fireChannelRead(data)
    case .viewing: break
    case .reading:
      held.writeBuffer(&bytes)
      look(context)
    case .asking:
      // A browser waits for the answer. Who does not has more to say than this is for.
      held.writeBuffer(&bytes)
      if held.readableBytes > Self.headBytesMax { pass(context) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard state != .passing else { return context.fireErrorCaught(error) }
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch (state, event) {
    case (.reading, is ChannelShouldQuiesceEvent), (.reading, ChannelEvent.inputClosed),
      (.asking, ChannelEvent.inputClosed):
      context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  private func leave() {
    patience?.cancel()
    patience = nil
    held = ByteBuffer()
    if state == .reading || state == .asking { decided.succeed(nil) }
  }

  private func look(_ context: ChannelHandlerContext) {
    switch EventsRequest.read(held, trustsProxy: site.configuration.trustsProxy) {
    case .notOne: pass(context)
    case .incomplete: if held.readableBytes > Self.headBytesMax { pass(context) }
    case .asks(let request):
      state = .asking
      let since = ContinuousClock.now
      let bound = NIOLoopBound((door: self, context: context), eventLoop: context.eventLoop)
      let site = site
      context.eventLoop.makeFutureWithTask {
        _ = try await site.commerce.show(request.show)
        return try await site.rooms.room(request.show)
      }.whenComplete { result in
        let (door, context) = bound.value
        guard door.state == .asking, context.channel.isActive else { return }
        guard let room = try? result.get() else { return door.pass(context) }
        door.view(room, request, since, context)
      }
    }
  }

  /// The head goes out with the greeting's first bytes; from then on the hub writes.
  private func view(
    _ room: Room, _ request: EventsRequest, _ since: ContinuousClock.Instant, _ context: ChannelHandlerContext
  ) {
    let channel = context.channel
    let address =
      request.forwarded.map { ClientAddress.group($0) }
      ?? ClientAddress.group(channel.remoteAddress?.ipAddress ?? "unknown")
    guard let place = try? site.streams.enter(address, channel) else { return pass(context) }
    state = .viewing
    patience?.cancel()
    patience = nil
    held = ByteBuffer()
    decided.succeed(nil)
    // As the route does: a guest's browser is one viewer, however many tabs it has.
    let browser = request.viewer ?? site.commerce.makeID()
    let who = "browser \(browser)"
    let seat = room.presence.enter(who)
    channel.closeFuture.whenComplete { _ in
      place.leave()
      withExtendedLifetime(seat) {}
    }
    _ = channel.setOption(.socketOption(.so_sndbuf), value: Self.socketBufferBytes)
    context.writeAndFlush(NIOAny(head(newViewer: request.viewer == nil ? browser : nil)), promise: nil)
    site.metrics.answered("GET", Self.route, 200, in: .now - since)
    let (lastEventID, logger) = (request.lastEventID, site.logger)
    Task {
      do {
        try await room.join(channel, as: who, lastEventID: lastEventID)
      } catch {
        logger.error("a viewer could not join", metadata: ["error": "\(String(reflecting: error))"])
        channel.close(promise: nil)
      }
    }
  }

  private func head(newViewer: ID<Viewer>?) -> ByteBuffer {
    let isSecure = site.configuration.secureCookies
    let strict = isSecure ? "Strict-Transport-Security: max-age=31536000\r\n" : ""
    let cookie = newViewer.map { "Set-Cookie: \(ViewerCookie.setting($0, isSecure: isSecure).value)\r\n" } ?? ""
    return ByteBuffer(
      string: """
        HTTP/1.1 200 OK\r
        Content-Type: text/event-stream\r
        Cache-Control: no-store\r
        X-Accel-Buffering: no\r
        X-Content-Type-Options: nosniff\r
        X-Request-Id: \(RequestID().description)\r
        Connection: close\r
        Date: \(HTTPDate.now)\r
        \(strict)\(cookie)Transfer-Encoding: chunked\r
        \r
        3\r
        :\n\n\r

        """)
  }

  /// As if nobody had looked.
  private func pass(_ context: ChannelHandlerContext) {
    state = .passing
    patience?.cancel()
    patience = nil
    let bound = NIOLoopBound((door: self, context: context), eventLoop: context.eventLoop)
    becomeHTTP().hop(to: context.eventLoop).whenComplete { result in
      let (door, context) = bound.value
      switch result {
      case .success(let value):
        door.decided.succeed(value)
        let held = door.held
        door.held = ByteBuffer()
        context.fireChannelRead(NIOAny(held))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
      case .failure(let error):
        door.decided.fail(error)
        context.close(promise: nil)
      }
    }
  }
}

/// What asks for a show's events: `GET /api/v1/shows/{show}/events`, plain and complete, of a guest. Who is signed in may be
/// one who runs the show: that is for the route to find out.
struct EventsRequest: Sendable, Equatable {
  let show: ID<Show>
  let lastEventID: String?
  /// The browser that it came from, if it was here before.
  let viewer: ID<Viewer>?
  /// By whom a proxy in front says that it was asked; nil where none is trusted.
  let forwarded: String?

  enum Reading: Equatable {
    case asks(EventsRequest)
    case incomplete
    /// Something else, or not as plain as a browser's.
    case notOne
  }

  private static let start = Array("GET /api/v1/shows/".utf8)

  /// Never traps, whatever the bytes are.
  static func read(_ bytes: ByteBuffer, trustsProxy: Bool) -> Reading {
    let view = bytes.readableBytesView
    // Told apart by the first bytes: nobody else's request waits here for its end.
    guard view.prefix(start.count).elementsEqual(start.prefix(view.count)) else { return .notOne }
    guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return .incomplete }
    // A request that is followed by another is not a browser's for events.
    guard end.upperBound == view.endIndex else { return .notOne }
    let lines = String(decoding: view[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let first = lines[0].split(separator: " ", omittingEmptySubsequences: false)
    guard first.count == 3, first[2] == "HTTP/1.1" else { return .notOne }
    let parts = first[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].dropFirst(start.count - 4)
    guard path.hasSuffix("/events"), let show = ID<Show>(String(path.dropLast("/events".count))) else {
      return .notOne
    }
    var lastEventID: String?
    var viewer: ID<Viewer>?
    var isViewerNamed = false
    if parts.count == 2 {
      // The parameters that it has, as a client without the header, or without cookies, sends them.
      for part in parts[1].split(separator: "&", omittingEmptySubsequences: false) {
        let query = part.split(separator: "=", maxSplits: 1)
        guard query.count == 2, query[1].utf8.allSatisfy(isPlain) else { return .notOne }
        switch String(query[0]) {
        case "lastEventId": lastEventID = String(query[1])
        case ViewerCookie.parameter:
          guard let named = ID<Viewer>(String(query[1])) else { return .notOne }
          (viewer, isViewerNamed) = (named, true)
        default: return .notOne
        }
      }
    }
    var hosts = 0
    var forwarded: String?
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return .notOne }
      let value = line[line.index(after: colon)...].withoutBlanks
      switch line[..<colon].lowercased() {
      case "host": hosts += 1
      case "last-event-id": lastEventID = String(value)
      case "x-forwarded-for": forwarded = value.split(separator: ",").last.map { String($0.withoutBlanks) }
      case "cookie":
        for cookie in value.split(separator: ";") {
          let pair = cookie.withoutBlanks.split(separator: "=", maxSplits: 1)
          guard pair.count == 2 else { continue }
          if pair[0] == SessionCookie.name { return .notOne }
          if pair[0] == ViewerCookie.name, !isViewerNamed { viewer = ID(String(pair[1])) }
        }
      // A body, another protocol, or somebody with a key: not as plain as this is for.
      case "content-length", "transfer-encoding", "upgrade", "expect", "authorization": return .notOne
      default: break
      }
    }
    guard hosts == 1 else { return .notOne }
    return .asks(
      EventsRequest(
        show: show, lastEventID: lastEventID, viewer: viewer, forwarded: trustsProxy ? forwarded : nil))
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}
