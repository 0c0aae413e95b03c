import Commerce
import Logging
import Media
import ServiceLifecycle

/// Makes the files of clips, one after the other, and takes away those of clips that were removed. Every step can be done
/// again, so that a crash between any two loses nothing.
struct ClipChores: Service {
  let commerce: Commerce
  let clips: Clips
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var turn = 0
      repeat {
        await attempt("making a clip") {
          for clip in try await commerce.clipsToMake() { try await make(clip) }
        }
        // Also what was removed just before a crash, or while it was being made.
        if turn % 600 == 0 { await attempt("deleting clips") { try await tidy() } }
        turn += 1
      } while (try? await Task.sleep(for: .seconds(1))) != nil
    }
  }

  private func make(_ clip: Clip) async throws {
    let name = clip.id.description
    do {
      let began = ContinuousClock.now
      let bytes = try await clips.make(
        name, of: clip.show.description, from: clip.fromMediaTime, until: clip.untilMediaTime)
      try await commerce.clipMade(
        clip.id, bytes: bytes, durationMilliseconds: clip.untilMediaTime - clip.fromMediaTime)
      logger.notice(
        "A clip is ready",
        metadata: [
          "clip": "\(name)", "milliseconds": "\(clip.untilMediaTime - clip.fromMediaTime)", "bytes": "\(bytes)",
          "took": "\(ContinuousClock.now - began)",
        ])
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      logger.warning(
        "A clip could not be made",
        metadata: ["clip": "\(name)", "reason": "\(String(describing: error).prefix(300))"])
      try await commerce.clipFailed(clip.id)
    }
  }

  private func tidy() async throws {
    let kept = try await clips.all()
    for start in stride(from: 0, to: kept.count, by: 500) {
      let names = kept[start..<min(start + 500, kept.count)]
      for clip in try await commerce.removedClips(among: names.compactMap { ID<Clip>($0) }) {
        try await clips.delete(clip.description)
      }
    }
  }

  private func attempt(_ what: String, _ work: () async throws -> Void) async {
    do {
      try await work()
    } catch is CancellationError {
    } catch {
      logger.error("\(what) failed", metadata: ["error": "\(String(reflecting: error))"])
    }
  }
}
