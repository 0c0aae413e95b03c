import Commerce
import Logging
import Media

/// Answers the media side's one question, and writes down what it tells.
struct StreamDesk: Sendable {
  let commerce: Commerce
  let recordings: Recordings
  let logger: Logger

  /// A key opens the show it was made for, on that show's own clock. The reason of a refusal never holds the key.
  func decide(_ request: PublishRequest) async -> PublishDecision {
    guard request.application == "live" else {
      return .refuse(reason: "the application is “\(request.application.prefix(40))”; the address ends in /live")
    }
    do {
      guard let show = try await commerce.show(streamKey: request.streamKey) else {
        return .refuse(reason: "unknown stream key, or one that was replaced, or its show has ended")
      }
      // An encoder that comes back, or comes after the show was started: from its first picture on.
      if show.state == .live {
        let isOnAir = try await recordings.begin("\(show.id)") { try await commerce.isRecordingUnderWay(show.id) }
        guard isOnAir else { return .refuse(reason: "its show has just ended") }
      }
      let now = commerce.clock.now
      let epoch = try await commerce.mediaEpoch(show.id, now: now)
      return .accept(stream: "\(show.id)", mediaTimeMilliseconds: now.milliseconds(since: epoch))
    } catch {
      logger.error("A stream key could not be looked up", metadata: ["error": "\(error)"])
      return .refuse(reason: "the database could not be asked")
    }
  }

  func heard(_ news: StreamNews) {
    switch news {
    case .started(let show): logger.notice("A stream has started", metadata: ["show": "\(show)"])
    case .interrupted(let show): logger.notice("A stream waits for its encoder", metadata: ["show": "\(show)"])
    case .resumed(let show): logger.notice("A stream goes on", metadata: ["show": "\(show)"])
    case .ended(let show): logger.notice("A stream has ended", metadata: ["show": "\(show)"])
    }
  }
}
