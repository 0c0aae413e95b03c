internal import Foundation
public import Logging
internal import NIOCore
internal import Synchronization

/// Makes posters of the streams of a `MediaServer` while they are live, out of keyframes that are there already.
///
/// A poster is an extra: a program that is missing, slow or broken costs nothing but the posters.
public final class Posters: Sendable {
  private struct Shelf {
    var poster: Poster?
    /// Steady milliseconds of the last attempt, and the keyframe it was about.
    var tried: Int64 = .min / 2
    var triedTime: Int64 = -1
    /// After a failure the next attempt waits longer and longer.
    var failures: Int64 = 0
  }

  /// How often it is looked for what there is to do.
  private static let tickMilliseconds = 500
  private static let failuresMax: Int64 = 6

  private let media: MediaServer
  private let configuration: PosterConfiguration
  private let logger: Logger
  private let clock = MediaClock.system
  private let shelves = Mutex<[String: Shelf]>([:])

  public init(media: MediaServer, configuration: PosterConfiguration, logger: Logger) {
    self.media = media
    self.configuration = configuration
    self.logger = logger
  }

  /// The newest poster of a stream; nil before its first, and when the stream is over.
  public func poster(of stream: String) -> Poster? { shelves.withLock { $0[stream]?.poster } }

  /// Works until its task is cancelled.
  public func run() async {
    guard configuration.everySeconds > 0 else { return }
    while (try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))) != nil { await makeDue() }
  }

  /// Makes every poster that is due, at most `PosterConfiguration.atOnceMax` at once.
  func makeDue() async {
    let due = takeDue()
    await withDiscardingTaskGroup { group in
      var rest = due[...]
      let lanes = min(max(1, configuration.atOnceMax), due.count)
      let size = lanes > 0 ? (due.count + lanes - 1) / lanes : 0
      while !rest.isEmpty {
        let lane = rest.prefix(size)
        rest = rest.dropFirst(size)
        group.addTask { [self] in for (stream, keyframe) in lane { await make(stream, keyframe) } }
      }
    }
  }

  private func takeDue() -> [(String, Keyframe)] {
    let now = clock.now.steady
    let live = media.streams().filter { $0.health().state != .ended }
    return shelves.withLock { shelves in
      let names = Set(live.map(\.id))
      shelves = shelves.filter { names.contains($0.key) }
      return live.compactMap { stream in
        var shelf = shelves[stream.id] ?? Shelf()
        let pause = configuration.everySeconds * 1000 << shelf.failures
        guard now - shelf.tried >= pause, let keyframe = stream.keyframe(),
          keyframe.mediaTimeMilliseconds != shelf.triedTime
        else { return nil }
        shelf.tried = now
        shelf.triedTime = keyframe.mediaTimeMilliseconds
        shelves[stream.id] = shelf
        return (stream.id, keyframe)
      }
    }
  }

  private func make(_ stream: String, _ keyframe: Keyframe) async {
    do {
      let poster = try await DrawPoster(configuration: configuration).draw(keyframe)
      shelves.withLock {
        $0[stream]?.poster = poster
        $0[stream]?.failures = 0
      }
    } catch is CancellationError {
    } catch {
      let failures = shelves.withLock { shelves -> Int64 in
        let failures = min((shelves[stream]?.failures ?? 0) + 1, Self.failuresMax)
        shelves[stream]?.failures = failures
        return failures
      }
      // Once and not every few seconds: nothing but a picture is missing.
      guard failures == 1 else { return }
      logger.warning(
        "No poster could be made",
        metadata: ["stream": "\(stream)", "reason": "\(String(describing: error).prefix(300))"])
    }
  }
}
