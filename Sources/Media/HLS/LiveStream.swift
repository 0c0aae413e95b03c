internal import NIOCore
internal import Synchronization

/// One stream as its viewers see it: owner of the window, the waiters, the readers and the publisher.
///
/// A class around a lock, not an actor: a frame is packaged where it arrives and handed to its readers at once, without
/// a hop per frame and reader, and the studio reads `health()` without waiting. Nothing is resumed or called under the
/// lock.
public final class LiveStream: Sendable {
  public let id: String

  let configuration: MediaConfiguration
  let clock: MediaClock
  let names: Playlist.Names
  private let state: Mutex<LiveState>
  private let report: @Sendable (StreamNews) -> Void
  private let record: @Sendable (Segment, Int?) -> Void
  let fanout: Fanout
  private let ladder: Ladder?
  /// The one that was asked for last.
  let previewShelf = Mutex<LivePreview?>(nil)

  /// - Parameters:
  ///   - prefix: Random, part of every segment's address.
  ///   - mediaTimeMilliseconds: What the show's clock reads now.
  ///   - record: Is given every whole segment, with the side of its rung for one of a smaller picture, in order for each,
  ///     under the lock: it must only put it away.
  ///   - fanout: Is given every tag of the publisher's, in order, under the lock.
  ///   - ladder: Makes smaller pictures; nil makes none.
  init(
    id: String, configuration: MediaConfiguration, clock: MediaClock, prefix: String, mediaTimeMilliseconds: Int64,
    report: @escaping @Sendable (StreamNews) -> Void, record: @escaping @Sendable (Segment, Int?) -> Void = { _, _ in },
    fanout: Fanout = Fanout(), ladder: Ladder? = nil
  ) {
    self.id = id
    self.configuration = configuration
    self.clock = clock
    self.report = report
    self.record = record
    self.fanout = fanout
    self.ladder = ladder
    names = Playlist.Names(prefix: prefix)
    let now = clock.now
    state = Mutex(
      LiveState(configuration: configuration, names: names, now: now, mediaTimeMilliseconds: mediaTimeMilliseconds))
    ladder?.begin { [weak self] side, source, output in
      self?.made(output, rung: side, of: source) ?? false
    } lost: { [weak self] in
      self?.change { state, effects, now in state.makes([], now: now, &effects) }
    }
  }

  /// The newest frame's time on the show's clock.
  public func mediaTimeMilliseconds() -> Int64 { state.withLock { $0.mediaTimeMilliseconds } }

  /// How the stream fares, now.
  public func health() -> StreamHealth {
    let now = clock.now
    return state.withLock { $0.health(now: now) }
  }

  /// Says in the playlists that something happened in the show; says it anew when it was said before with the same id.
  /// The newest `MediaConfiguration.dateRangesMax` are kept, as long as they are within the playlist.
  public func mark(_ range: DateRange) {
    change { state, effects, now in state.mark(range, now: now, &effects) }
  }

  /// The newest picture that can be decoded by itself; nil when there was none lately.
  public func keyframe() -> Keyframe? { state.withLock { $0.keyframe } }

  func recentSegments() -> [Segment] {
    state.withLock { $0.recent(ticks: LivePreview.ticks, bytesMax: LivePreview.bytesMax) }
  }

  // MARK: The publisher

  /// Another publisher feeds the stream from now on; one that still does is cut.
  /// - Parameters:
  ///   - admission: From `MediaServer.admit(_:)`.
  ///   - cut: Closes the publisher's connection, giving the reason to the log. Called at most once or twice.
  /// - Returns: What the publisher shows with everything it gives; nil when it may not, see `refusal(admission:)`.
  func attach(
    encoder: String, mediaTimeMilliseconds: Int64, admission: UInt64 = .max, cut: @escaping @Sendable (String) -> Void
  ) -> UInt64? {
    change { state, effects, now in
      state.attach(
        encoder: encoder, mediaTime: mediaTimeMilliseconds, admission: admission, cut: cut, now: now, &effects)
    }
  }

  /// Why `attach` gave nothing.
  func refusal(admission: UInt64 = .max) -> String {
    let now = clock.now
    return state.withLock { $0.refusal(admission: admission, now: now) } ?? "the stream was taken for a moment"
  }

  /// Cuts the publisher and lets in nobody who was admitted before; viewers wait for the next, for the grace's length.
  func revoke(_ revocation: UInt64, reason: String) {
    change { state, effects, _ in state.revoke(revocation, reason: reason, &effects) }
  }

  func receive(_ tag: FLVTag, from publisher: UInt64) {
    change { state, effects, now in
      state.receive(tag, from: publisher, now: now, &effects)
      if state.isFed(by: publisher) { fanout.offer(tag) }
    }
  }

  func promised(_ promise: MediaPromise, from publisher: UInt64) {
    change { state, _, _ in state.promised(promise, from: publisher) }
  }

  /// A frame of the publisher's could not be read.
  func droppedFrame(from publisher: UInt64) {
    change { state, _, _ in state.droppedFrame(from: publisher) }
  }

  /// The publisher is gone; the grace begins. Nothing when another has taken over.
  func detach(_ publisher: UInt64) {
    change { state, effects, now in state.detach(publisher, now: now, &effects) }
    ladder?.pause()
  }

  /// The stream is over, now.
  func end(reason: String) {
    change { state, effects, now in state.end(reason: reason, now: now, &effects) }
    ladder?.pause()
  }

  /// The server stops: everyone is let go, and nothing is reported.
  func stop() {
    change { state, effects, now in state.stop(now: now, &effects) }
    ladder?.pause()
  }

  /// What time alone brings about: a stalled publisher, the end of the grace, requests held too long. Call often.
  /// - Returns: false when the stream has been over for so long that it can be forgotten.
  func tick() -> Bool {
    change { state, effects, now in state.tick(now: now, &effects) }
  }

  private func change<Result: Sendable>(
    _ body: (inout LiveState, inout LiveState.Effects, MediaClock.Reading) -> Result
  ) -> Result {
    let now = clock.now
    let (result, effects) = state.withLock { state in
      var effects = LiveState.Effects()
      let result = body(&state, &effects, now)
      for (segment, rung) in state.takeFinished() { record(segment, rung) }
      for fragment in state.takeForLadder() {
        guard let ladder, case .makes(let sides) = ladder.offer(fragment, now: now.steady) else { continue }
        state.makes(sides, now: now, &effects)
      }
      return (result, effects)
    }
    for (continuation, pieces) in effects.reads { continuation.resume(returning: pieces) }
    for (continuation, reply) in effects.replies { continuation.resume(returning: answer(reply)) }
    for (cut, reason) in effects.cuts { cut(reason) }
    for word in effects.news { report(word.news(of: id)) }
    return result
  }

  /// - Returns: false when it cannot be used.
  private func made(_ output: LadderJob.Output, rung side: Int, of source: Initialization) -> Bool {
    change { state, effects, now in
      switch output {
      case .configuration(let video): return state.configure(rung: side, video, within: source)
      case .picture(let picture):
        state.receive(picture, rung: side, now: now, &effects)
        return true
      }
    }
  }

  // MARK: Requests

  /// Answers a request for `path` below `/live/<stream>/`, for example `index.m3u8` or `stream`, with its decoded
  /// query. May wait, as LL-HLS asks; cancelling the task ends the wait.
  ///
  /// Playlists are answered whole and without an entity tag, because browsers that play HLS themselves ask for byte
  /// ranges of them; a shared cache may keep them for as long as RFC 8216bis appendix B.1 says. Segments, parts and
  /// initialization segments never change and may be kept for ever.
  ///
  /// - Parameter address: whom a limit counts when the request has to wait; empty counts nobody.
  public func answer(_ path: String, query: [String: String] = [:], from address: String = "") async -> MediaAnswer {
    let want: LiveState.Want
    switch LiveRequest(path, query: query, names: names) {
    case .want(let asked): want = asked
    case .malformed: return MediaAnswer.failure(400)
    case .unknown: return MediaAnswer.failure(404)
    }
    let now = clock.now
    if let reply = state.withLock({ $0.reply(to: want, now: now) }) { return answer(reply) }
    let ticket = state.withLock { $0.ticket() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let reply: LiveState.Reply? = state.withLock { state in
          if Task.isCancelled { return .failure(503) }
          return state.hold(want, from: address, ticket: ticket, continuation: continuation, now: now)
        }
        if let reply { continuation.resume(returning: answer(reply)) }
      }
    } onCancel: {
      state.withLock { $0.abandon(ticket) }?.resume(returning: MediaAnswer.failure(503))
    }
  }

  /// Answers as `answer(_:query:from:)` does when `path` names a segment, part or initialization segment that is there
  /// now, and at once; nil for all else.
  public func media(at path: String) -> MediaAnswer? {
    guard case .want(let want) = LiveRequest(path, query: [:], names: names) else { return nil }
    switch want {
    case .segment, .part, .initialization: break
    default: return nil
    }
    let now = clock.now
    guard let reply = state.withLock({ $0.reply(to: want, now: now) }), case .media = reply else { return nil }
    return answer(reply)
  }

  private func answer(_ reply: LiveState.Reply) -> MediaAnswer {
    switch reply {
    case .failure(let status): .failure(status)
    case .playlist(let text, let seconds): .playlist(text, seconds: seconds)
    case .media(let bytes, let rendition): .media(bytes, rendition)
    case .reader(let reader, let codecs):
      .stream(
        FragmentSubscription(
          stream: self,
          reader: FragmentReader(id: reader) { [weak self] id in self?.leave(id) }), codecs: codecs)
    }
  }

  /// What a reader has not had yet, waiting for it; nil at the end. Joined here, in the reader's own time.
  func next(for reader: FragmentReader) async -> ByteBuffer? { await pieces(for: reader)?.joined() }

  private func pieces(for reader: FragmentReader) async -> [ByteBuffer]? {
    let id = reader.id
    if let pieces = state.withLock({ $0.readers.take(id, from: $0.ring) }) { return pieces }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let pieces: [ByteBuffer]?? = state.withLock { state in
          if let pieces = state.readers.take(id, from: state.ring) { return .some(pieces) }
          if state.hasEnded || Task.isCancelled || !state.readers.wait(id, continuation) { return .some(nil) }
          return .none
        }
        if let pieces { continuation.resume(returning: pieces) }
      }
    } onCancel: {
      leave(id)
    }
  }

  private func leave(_ reader: UInt64) { state.withLock { $0.readers.leave(reader) }?.resume(returning: nil) }
}

extension MediaAnswer {
  /// Anyone may play a stream from anywhere: shows are public, and partners embed them.
  private static let open = ("access-control-allow-origin", "*")

  static func failure(_ status: Int) -> MediaAnswer {
    var headers = [("cache-control", "no-store"), open]
    if status == 503 || status == 429 { headers.append(("retry-after", "1")) }
    return MediaAnswer(status: status, headers: headers)
  }

  static func playlist(_ text: PlaylistText, seconds: Int64) -> MediaAnswer {
    MediaAnswer(
      status: 200,
      headers: [
        ("content-type", "application/vnd.apple.mpegurl"), ("cache-control", "public, max-age=\(seconds)"), open,
      ], body: .buffers([text.bytes]), playlist: text)
  }

  static func media(_ bytes: [ByteBuffer], _ rendition: Rendition) -> MediaAnswer {
    MediaAnswer(
      status: 200,
      headers: [
        ("content-type", rendition == .sound ? "audio/mp4" : "video/mp4"),
        ("cache-control", "public, max-age=3600, immutable"), open,
      ], body: .buffers(bytes))
  }

  static func stream(_ subscription: FragmentSubscription, codecs: String) -> MediaAnswer {
    MediaAnswer(
      status: 200,
      headers: [
        ("content-type", "video/mp4"), ("cache-control", "no-store"), open, ("haat-codecs", codecs),
        ("access-control-expose-headers", "haat-codecs"),
        // A proxy that collects the response before passing it on would turn live into late.
        ("x-accel-buffering", "no"),
      ],
      body: .endless(subscription))
  }
}

/// What only the tests of waiting need to see.
extension LiveStream {
  var heldRequests: Int { state.withLock { $0.heldRequests } }
  var waitingReaders: Int { state.withLock { $0.readers.waitingCount } }
  /// How often a reader was too slow and skipped to a keyframe.
  var skips: Int { state.withLock { $0.readers.skips } }
}

extension [ByteBuffer] {
  /// One buffer of them all; a single one is not copied.
  fileprivate func joined() -> ByteBuffer {
    if count == 1, let only = first { return only }
    var joined = ByteBufferAllocator().buffer(capacity: reduce(0) { $0 + $1.readableBytes })
    for piece in self { joined.writeImmutableBuffer(piece) }
    return joined
  }
}
