import Commerce
import Logging
import Media
import ServiceLifecycle

/// Keeps what is on disk in step with what the rules say: shows on air are recorded, the recording of one that has ended
/// becomes its replay, and one that was kept for long enough is deleted. Every step can be done again, so that a crash
/// between any two loses nothing.
struct RecordingChores: Service {
  let commerce: Commerce
  let media: MediaServer
  let logger: Logger

  func run() async throws {
    guard let recordings = media.recordings else { return try await gracefulShutdown() }
    await cancelWhenGracefulShutdown {
      var turn = 0
      repeat {
        await attempt("finishing recordings") {
          for show in try await commerce.recordingsUnderWay() where media.stream(show.description) != nil {
            recordings.begin(show.description)
          }
          for show in try await commerce.recordingsToFinish() {
            // One that cannot be finished holds up no other.
            await attempt("finishing recording \(show)") { try await finish(show, recordings) }
          }
        }
        // Once in ten minutes is often enough for what is kept for days.
        if turn % 600 == 0 { await attempt("deleting old recordings") { try await tidy(recordings) } }
        turn += 1
      } while (try? await Task.sleep(for: .seconds(1))) != nil
    }
  }

  private func finish(_ show: ID<Show>, _ recordings: Recordings) async throws {
    // Whoever ended the show cuts its stream too, but may have been cut short itself.
    media.disconnect(show.description)
    let summary = try await recordings.finish(show.description)
    try await commerce.recordingFinished(
      show,
      summary.map {
        RecordingFigures(
          startMediaTime: $0.startMilliseconds, endMediaTime: $0.endMilliseconds,
          durationMilliseconds: $0.durationMilliseconds, bytes: $0.bytes, lostMilliseconds: $0.lostMilliseconds)
      })
    logger.notice(
      "A recording is complete",
      metadata: [
        "show": "\(show)", "seconds": "\((summary?.durationMilliseconds ?? 0) / 1000)",
        "bytes": "\(summary?.bytes ?? 0)",
        "lost": "\(summary?.lostSegments ?? 0)",
      ])
  }

  private func tidy(_ recordings: Recordings) async throws {
    for show in try await commerce.expireRecordings() {
      logger.notice(
        "A recording was kept for as long as its channel wants, and is deleted", metadata: ["show": "\(show)"])
    }
    // Also what an owner deleted just before a crash. A directory that no row speaks of is left alone.
    for name in try await recordings.all() {
      guard let show = ID<Show>(name), try await commerce.recordingState(show) == .deleted else { continue }
      await attempt("deleting recording \(name)") { try await recordings.delete(name) }
    }
  }

  private func attempt(_ what: String, _ work: () async throws -> Void) async {
    do {
      try await work()
    } catch is CancellationError {
      return
    } catch {
      logger.error("\(what) failed", metadata: ["error": "\(String(reflecting: error))"])
    }
  }
}
