internal import NIOCore
internal import Synchronization

/// One ffmpeg that makes all rungs of one run of a stream: fragments in by its standard input, and for each rung an FLV
/// file out by a socket of its own. FLV, because a picture comes whole and at once in it, in milliseconds, as the
/// stream's own pictures have them; decoded once for all rungs.
final class LadderJob: Sendable {
  enum Output: Sendable {
    case configuration(VideoConfiguration)
    case picture(RungPicture)
  }

  /// What was fed and may still come out, in order of presentation.
  private struct Fed {
    var pictures: [(time: Int64, end: Int64)] = []
    /// More than are ever on their way: then ffmpeg is given up anyway.
    static let countMax = 1_024

    mutating func add(time: Int64, duration: Int64) {
      let index = pictures.lastIndex { $0.time < time }.map { $0 + 1 } ?? 0
      pictures.insert((time, time + duration), at: index)
      if pictures.count > Self.countMax { pictures.removeFirst() }
    }

    /// The picture with a time modulo 2³¹ milliseconds; its end is the beginning of the next, where that is known.
    func find(milliseconds: UInt32) -> (time: Int64, duration: Int64)? {
      let ticks = Initialization.ticksPerSecond / 1000
      let index = pictures.lastIndex {
        UInt32(truncatingIfNeeded: $0.time / ticks) & 0x7fff_ffff == milliseconds & 0x7fff_ffff
      }
      guard let index else { return nil }
      let (time, end) = pictures[index]
      let next = index + 1 < pictures.count ? pictures[index + 1].time : end
      return (time, next - time)
    }
  }

  private enum Phase {
    case preparing([ByteBuffer])
    case running(FFmpegJob)
    case over
  }

  /// The stream and its viewers come first.
  private static let niceness = 10
  /// What is fed before ffmpeg runs: some milliseconds of it.
  private static let preparedMax = 512

  let source: Initialization
  let rungs: [LadderRung]
  private let tagBytesMax: Int
  private let deliver: @Sendable (LadderJob, Int, Output) -> Void
  private let ended: @Sendable (LadderJob, String) -> Void
  private let phase = Mutex(Phase.preparing([]))
  private let fed = Mutex(Fed())
  private let pictures = Mutex(0)

  /// - Parameters:
  ///   - deliver: is given what comes out, with the rung's side; in order for each rung.
  ///   - ended: is told once that nothing more will come, and why.
  init(
    _ rungs: [LadderRung], of source: Initialization, tagBytesMax: Int,
    deliver: @escaping @Sendable (LadderJob, Int, Output) -> Void,
    ended: @escaping @Sendable (LadderJob, String) -> Void
  ) {
    self.rungs = rungs
    self.source = source
    self.tagBytesMax = tagBytesMax
    self.deliver = deliver
    self.ended = ended
  }

  /// How many pictures have come out, of all rungs.
  var picturesOut: Int { pictures.withLock { $0 } }

  func start() { Task { await prepare() } }

  /// - Returns: false when ffmpeg is too far behind, or gone.
  func feed(_ fragment: Fragment) -> Bool {
    fed.withLock { $0.add(time: fragment.presentationTime, duration: fragment.duration) }
    return phase.withLock { phase in
      switch phase {
      case .preparing(var waiting):
        guard waiting.count < Self.preparedMax else { return false }
        waiting.append(fragment.bytes)
        phase = .preparing(waiting)
        return true
      case .running(let job): return job.feed(fragment.bytes)
      case .over: return false
      }
    }
  }

  /// Nothing more comes: what is on its way still comes out, then `ended` is told.
  func finish() {
    let job: FFmpegJob? = phase.withLock { phase in
      defer { phase = .over }
      if case .running(let job) = phase { return job }
      return nil
    }
    job?.finish()
  }

  private func prepare() async {
    do {
      let readers = rungs.map { rung in
        let read: @Sendable (any Channel) throws -> Void = { [weak self, tagBytesMax] channel in
          try channel.pipeline.syncOperations.addHandler(
            LadderReader(tagBytesMax: tagBytesMax) { [weak self] in self?.received($0, rung.side) })
        }
        return ("\(rung.side)", read)
      }
      let folder = try await SocketFolder(Dictionary(uniqueKeysWithValues: readers))
      let addresses = rungs.map { folder.address("\($0.side)") }
      let arguments = Self.arguments(rungs, of: source, to: addresses)
      begin(
        FFmpegJob(arguments: arguments, niceness: Self.niceness, output: { _ in }) { status in
          folder.close()
          self.over("ffmpeg ended: \(status)")
        })
    } catch {
      over("\(error)")
    }
  }

  private func begin(_ job: FFmpegJob) {
    _ = job.feed(Initialization(number: 1, video: source.video, audio: nil).bytes)
    let isWanted = phase.withLock { phase in
      guard case .preparing(let waiting) = phase else { return false }
      for bytes in waiting { _ = job.feed(bytes) }
      phase = .running(job)
      return true
    }
    if !isWanted { job.finish() }
  }

  private func over(_ reason: String) {
    phase.withLock { $0 = .over }
    ended(self, reason)
  }

  private func received(_ tag: FLVTag, _ side: Int) {

    switch tag {
    case .video(let configuration): deliver(self, side, .configuration(configuration))
    case .unit(let unit):
      guard let (time, duration) = fed.withLock({ $0.find(milliseconds: unit.timestamp) }) else { return }
      pictures.withLock { $0 += 1 }
      deliver(
        self, side,
        .picture(RungPicture(presentationTime: time, duration: duration, isKey: unit.isKey, payload: unit.payload)))
    case .audio, .nothing: break
    }
  }

  // MARK: ffmpeg

  static func arguments(_ rungs: [LadderRung], of source: Initialization, to addresses: [String]) -> [String] {
    let labels = rungs.indices.map { "[s\($0)]" }.joined()
    var filter = "[0:v]split=\(rungs.count)\(labels)"
    for (index, rung) in rungs.enumerated() {
      // Never larger than it is; the longer side follows, and both are even.
      let (width, height) = ("if(gt(iw,ih),-2,min(\(rung.side),iw))", "if(gt(iw,ih),min(\(rung.side),ih),-2)")
      filter += ";[s\(index)]scale=w='\(width)':h='\(height)',setsar=1,format=yuv420p[r\(index)]"
    }
    // Not with “nobuffer”: what was read to find out about the stream, its first key frame, would be left out.
    var arguments = [
      "-hide_banner", "-loglevel", "error", "-nostdin", "-flags", "low_delay", "-probesize", "32", "-analyzeduration",
      "1", "-copyts", "-threads", "1", "-f", "mp4", "-i", "pipe:0", "-filter_complex_threads", "1", "-filter_complex",
      filter,
    ]
    for (index, rung) in rungs.enumerated() {
      arguments += [
        // Each picture once, at its own time and not on a grid of equal frames.
        "-map", "[r\(index)]", "-an", "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-c:v", "libx264",
        "-threads", "1",
        "-preset", "veryfast", "-tune", "zerolatency", "-bf", "0",
        // Key frames where the stream has them, and nowhere else.
        "-force_key_frames", "source", "-forced-idr", "1", "-g", "100000", "-sc_threshold", "0",
        "-b:v", "\(rung.kilobits)k", "-maxrate", "\(rung.kilobits)k", "-bufsize", "\(rung.kilobits)k",
        "-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", addresses[index],
      ]
    }
    return arguments
  }
}

/// One rung's FLV file as it is written.
private final class LadderReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private var decoder: FLVFileDecoder
  private let take: (FLVTag) -> Void

  init(tagBytesMax: Int, take: @escaping (FLVTag) -> Void) {
    decoder = FLVFileDecoder(tagBytesMax: tagBytesMax)
    self.take = take
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {

      for tag in try decoder.received(unwrapInboundIn(data)) { take(tag) }
    } catch {
      context.close(promise: nil)
    }
  }
}
