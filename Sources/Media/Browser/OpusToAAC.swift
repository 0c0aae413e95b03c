internal import NIOCore
internal import Synchronization

/// Turns a browser's Opus into AAC, which every HLS player takes, by one ffmpeg: packets go in as the fragments that
/// we write anyway, frames come out about 60 ms later. Should ffmpeg end, hang or fall behind, that is told, once.
final class OpusToAAC: Sendable {
  /// AAC-LC, 48 kHz, stereo: what `arguments` ask for.
  static let record: [UInt8] = [0x11, 0x90]
  /// Packets without an answer after which ffmpeg counts as hung: three seconds and more.
  private static let unansweredMax = 200
  private static let gapSamples: Int64 = 4_800

  private struct State {
    var reader = ADTSReader()
    var firstTimestamp: UInt32?
    var nextSample: Int64 = 0
    var sequence: UInt32 = 0
    var framesOut: Int64 = 0
    var unanswered = 0
    var isOver = false
  }

  private let opus: OpusConfiguration
  private let state = Mutex(State())
  private let job = Mutex<FFmpegJob?>(nil)
  private let deliver: @Sendable (AccessUnit) -> Void
  private let failed: @Sendable (String) -> Void

  /// - Parameters:
  ///   - deliver: is given AAC frames on the clock of the packets.
  ///   - failed: is told when nothing more will come; not after `finish()`.
  ///   - ended: is told when ffmpeg is gone, however that came.
  init(
    _ opus: OpusConfiguration, deliver: @escaping @Sendable (AccessUnit) -> Void,
    failed: @escaping @Sendable (String) -> Void, ended: @escaping @Sendable () -> Void
  ) {
    self.opus = opus
    self.deliver = deliver
    self.failed = failed
    let job = FFmpegJob(arguments: Self.arguments) { [weak self] in
      self?.received($0)
    } ended: { [weak self] status in
      ended()
      self?.fail("ffmpeg ended: \(status)")
    }
    _ = job.feed(Initialization(number: 1, video: nil, audio: .opus(opus)).bytes)
    self.job.withLock { $0 = job }
  }

  static let arguments = [
    "-hide_banner", "-loglevel", "error", "-nostdin", "-fflags", "+nobuffer", "-probesize", "32", "-analyzeduration",
    "0", "-f", "mp4", "-i", "pipe:0", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", "-af",
    // Holes in time become silence, so that counting frames tells their time.
    "aresample=async=1000", "-flush_packets", "1", "-f", "adts", "pipe:1",
  ]

  func feed(_ packet: AccessUnit) {
    let bytes: ByteBuffer? = state.withLock { state in
      guard !state.isOver, state.unanswered < Self.unansweredMax else { return nil }
      let first = state.firstTimestamp ?? packet.timestamp
      state.firstTimestamp = first
      let place = Int64(Int32(bitPattern: packet.timestamp &- first)) * 48
      if place - state.nextSample > Self.gapSamples { state.nextSample = place }
      let sample = Fragment.Sample(
        track: Initialization.audioTrack, decodeTime: UInt64(max(0, state.nextSample)),
        duration: UInt32(truncatingIfNeeded: opus.samplesPerFrame), compositionOffset: 0,
        flags: SampleFlags.independent, payload: packet.payload)
      state.nextSample += Int64(opus.samplesPerFrame)
      state.sequence &+= 1
      state.unanswered += 1
      return Fragment.bytes(sample, sequence: state.sequence, wallClock: nil)
    }
    guard let bytes, job.withLock({ $0 })?.feed(bytes) == true else { return fail("ffmpeg does not keep up") }
  }

  /// Nothing more comes.
  func finish() {
    state.withLock { $0.isOver = true }
    job.withLock { $0.take() }?.finish()
  }

  private func received(_ bytes: ByteBuffer) {
    let units: [AccessUnit]? = state.withLock { state in
      guard let frames = try? state.reader.received(bytes) else { return nil }
      guard !state.isOver, let first = state.firstTimestamp else { return [] }
      state.unanswered = 0
      return frames.compactMap { frame in
        defer { state.framesOut += 1 }
        // The first frame is the encoder's own lead-in of 1,024 samples.
        guard state.framesOut > 0 else { return nil }
        let milliseconds = (state.framesOut - 1) * 1024 / 48
        return AccessUnit(
          track: .audio, timestamp: first &+ UInt32(truncatingIfNeeded: milliseconds), compositionOffset: 0,
          isKey: true, payload: frame)
      }
    }
    guard let units else { return fail("ffmpeg wrote something that is no AAC") }
    for unit in units { deliver(unit) }
  }

  private func fail(_ reason: String) {
    let isFirst = state.withLock { state in
      defer { state.isOver = true }
      return !state.isOver
    }
    guard isFirst else { return }
    job.withLock { $0.take() }?.finish()
    failed(reason)
  }
}
