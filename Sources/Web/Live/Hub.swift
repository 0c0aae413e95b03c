import NIOCore
import NIOHTTP1

/// The viewers of one event loop, room by room. Confined to that loop: nothing here is locked, and nothing waits.
///
/// What rooms publish within a tick is joined to one buffer, already framed as an HTTP chunk, and written once to every
/// viewer. A sweep over many viewers is cut into slices, so that other requests on the loop are not held up. A viewer
/// whose socket takes no more is passed over and later told to `reset`; nothing is queued for it.
final class Hub {
  /// A room's viewers on this loop.
  final class Crowd {
    let audience: Audience
    fileprivate(set) var viewers: ContiguousArray<Viewer> = []
    /// Events of the tick that is running, unframed.
    fileprivate(set) var pending = ByteBuffer()
    /// What is being written now.
    fileprivate var sweep: Sweep?
    fileprivate var lastWrite = NIODeadline.now()

    fileprivate init(_ audience: Audience) { self.audience = audience }
  }

  /// One tick's bytes on their way to the viewers that were there when it ended.
  fileprivate struct Sweep {
    let events: ByteBuffer
    let chunk: ByteBuffer
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
  func join(_ channel: any NIOCore.Channel, _ audience: Audience, greeting: ByteBuffer) throws {
    guard !isClosed else { throw ChannelError.ioOnClosedChannel }
    let pipeline = channel.pipeline.syncOperations
    let crowd = crowds[ObjectIdentifier(audience)] ?? Crowd(audience)
    crowds[ObjectIdentifier(audience)] = crowd
    let viewer = Viewer(crowd: crowd, from: crowd.pending.readableBytes)
    if let encoder = try? pipeline.handler(type: HTTPResponseEncoder.self) {
      // Before it: what is written here skips it and everything above, and still passes TLS below.
      try pipeline.addHandler(viewer, position: .before(encoder))
    } else {
      // There is nothing but the door it came in by.
      try pipeline.addHandler(viewer)
    }
    crowd.viewers.append(viewer)
    viewer.write(Chunk.framing(greeting))
  }

  /// Sends events, whole and unframed, to a room's viewers with the end of the tick.
  func publish(_ events: ByteBuffer, to audience: Audience) {
    guard let crowd = crowds[ObjectIdentifier(audience)] else { return }
    var events = events
    crowd.pending.writeBuffer(&events)
    armTick()
  }

  /// Keeps silent streams alive and forgets empty rooms. Called every second or so.
  func keepAlive(now: NIODeadline) {
    for (key, crowd) in crowds {
      if crowd.viewers.isEmpty, crowd.sweep == nil {
        crowds[key] = nil
      } else if now - crowd.lastWrite >= .seconds(limits.heartbeatSeconds), crowd.pending.readableBytes == 0 {
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
        viewer.finish(Chunk.framing(farewell, isLast: true))
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
    for crowd in crowds.values where crowd.pending.readableBytes > 0 {
      guard crowd.sweep == nil else {
        // The last tick is still being written: what came since goes with the next.
        armTick()
        continue
      }
      let events = crowd.pending
      crowd.pending = ByteBuffer()
      crowd.lastWrite = .now()
      crowd.sweep = Sweep(events: events, chunk: Chunk.framing(events), viewers: crowd.viewers.count)
      advance(crowd)
    }
  }

  private func advance(_ crowd: Crowd) {
    guard var sweep = crowd.sweep, !isClosed else { return }
    let end = min(sweep.cursor + Self.sliceViewers, sweep.viewers)
    while sweep.cursor < end {
      crowd.viewers[sweep.cursor].receive(sweep.events, framed: sweep.chunk, unreadSeconds: limits.unreadSeconds)
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
    if crowd.pending.readableBytes > 0 { armTick() }
  }
}

/// One connection that receives a room's events: the handler is the viewer.
final class Viewer: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  private static let reset = Chunk.framing(ByteBuffer(string: "event: reset\ndata: {}\n\n"))

  private let crowd: Hub.Crowd
  private var context: ChannelHandlerContext?
  /// How much of the tick's events were published before this viewer came: its greeting has them.
  private var from: Int
  /// Since when it has not been reading.
  private var unreadSince: NIODeadline?

  var isGone: Bool { context == nil }

  init(crowd: Hub.Crowd, from: Int) {
    self.crowd = crowd
    self.from = from
  }

  /// Writes a tick's events, or notes that they were missed.
  func receive(_ events: ByteBuffer, framed: ByteBuffer, unreadSeconds: Int64) {
    let start = from
    from = 0
    guard let context else { return }
    guard context.channel.isWritable else {
      let since = unreadSince ?? .now()
      unreadSince = since
      if .now() - since > .seconds(unreadSeconds) { context.close(promise: nil) }
      return
    }
    if unreadSince != nil {
      unreadSince = nil
      write(Self.reset)
    }
    guard start > 0 else { return write(framed) }
    guard let rest = events.getSlice(at: events.readerIndex + start, length: events.readableBytes - start),
      rest.readableBytes > 0
    else { return }
    write(Chunk.framing(rest))
  }

  func write(_ chunk: ByteBuffer) { context?.writeAndFlush(NIOAny(chunk), promise: nil) }

  func finish(_ chunk: ByteBuffer) {
    write(chunk)
    context?.close(promise: nil)
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

/// HTTP/1.1's chunked coding (RFC 9112 §7.1).
enum Chunk {
  static func framing(_ bytes: ByteBuffer, isLast: Bool = false) -> ByteBuffer {
    var chunk = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 16)
    chunk.writeString(String(bytes.readableBytes, radix: 16))
    chunk.writeStaticString("\r\n")
    chunk.writeImmutableBuffer(bytes)
    chunk.writeStaticString(isLast ? "\r\n0\r\n\r\n" : "\r\n")
    return chunk
  }
}
