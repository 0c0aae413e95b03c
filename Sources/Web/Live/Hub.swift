import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import NIOWebSocket

/// The viewers of one event loop, room by room. Confined to that loop: nothing here is locked, and nothing waits.
///
/// What rooms publish within a tick is joined to one buffer, wrapped once for each kind of connection (`Wrapping`), and
/// written once to every viewer. A sweep over many viewers is cut into slices, so that other requests on the loop are not held up. A viewer
/// whose socket takes no more is passed over and later told to `reset`; nothing is queued for it.
final class Hub {
  /// A room's viewers on this loop.
  final class Crowd {
    let audience: Audience
    fileprivate(set) var viewers: ContiguousArray<Viewer> = []
    /// Events of the tick that is running, unframed; empty while there are `parts`.
    private var pending = ByteBuffer()
    /// The same where not everybody gets the same: for each group of viewers, and then for those who get everything.
    private var parts: [ByteBuffer]?
    /// What is being written now.
    fileprivate var sweep: Sweep?
    fileprivate var lastWrite = NIODeadline.now()

    fileprivate init(_ audience: Audience) { self.audience = audience }

    fileprivate var isPending: Bool { parts != nil || pending.readableBytes > 0 }

    /// How much of the tick's events somebody who comes in now was told in their greeting.
    fileprivate func pendingBytes(of part: Int) -> Int { parts?[part].readableBytes ?? pending.readableBytes }

    fileprivate func append(_ events: ByteBuffer) {
      guard let count = parts?.count else {
        pending.writeImmutableBuffer(events)
        return
      }
      for part in 0..<count { parts?[part].writeImmutableBuffer(events) }
    }

    fileprivate func append(_ events: [ByteBuffer]) {
      var all = parts ?? Array(repeating: pending, count: events.count)
      for part in all.indices { all[part].writeImmutableBuffer(events[part]) }
      parts = all
      pending = ByteBuffer()
    }

    /// The tick's events, one for all or one for each part; there are none afterwards.
    fileprivate func take() -> [ByteBuffer] {
      defer { (pending, parts) = (ByteBuffer(), nil) }
      return parts ?? [pending]
    }
  }

  /// One tick's bytes on their way to the viewers that were there when it ended.
  fileprivate struct Sweep {
    /// One for all, or one for each part.
    var events: [WrappedEvents]
    let viewers: Int
    var cursor = 0
  }

  /// Viewers written to before others on the loop get their turn.
  private static let sliceViewers = 64
  private static let heartbeat = ByteBuffer(string: ":\n\n")

  private let loop: any EventLoop
  private let limits: WebLimits
  private var crowds: [ObjectIdentifier: Crowd] = [:]
  private var tickIsDue = false
  private var isClosed = false

  init(loop: any EventLoop, limits: WebLimits) {
    self.loop = loop
    self.limits = limits
  }

  /// Adds a viewer, which gets `greeting` at once and then everything that is published from now on.
  ///
  /// The response's head must have been written. Throws when the connection is gone.
  ///
  /// - Parameter part: which of `publish(_:to:)`'s parts it gets.
  func join(_ channel: any NIOCore.Channel, _ audience: Audience, part: Int, greeting: ByteBuffer) throws {
    guard !isClosed else { throw ChannelError.ioOnClosedChannel }
    let pipeline = channel.pipeline.syncOperations
    let crowd = crowds[ObjectIdentifier(audience)] ?? Crowd(audience)
    crowds[ObjectIdentifier(audience)] = crowd
    let from = crowd.pendingBytes(of: part)
    let viewer: Viewer
    if let encoder = try? pipeline.handler(type: HTTPResponseEncoder.self) {
      // Before it: what is written here skips it and everything above, and still passes TLS below.
      let isSocket = (try? pipeline.handler(type: EventsSocketHandler.self)) != nil
      viewer = Viewer(crowd: crowd, part: part, from: from, isSocket ? .message : .chunk)
      try pipeline.addHandler(viewer, position: .before(encoder))
    } else if let codec = try? pipeline.handler(type: HTTP2FramePayloadToHTTPServerCodec.self) {
      viewer = Viewer(crowd: crowd, part: part, from: from, .part)
      try pipeline.addHandler(viewer, position: .after(codec))
    } else {
      // There is nothing but the door it came in by.
      viewer = Viewer(crowd: crowd, part: part, from: from, .chunk)
      try pipeline.addHandler(viewer)
    }
    crowd.viewers.append(viewer)
    viewer.tell(greeting)
  }

  /// Sends events, whole and unframed, to a room's viewers with the end of the tick.
  func publish(_ events: ByteBuffer, to audience: Audience) {
    guard let crowd = crowds[ObjectIdentifier(audience)] else { return }
    crowd.append(events)
    armTick()
  }

  /// Sends each part to the viewers whose it is. Encoded once for all of a part, as what is for everybody is once for all.
  func publish(_ parts: [ByteBuffer], to audience: Audience) {
    guard let crowd = crowds[ObjectIdentifier(audience)] else { return }
    crowd.append(parts)
    armTick()
  }

  /// Keeps silent streams alive and forgets empty rooms. Called every second or so.
  func keepAlive(now: NIODeadline) {
    for (key, crowd) in crowds {
      if crowd.viewers.isEmpty, crowd.sweep == nil {
        crowds[key] = nil
      } else if now - crowd.lastWrite >= .seconds(limits.heartbeatSeconds), !crowd.isPending {
        publish(Self.heartbeat, to: crowd.audience)
      }
    }
  }

  /// Tells every viewer to come back in a while, and closes its connection.
  func close() {
    isClosed = true
    for crowd in crowds.values {
      for viewer in crowd.viewers {
        // Spread out, so that a new process does not meet all of them at once.
        let farewell = ByteBuffer(string: "retry: \(Int.random(in: 500...4_000))\n\n")
        viewer.finish(farewell)
      }
    }
    crowds = [:]
  }

  private func armTick() {
    guard !tickIsDue else { return }
    tickIsDue = true
    loop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: .milliseconds(limits.tickMilliseconds)) { self.tick() }
  }

  private func tick() {
    tickIsDue = false
    for crowd in crowds.values where crowd.isPending {
      guard crowd.sweep == nil else {
        // The last tick is still being written: what came since goes with the next.
        armTick()
        continue
      }
      let events = crowd.take()
      // Of what is for some alone the others heard nothing: they are to hear a heartbeat.
      if events.allSatisfy({ $0.readableBytes > 0 }) { crowd.lastWrite = .now() }
      crowd.sweep = Sweep(events: events.map { WrappedEvents($0) }, viewers: crowd.viewers.count)
      advance(crowd)
    }
  }

  private func advance(_ crowd: Crowd) {
    guard var sweep = crowd.sweep, !isClosed else { return }
    let end = min(sweep.cursor + Self.sliceViewers, sweep.viewers)
    while sweep.cursor < end {
      let viewer = crowd.viewers[sweep.cursor]
      let part = sweep.events.count == 1 ? 0 : viewer.part
      viewer.receive(&sweep.events[part], unreadSeconds: limits.unreadSeconds)
      sweep.cursor += 1
    }
    guard end == sweep.viewers else {
      crowd.sweep = sweep
      // `execute` would run before the sockets are looked at again; a task in the future lets them have their turn.
      loop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: .microseconds(20)) { self.advance(crowd) }
      return
    }
    crowd.sweep = nil
    crowd.viewers.removeAll { $0.isGone }
    if crowd.isPending { armTick() }
  }
}

/// One connection that receives a room's events: the handler is the viewer.
final class Viewer: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  private static let reset = ByteBuffer(string: "event: reset\ndata: {}\n\n")

  private let crowd: Hub.Crowd
  private let wrapping: Wrapping
  /// Which part of what is not for everybody it gets.
  let part: Int
  private var context: ChannelHandlerContext?
  /// How much of the tick's events were published before this viewer came: its greeting has them.
  private var from: Int
  /// Since when it has not been reading.
  private var unreadSince: NIODeadline?

  var isGone: Bool { context == nil }

  init(crowd: Hub.Crowd, part: Int, from: Int, _ wrapping: Wrapping) {
    self.crowd = crowd
    self.part = part
    self.from = from
    self.wrapping = wrapping
  }

  /// Writes a tick's events, or notes that they were missed.
  func receive(_ events: inout WrappedEvents, unreadSeconds: Int64) {
    let start = from
    from = 0
    // An empty chunk would end the stream.
    guard let context, events.plain.readableBytes > 0 else { return }
    guard context.channel.isWritable else {
      let since = unreadSince ?? .now()
      unreadSince = since
      if .now() - since > .seconds(unreadSeconds) { context.close(promise: nil) }
      return
    }
    if unreadSince != nil {
      unreadSince = nil
      tell(Self.reset)
    }
    guard start > 0 else { return write(events.bytes(as: wrapping)) }
    let plain = events.plain
    guard let rest = plain.getSlice(at: plain.readerIndex + start, length: plain.readableBytes - start),
      rest.readableBytes > 0
    else { return }
    tell(rest)
  }

  /// Writes events that are for this viewer alone.
  func tell(_ events: ByteBuffer) { write(wrapping.wrap(events)) }

  /// Writes its last events, and closes the connection.
  func finish(_ events: ByteBuffer) {
    tell(events)
    switch wrapping {
    case .chunk: write(ByteBuffer(string: "0\r\n\r\n"))
    case .message: write(.webSocketClose(1001, "the server stops"))
    case .part: context?.writeAndFlush(NIOAny(HTTPResponsePart.end(nil)), promise: nil)
    }
    context?.close(promise: nil)
  }

  private func write(_ bytes: ByteBuffer) {
    let data = wrapping == .part ? NIOAny(HTTPResponsePart.body(bytes)) : NIOAny(bytes)
    context?.writeAndFlush(data, promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  /// Half-closed connections are kept open for requests whose answer is under way; a viewer that has stopped sending has
  /// left.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  private func leave() {
    guard context != nil else { return }
    context = nil
    crowd.audience.add(-1)
  }
}

/// How events are put on a connection.
enum Wrapping {
  /// HTTP/1.1: as a chunk of its coding.
  case chunk
  /// WebSocket: as the text of a message.
  case message
  /// HTTP/2: as they are, for the codec below to frame.
  case part

  func wrap(_ events: ByteBuffer) -> ByteBuffer {
    switch self {
    case .chunk: Chunk.framing(events)
    case .message: .webSocketFrame(.text, events)
    case .part: events
    }
  }
}

/// One tick's events, wrapped once for each kind of connection that there is.
struct WrappedEvents {
  let plain: ByteBuffer
  private var chunk: ByteBuffer?
  private var message: ByteBuffer?

  init(_ events: ByteBuffer) { plain = events }

  mutating func bytes(as wrapping: Wrapping) -> ByteBuffer {
    switch wrapping {
    case .chunk: Self.made(&chunk, plain, wrapping)
    case .message: Self.made(&message, plain, wrapping)
    case .part: plain
    }
  }

  private static func made(_ kept: inout ByteBuffer?, _ events: ByteBuffer, _ wrapping: Wrapping) -> ByteBuffer {
    if let kept { return kept }
    let bytes = wrapping.wrap(events)
    kept = bytes
    return bytes
  }
}

/// HTTP/1.1's chunked coding (RFC 9112 §7.1).
enum Chunk {
  static func framing(_ bytes: ByteBuffer) -> ByteBuffer {
    var chunk = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 16)
    chunk.writeString(String(bytes.readableBytes, radix: 16))
    chunk.writeStaticString("\r\n")
    chunk.writeImmutableBuffer(bytes)
    chunk.writeStaticString("\r\n")
    return chunk
  }
}
