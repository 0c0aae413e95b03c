public import NIOCore
internal import Logging
internal import Synchronization

/// One browser that feeds a stream: obeys the `BroadcastConversation`. Made by `MediaServer.broadcast`; all of it is
/// called from one event loop.
public final class Broadcast: Sendable {
  private struct State {
    var conversation = BroadcastConversation()
    var live: (stream: LiveStream, publisher: UInt64)?
    var container: FFmpegJob?
    /// What the browser sends, where it is Opus that is to become AAC.
    var opus: OpusConfiguration?
    var converter: OpusToAAC?
    /// Counts what the sound was set up as: a converter that fails late says nothing of a newer set-up.
    var soundSetups = 0
    var isOver = false
  }

  private let server: MediaServer
  private let number: UInt64
  private let request: BroadcastRequest
  private let began: Int64
  private let say: @Sendable (BroadcastWord) -> Void
  private let close: @Sendable (BroadcastEnd) -> Void
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter number: what `MediaServer.broadcastLeft` is told.
  init(
    server: MediaServer, number: UInt64, request: BroadcastRequest, logger: Logger,
    say: @escaping @Sendable (BroadcastWord) -> Void,
    close: @escaping @Sendable (BroadcastEnd) -> Void
  ) {
    self.server = server
    self.number = number
    self.request = request
    self.say = say
    self.close = close
    began = server.clock.now.steady
    var logger = logger
    logger[metadataKey: "address"] = "\(request.remoteAddress)"
    logger[metadataKey: "stream"] = "\(request.stream)"
    self.logger = logger
  }

  /// What the show's clock reads now.
  private var mediaTimeMilliseconds: Int64 { request.mediaTimeMilliseconds + server.clock.now.steady - began }

  /// Whether it has begun to feed the stream.
  public var hasBegun: Bool { state.withLock { $0.live != nil || $0.container != nil } }

  /// One whole binary message.
  public func received(_ message: ByteBuffer) {
    let now = server.clock.now.steady
    let actions = state.withLock { $0.isOver ? [] : $0.conversation.received(message, now: now) }
    for action in actions { obey(action) }
  }

  /// Tells the browser how its stream fares.
  public func tell() {
    guard hasBegun, let health = server.stream(request.stream)?.health() else { return }
    say(.stats(health))
  }

  /// The connection is gone, or about to be; the grace begins if this was the publisher.
  public func leave(_ end: BroadcastEnd) {
    let left = state.withLock { state in
      let left = (
        wasHere: !state.isOver, live: state.live, container: state.container, converter: state.converter,
        hasIdlePlace: state.opus != nil && state.converter == nil
      )
      state.isOver = true
      state.live = nil
      state.container = nil
      state.converter = nil
      state.opus = nil
      return left
    }
    guard left.wasHere else { return }
    server.broadcastLeft(number)
    left.container?.finish()
    left.converter?.finish()
    if left.hasIdlePlace { server.transcoderLeft() }
    if let live = left.live { live.stream.detach(live.publisher) }
    logger.info("A browser's broadcast ends", metadata: ["reason": "\(end.kind.rawValue)", "why": "\(end.sentence)"])
  }

  private func obey(_ action: BroadcastConversation.Action) {
    switch action {
    case .attach: attach()
    case .tag(.audio(.opus(let opus))): configure(opus)
    case .tag(.unit(let unit)) where unit.track == .audio: receive(sound: unit)
    case .tag(let tag): feed { $0.receive(tag, from: $1) }
    case .promised(let video, let audio):
      var promise = MediaPromise(.null)
      promise.video = video
      promise.audio = audio
      feed { [promise] in $0.promised(promise, from: $1) }
    case .dropped: feed { $0.droppedFrame(from: $1) }
    case .keyPlease: say(.keyPlease)
    case .open(let type): open(type)
    case .piece(let piece):
      guard let container = state.withLock({ $0.container }) else { return }
      if !container.feed(piece) {
        close(BroadcastEnd(.tooMuch, "ffmpeg is more than \(FFmpegJob.inputBytesMax) bytes behind"))
      }
    case .close(let end): close(end)
    }
  }

  private func feed(_ body: (LiveStream, UInt64) -> Void) {
    if let live = state.withLock({ $0.live }) { body(live.stream, live.publisher) }
  }

  // MARK: Opus

  /// Opus becomes AAC if there is a place for an ffmpeg; else it is passed on as it is.
  private func configure(_ opus: OpusConfiguration) {
    let hasPlace = state.withLock { $0.opus != nil && $0.converter == nil } || server.takeTranscoder()
    guard hasPlace, let aac = try? AACConfiguration(record: OpusToAAC.record) else {
      return feed { $0.receive(.audio(.opus(opus)), from: $1) }
    }
    // The ffmpeg begins with the first packet, which may yet say that packets have another length.
    let before = state.withLock { state in
      defer { state.converter = nil }
      state.opus = opus
      state.soundSetups += 1
      return state.converter
    }
    before?.finish()
    feed { $0.receive(.audio(.aac(aac)), from: $1) }
  }

  private func receive(sound unit: AccessUnit) {
    let (live, opus, known, setup) = state.withLock { ($0.live, $0.opus, $0.converter, $0.soundSetups) }
    guard let live else { return }
    guard let opus else { return live.stream.receive(.unit(unit), from: live.publisher) }
    if let known { return known.feed(unit) }
    let converter = OpusToAAC(opus) { aac in
      live.stream.receive(.unit(aac), from: live.publisher)
    } failed: { [weak self] reason in
      self?.goOnWithOpus(opus, setup, live.stream, live.publisher, reason)
    } ended: { [server] in
      server.transcoderLeft()
    }
    state.withLock { $0.converter = converter }
    converter.feed(unit)
  }

  /// The show goes on with the sound as it comes: most players take it.
  private func goOnWithOpus(
    _ opus: OpusConfiguration, _ setup: Int, _ stream: LiveStream, _ publisher: UInt64, _ reason: String
  ) {
    let isNewest = state.withLock { state in
      guard state.soundSetups == setup else { return false }
      state.opus = nil
      state.converter = nil
      return true
    }
    guard isNewest else { return }
    logger.warning("A browser's sound stays Opus, which some HLS players cannot play", metadata: ["why": "\(reason)"])
    stream.receive(.audio(.opus(opus)), from: publisher)
    say(.keyPlease)
  }

  // MARK: Beginning

  private func attach() {
    let time = mediaTimeMilliseconds
    let admission = request.admission
    guard let stream = server.stream(request.stream, mediaTimeMilliseconds: time, unlessSince: admission) else {
      return close(BroadcastEnd(.interrupted, "a key was replaced meanwhile; it has to be let in anew"))
    }
    let publisher = stream.attach(
      encoder: request.encoder, mediaTimeMilliseconds: time, admission: admission
    ) { [close] reason in
      close(BroadcastEnd(cut: reason))
    }
    guard let publisher else { return close(BroadcastEnd(.interrupted, stream.refusal(admission: admission))) }
    state.withLock { $0.live = (stream, publisher) }
    logger.info("A browser's broadcast is accepted", metadata: ["encoder": "\(request.encoder)"])
    say(.accepted)
  }

  /// A recorded container goes through ffmpeg, which publishes here as any encoder does.
  private func open(_ type: String) {
    let isH264 = type.contains("h264") || type.contains("avc1")
    guard
      let (address, key) = server.innerAddress(
        for: request.stream, mediaTime: { [self] in mediaTimeMilliseconds })
    else {
      return close(BroadcastEnd(.tooMuch, "there is no free place for another ffmpeg (transcodersMax)"))
    }
    // Its key is forgotten by whatever revokes from here on.
    guard !server.isRevoked(request.stream, since: request.admission) else {
      server.transcoderLeft(key: key)
      return close(BroadcastEnd(.interrupted, "a key was replaced meanwhile; it has to be let in anew"))
    }
    let job = FFmpegJob(
      arguments: Self.arguments(to: address, isWebM: type.hasPrefix("video/webm"), copiesPicture: isH264)
    ) { _ in
    } ended: { [close, server] status in
      server.transcoderLeft(key: key)
      close(BroadcastEnd(.interrupted, "ffmpeg ended: \(status)"))
    }
    state.withLock { $0.container = job }
    logger.info("A browser's recording is accepted", metadata: ["type": "\(type)", "encoder": "\(request.encoder)"])
    say(.accepted)
  }

  /// H.264 is passed on as it is; anything else is encoded, and sound becomes AAC.
  static func arguments(to address: String, isWebM: Bool, copiesPicture: Bool) -> [String] {
    let picture =
      copiesPicture
      ? ["-c:v", "copy"]
      : [
        "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "main", "-pix_fmt", "yuv420p",
        "-g", "60", "-b:v", "2500k", "-maxrate", "3000k", "-bufsize", "3000k", "-threads", "2",
      ]
    return [
      "-hide_banner", "-loglevel", "error", "-nostdin", "-fflags", "+nobuffer+genpts", "-probesize", "500000",
      "-analyzeduration", "1000000", "-protocol_whitelist", "pipe", "-f", isWebM ? "matroska" : "mp4", "-threads", "2",
      "-max_pixels", "8847360", "-i", "pipe:0", "-map", "0:v:0?", "-map", "0:a:0?",
    ] + picture + [
      "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-af", "aresample=async=1000", "-flush_packets", "1", "-f", "flv",
      address,
    ]
  }
}

extension BroadcastEnd {
  /// A stream cuts its publisher with a sentence for the log.
  init(cut reason: String) {
    switch reason {
    case LiveState.takenOver: self.init(.takenOver, reason)
    case LiveState.serverStops: self.init(.stopping, reason)
    case MediaServer.streamEnded: self.init(.ended, reason)
    default: self.init(reason.contains(" over ") ? .tooMuch : .interrupted, reason)
    }
  }
}
