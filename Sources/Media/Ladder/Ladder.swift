internal import Logging
internal import Synchronization

/// Makes the smaller pictures of one stream, as long as it is on air and there is a place for one more.
///
/// Whatever becomes of ffmpeg, the stream does not wait for it: what it does not take is not made. One that ends, hangs
/// or falls behind is replaced at a later keyframe.
final class Ladder: Sendable {
  /// Steady milliseconds without a picture out of ffmpeg after which it counts as hung. It needs one to begin.
  private static let silenceMilliseconds: Int64 = 5_000
  private static let retryMilliseconds: Int64 = 1_000
  private static let retryMillisecondsMax: Int64 = 30_000
  /// A run of this length was good, and the next try may come soon.
  private static let goodMilliseconds: Int64 = 30_000

  /// What is to be done with the stream's own rungs after a fragment was offered.
  enum Change: Sendable {
    case none
    /// These sides are made from now on.
    case makes([Int])
  }

  private struct State {
    var job: LadderJob?
    var hasPlace = false
    var startedAt: Int64 = 0
    var retryAt = Int64.min
    var pause = Ladder.retryMilliseconds
    var seen = (pictures: 0, at: Int64(0))
    /// The run for which there is nothing to make, or no place.
    var skipped: Initialization?
  }

  private let rungs: [LadderRung]
  private let tagBytesMax: Int
  private let logger: Logger
  private let places: LadderPlaces
  private let state = Mutex(State())
  private let output = Mutex<(@Sendable (Int, Initialization, LadderJob.Output) -> Bool)?>(nil)
  private let lost = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ configuration: MediaConfiguration, places: LadderPlaces, logger: Logger) {
    rungs = configuration.ladder
    tagBytesMax = configuration.frameBytesMax
    self.places = places
    self.logger = logger
  }

  /// - Parameters:
  ///   - output: is given what was made, with the rung's side; says false when that cannot be used.
  ///   - lost: is told that nothing is made any more.
  func begin(
    output: @escaping @Sendable (Int, Initialization, LadderJob.Output) -> Bool, lost: @escaping @Sendable () -> Void
  ) {
    self.output.withLock { $0 = output }
    self.lost.withLock { $0 = lost }
  }

  /// One more picture of the stream's own; in order. Does not call back.
  func offer(_ fragment: Fragment, now: Int64) -> Change {
    state.withLock { state in
      if let job = state.job, job.source !== fragment.initialization {
        job.finish()
        state.job = nil
      }
      guard let job = state.job else { return start(at: fragment, now: now, &state) }
      let pictures = job.picturesOut
      if pictures > state.seen.pictures { state.seen = (pictures, now) }
      if now - state.startedAt > Self.goodMilliseconds { state.pause = Self.retryMilliseconds }
      let reason: String? =
        if now - state.seen.at > Self.silenceMilliseconds {
          "no picture for \(Self.silenceMilliseconds) ms"
        } else if !job.feed(fragment) {
          "it does not keep up"
        } else {
          nil
        }
      guard let reason else { return .none }
      giveUp(reason, now: now, &state)
      return .makes([])
    }
  }

  /// No more comes for now; what is on its way still comes out.
  func pause() {
    state.withLock { state in
      state.job?.finish()
      release(&state)
    }
  }

  private func release(_ state: inout State) {
    if state.hasPlace { places.leave() }
    state.hasPlace = false
  }

  private func start(at fragment: Fragment, now: Int64, _ state: inout State) -> Change {
    guard fragment.isKey, now >= state.retryAt, state.skipped !== fragment.initialization else { return .none }
    let made = Self.rungs(rungs, below: fragment.initialization.video)
    guard !made.isEmpty else {
      state.skipped = fragment.initialization
      release(&state)
      return .makes([])
    }
    guard state.hasPlace || places.take() else {
      logger.notice("No smaller pictures are made", metadata: ["limit": "laddersMax"])
      state.retryAt = now + Self.retryMillisecondsMax
      return .makes([])
    }
    state.hasPlace = true
    let job = LadderJob(made, of: fragment.initialization, tagBytesMax: tagBytesMax) { [weak self] job, side, output in
      self?.received(job, side, output)
    } ended: { [weak self] job, reason in
      self?.ended(job, reason)
    }
    state.job = job
    state.startedAt = now
    state.seen = (0, now)
    job.start()
    _ = job.feed(fragment)
    logger.info(
      "Smaller pictures are made", metadata: ["sides": "\(made.map(\.side).map(String.init).joined(separator: " "))"])
    return .makes(made.map(\.side))
  }

  private func giveUp(_ reason: String, now: Int64, _ state: inout State) {
    state.job?.finish()
    state.job = nil
    state.retryAt = now + state.pause
    state.pause = min(2 * state.pause, Self.retryMillisecondsMax)
    logger.warning("The smaller pictures are interrupted", metadata: ["reason": "\(reason)"])
  }

  private func received(_ job: LadderJob, _ side: Int, _ result: LadderJob.Output) {

    guard let output = output.withLock({ $0 }), !output(side, job.source, result) else { return }
    job.finish()
  }

  /// Of a job that is still the one: it was not asked to end.
  private func ended(_ job: LadderJob, _ reason: String) {
    let isCurrent = state.withLock { state in
      guard state.job === job else { return false }
      state.job = nil
      state.retryAt = state.seen.at + state.pause
      state.pause = min(2 * state.pause, Self.retryMillisecondsMax)
      return true
    }
    guard isCurrent else { return }
    logger.notice("The smaller pictures end", metadata: ["reason": "\(reason)"])
    lost.withLock { $0 }?()
  }

  /// The rungs that are smaller than the picture. Of a codec that not every browser plays, the same size is made too,
  /// at the rate of the rung above it or half as much again as the largest below.
  static func rungs(_ rungs: [LadderRung], below video: VideoConfiguration?) -> [LadderRung] {
    guard let video else { return [] }
    let side = min(video.size.width, video.size.height)
    let smaller = rungs.filter { $0.side < side }
    if case .avc = video { return smaller }
    guard !rungs.isEmpty, side <= sameSideMax else { return smaller }
    let above = rungs.last { $0.side >= side }?.kilobits
    let same = LadderRung(
      side: side - side % 2, kilobits: above ?? (smaller.first.map { $0.kilobits * 3 / 2 } ?? 2_500))
    return [same] + smaller.prefix(LadderRung.countMax - 1)
  }

  /// What is larger costs more than a processor to make in time.
  private static let sameSideMax = 1_080
}

/// How many streams have a ladder at once.
final class LadderPlaces: Sendable {
  private let taken = Mutex(0)
  private let countMax: Int

  init(countMax: Int) { self.countMax = countMax }

  func take() -> Bool {
    taken.withLock { taken in
      guard taken < countMax else { return false }
      taken += 1
      return true
    }
  }

  func leave() { taken.withLock { $0 -= 1 } }
}
