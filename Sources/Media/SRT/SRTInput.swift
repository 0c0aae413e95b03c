internal import Logging
internal import NIOCore
internal import Synchronization

/// One stream's SRT: an ffmpeg that listens until somebody sends, takes the transport stream apart, and hands us an FLV
/// file through a socket of its own; then another, which listens for the next. H.264 and AAC are passed on as they come,
/// other sound becomes AAC.
final class SRTInput: Sendable {
  /// Longer than an ffmpeg takes that cannot even listen.
  private static let goodMilliseconds: Int64 = 2_000
  private static let pauseMilliseconds: Int64 = 250
  private static let pauseMillisecondsMax: Int64 = 15_000
  /// Milliseconds that libsrt waits for what was lost: its own default, and enough for most of a continent.
  private static let latencyMilliseconds = 120

  private struct State {
    var report = SRTReport()
    var encodesSound = false
    var trouble: SRTTrouble?
  }

  let listening: SRTListening
  private let server: @Sendable () -> MediaServer?
  private let mediaTime: @Sendable (String) async -> Int64?
  private let logger: Logger
  private let state = Mutex(State())

  init(
    _ listening: SRTListening, server: @escaping @Sendable () -> MediaServer?,
    mediaTime: @escaping @Sendable (String) async -> Int64?, logger: Logger
  ) {
    self.listening = listening
    self.server = server
    self.mediaTime = mediaTime
    self.logger = logger
  }

  var report: SRTReport { state.withLock { $0.report } }

  /// Listens, again and again, until the task is cancelled.
  func run() async {
    var pause = Self.pauseMilliseconds
    logger.info("SRT is listened for", metadata: ["port": "\(listening.port)"])
    while !Task.isCancelled, let server = server() {
      let began = server.clock.now.steady
      let end = await listen(server)
      if Task.isCancelled { break }
      settle(end)
      // ffmpeg ends by a sender that it does not let in as well: nobody may keep the right one out for long by that.
      let isOurs = ![.failed, .portTaken].contains(report.trouble)
      let wasGood = isOurs || server.clock.now.steady - began > Self.goodMilliseconds
      pause = wasGood ? Self.pauseMilliseconds : min(2 * pause, Self.pauseMillisecondsMax)
      try? await Task.sleep(for: .milliseconds(pause))
    }
  }

  /// One ffmpeg, from its first breath to its last.
  /// - Returns: what it said at the end.
  private func listen(_ server: MediaServer) async -> String {
    let (ends, ended) = AsyncStream.makeStream(of: String.self)
    let job = Mutex<FFmpegJob?>(nil)
    let folder: SocketFolder
    do {
      folder = try await SocketFolder([
        Self.socket: { [self] channel in
          let handler = SRTReader(self, server) { job.withLock { $0 }?.finish() }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      ])
    } catch {
      return "\(error)"
    }
    state.withLock { state in
      state.report.state = .waiting
      state.trouble = nil
    }
    let arguments = Self.arguments(to: folder.address(Self.socket), encodesSound: state.withLock { $0.encodesSound })
    let started = FFmpegJob(arguments: arguments, output: { _ in }) { status in
      ended.yield(status)
      ended.finish()
    }
    job.withLock { $0 = started }
    // The passphrase goes in here, and not into the command line, which everybody on this machine can read.
    _ = started.feed(ByteBuffer(string: script))
    started.closeInput()
    let end = await withTaskCancellationHandler {
      await ends.first { _ in true } ?? "stopped"
    } onCancel: {
      started.finish()
    }
    // Of a cancelled task the stream is over before the program is.
    if Task.isCancelled { await started.end() }
    folder.close()
    return end
  }

  private static let socket = "flv"

  private var script: String {
    let host = server()?.configuration.srtHost ?? "0.0.0.0"
    let place = host.contains(":") ? "[\(host)]" : host
    return """
      ffconcat version 1.0
      file 'srt://\(place):\(listening.port)?mode=listener&passphrase=\(listening.passphrase)&pbkeylen=16\
      &latency=\(Self.latencyMilliseconds * 1_000)'

      """
  }

  static func arguments(to address: String, encodesSound: Bool) -> [String] {
    [
      "-hide_banner", "-loglevel", "error", "-f", "concat", "-safe", "0", "-protocol_whitelist", "pipe,srt,udp",
      "-probesize", "300000", "-analyzeduration", "1000000", "-i", "pipe:0", "-map", "0:v:0?", "-map", "0:a:0?", "-c:v",
      "copy",
    ] + (encodesSound ? ["-c:a", "aac", "-b:a", "160k", "-ar", "48000", "-ac", "2"] : ["-c:a", "copy"])
      + ["-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", address]
  }

  // MARK: What became of it

  private func settle(_ end: String) {
    let before = report
    let trouble: SRTTrouble? = state.withLock { state in
      defer { state.report.state = state.report.trouble == nil ? .waiting : .trouble }
      if let known = state.trouble {
        state.report.trouble = known
      } else if end.contains("BADSECRET") {
        state.report.trouble = .passphrase
      } else if end.contains("Address already in use") || end.contains("Input/output error") {
        state.report.trouble = .portTaken
      } else if end.contains("Could not write header") {
        // FLV has no place for one of the two. It is the sound, until that is encoded anew.
        state.report.trouble = state.encodesSound ? .picture : nil
        state.encodesSound = true
      } else if before.state == .waiting, end.contains("exited(0)") == false {
        state.report.trouble = .failed
      } else {
        state.report.trouble = nil
      }
      return state.report.trouble
    }
    if let trouble {
      // ffmpeg names what it could not open with all that belongs to it.
      let words = end.replacing(listening.passphrase, with: "…")
      logger.notice("SRT fails", metadata: ["why": "\(trouble.rawValue)", "ffmpeg": "\(words)"])
    }
  }

  /// The stream, and this as its publisher; nil when it may not be.
  fileprivate func attach(
    _ server: MediaServer, cut: @escaping @Sendable (String) -> Void
  ) async -> (stream: LiveStream, publisher: UInt64)? {
    let admission = server.admissionNumber
    guard let time = await mediaTime(listening.stream),
      let stream = server.stream(listening.stream, mediaTimeMilliseconds: time, unlessSince: admission)
    else { return refused("the show has ended, or keys changed just now") }
    let publisher = stream.attach(
      encoder: "SRT", mediaTimeMilliseconds: time, admission: admission, cut: cut)
    guard let publisher else { return refused(stream.refusal(admission: admission)) }
    state.withLock { $0.report = SRTReport(state: .live) }
    logger.info("A publisher is accepted", metadata: ["encoder": "SRT"])
    return (stream, publisher)
  }

  private func refused(_ reason: String) -> (stream: LiveStream, publisher: UInt64)? {
    state.withLock { $0.trouble = .refused }
    logger.notice("A publisher is refused", metadata: ["encoder": "SRT", "reason": "\(reason)"])
    return nil
  }

  /// Another encoder has taken over, a limit was met, or the stream is over.
  fileprivate func wasCut() { state.withLock { $0.trouble = .refused } }

  fileprivate func left(_ reason: String) {
    state.withLock { $0.report.state = .waiting }
    logger.info("A publisher is gone", metadata: ["encoder": "SRT", "reason": "\(reason)"])
  }

  /// Sound that FLV carries and we do not is encoded anew from the next time on.
  fileprivate func met(_ fault: any Error) -> String {
    state.withLock { state in
      if case .unsupported(let what)? = fault as? FLVFault {
        if what.hasPrefix("audio") { state.encodesSound = true } else { state.trouble = .picture }
      }
    }
    return "\(fault)"
  }
}

/// The FLV file of one sender, into the stream.
private final class SRTReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let input: SRTInput
  private let server: MediaServer
  private let stop: @Sendable () -> Void
  private var decoder: FLVFileDecoder
  private var live: (stream: LiveStream, publisher: UInt64)?
  /// What came before the stream was there.
  private var waiting: [FLVTag] = []
  private var isAttaching = false
  private var isGone = false

  init(_ input: SRTInput, _ server: MediaServer, stop: @escaping @Sendable () -> Void) {
    self.input = input
    self.server = server
    self.stop = stop
    decoder = FLVFileDecoder(tagBytesMax: server.configuration.messageBytesMax)
  }

  /// Once there is something to show; nothing more is read until the stream is there.
  private func attach(_ context: ChannelHandlerContext) {
    isAttaching = true
    try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let loop = context.eventLoop
    let (input, server) = (input, server)
    let cut: @Sendable (String) -> Void = { reason in
      input.wasCut()
      loop.execute {
        let (handler, context) = bound.value
        handler.close(context, reason)
      }
    }
    loop.makeFutureWithTask { await input.attach(server, cut: cut) }.whenSuccess { live in
      let (handler, context) = bound.value
      handler.attached(live, context)
    }
  }

  private func attached(_ live: (stream: LiveStream, publisher: UInt64)?, _ context: ChannelHandlerContext) {
    guard let live else { return close(context, "refused") }
    self.live = live
    guard !isGone else { return leave("the sender is gone") }
    if let promise = decoder.promise { live.stream.promised(promise, from: live.publisher) }
    for tag in waiting { live.stream.receive(tag, from: live.publisher) }
    waiting.removeAll()
    try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isGone else { return }
    do {
      let tags = try decoder.received(unwrapInboundIn(data)).filter { $0 != .nothing }
      if let live {
        for tag in tags { live.stream.receive(tag, from: live.publisher) }
      } else {
        waiting += tags
        if !waiting.isEmpty, !isAttaching { attach(context) }
      }
    } catch {
      close(context, input.met(error))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isGone = true
    leave("the sender is gone")
    context.fireChannelInactive()
  }

  private func close(_ context: ChannelHandlerContext, _ reason: String) {
    isGone = true
    leave(reason)
    context.close(promise: nil)
    stop()
  }

  private func leave(_ reason: String) {
    guard let live else { return }
    self.live = nil
    live.stream.detach(live.publisher)
    input.left(reason)
  }
}
