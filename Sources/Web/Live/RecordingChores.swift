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
      var told: Set<ID<Show>> = []
      var patience = Patience()
      repeat {
        await attempt("finishing recordings") {
          let underWay = try await commerce.recordingsUnderWay()
          told.formIntersection(underWay)
          for show in underWay {
            let name = show.description
            if media.stream(name) != nil { recordings.begin(name) }
            guard !told.contains(show), recordings.isRecording(name), let index = try await recordings.index(of: name)
            else { continue }
            try await commerce.recordingBegan(show, bytes: index.bytes)
            told.insert(show)
          }
          patience.pass()
          for (show, hasBytes) in try await commerce.recordingsToFinish(but: patience.resting) {
            // One that cannot be finished holds up no other.
            let isDone = await attempt("finishing recording \(show)") { try await finish(show, hasBytes, recordings) }
            if isDone { patience.forget(show) } else { patience.rest(show) }
          }
        }
        // Once in ten minutes is often enough for what is kept for days.
        if turn % 600 == 0 { await attempt("deleting old recordings") { try await tidy(recordings) } }
        turn += 1
      } while (try? await Task.sleep(for: .seconds(1))) != nil
    }
  }

  private func finish(_ show: ID<Show>, _ hasBytes: Bool, _ recordings: Recordings) async throws {
    // Whoever ended the show cuts its stream too, but may have been cut short itself.
    media.disconnect(show.description)
    let summary = try await recordings.finish(show.description, isExpected: hasBytes)
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

  @discardableResult
  private func attempt(_ what: String, _ work: () async throws -> Void) async -> Bool {
    do {
      try await work()
      return true
    } catch is CancellationError {
      return false
    } catch {
      logger.error("\(what) failed", metadata: ["error": "\(String(reflecting: error))"])
      return false
    }
  }

  /// What could not be finished is looked at again after 1 turn, 2, 4, at last every 60: a volume may be mounted any
  /// time, and until then neither the log nor the database should be filled with it.
  private struct Patience {
    private static let turnsMax = 60
    private static let countMax = 500
    private var waits: [ID<Show>: (length: Int, left: Int)] = [:]

    var resting: [ID<Show>] { waits.filter { $0.value.left > 0 }.map(\.key) }

    mutating func pass() {
      for (show, wait) in waits { waits[show]?.left = max(0, wait.left - 1) }
    }

    mutating func rest(_ show: ID<Show>) {
      guard let known = waits[show] else {
        if waits.count < Self.countMax { waits[show] = (1, 1) }
        return
      }
      let length = min(known.length * 2, Self.turnsMax)
      waits[show] = (length, length)
    }

    mutating func forget(_ show: ID<Show>) { waits[show] = nil }
  }
}
