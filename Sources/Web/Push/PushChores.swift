import Commerce
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Hands what is to be told in browsers to their push services.
struct PushChores: Service {
  private static let idleSeconds: Int64 = 2
  /// At once: a slow push service keeps back few others.
  private static let atOnce = 8

  private let commerce: Commerce
  private let screens: Screens
  private let post: PushPost
  private let contact: String
  private let pauses = PushPauses()
  private let metrics: WebMetrics
  private let logger: Logger

  init(_ site: Site) {
    commerce = site.commerce
    screens = site.screens
    post = PushPost(site.configuration.push)
    let url = site.configuration.publicURL
    contact = url.hasPrefix("https://") ? url : "mailto:\(site.mailWriter.address)"
    metrics = site.metrics
    logger = site.logger
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        var count = 0
        do { count = try await work() } catch {
          logger.error("Reminding in browsers failed", metadata: ["error": "\(String(reflecting: error))"])
        }
        if count == 0 { try? await Task.sleep(for: .seconds(Self.idleSeconds)) }
      }
    }
    await post.end()
  }

  /// Gives how many were due.
  private func work() async throws -> Int {
    let messages = try await commerce.takePushes(limit: 64)
    guard !messages.isEmpty else { return 0 }
    let key = try await commerce.pushKey()
    await withDiscardingTaskGroup { group in
      for worker in 0..<Self.atOnce {
        group.addTask {
          for place in stride(from: worker, to: messages.count, by: Self.atOnce) { await send(messages[place], key) }
        }
      }
    }
    return messages.count
  }

  private func send(_ message: PushMessage, _ key: PushKey) async {
    do {
      let origin = message.subscription.origin
      if let seconds = pauses.seconds(of: origin) {
        return try await commerce.pushFailed(message, "paused", after: seconds)
      }
      guard let words = screens.words(message.recipient.language) ?? screens.words("en") else { throw Problem.fault }
      let text = try PushText(message, at: commerce.clock.now, words).encoded
      let request = try commerce.request(for: message, text, by: key, contact: contact)
      let outcome = await post.send(request)
      metrics.push(outcome.word)
      // Who is where is nobody's to read in a log: neither the address nor what the push service said of it.
      logger.debug("A reminder in a browser", metadata: ["push": "\(message.id)", "outcome": "\(outcome.word)"])
      switch outcome {
      case .taken: try await commerce.pushSent(message)
      case .gone: try await commerce.pushGone(message)
      case .refused(let trouble): try await commerce.pushFailed(message, trouble, isFinal: true)
      case .deferred(let trouble, let seconds):
        if let seconds { pauses.begin(origin, seconds: seconds) }
        try await commerce.pushFailed(message, trouble, after: seconds)
      }
    } catch {
      logger.error(
        "A reminder in a browser failed", metadata: ["push": "\(message.id)", "error": "\(String(reflecting: error))"])
    }
  }
}

/// Push services that said when they want more: nothing goes to them before.
private final class PushPauses: Sendable {
  private static let hostsMax = 1_000
  private let until = Mutex<[String: ContinuousClock.Instant]>([:])

  func begin(_ origin: String, seconds: Int64) {
    until.withLock { until in
      if until.count >= Self.hostsMax { until = until.filter { $0.value > .now } }
      guard until.count < Self.hostsMax else { return }
      until[origin] = .now.advanced(by: .seconds(min(seconds, 3_600)))
    }
  }

  /// How long it lasts yet; nil when it does not.
  func seconds(of origin: String) -> Int64? {
    until.withLock { until in
      guard let end = until[origin] else { return nil }
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else {
        until[origin] = nil
        return nil
      }
      return left.components.seconds + 1
    }
  }
}

/// What a browser's service worker reads and shows, in its reader's language: `service-worker.js`.
struct PushText: Sendable, Encodable {
  let title: String
  /// With `{time}` where the browser writes `at`, in its own time zone.
  let body: String
  let at: String
  let url: String
  /// Of one show there is one notification at a time.
  let tag: String
  let lang: String

  init(_ message: PushMessage, at now: Moment, _ words: Words) {
    let show = message.show
    // What is longer no notification shows, and the whole has to stay below 3,993 bytes.
    func short(_ text: String, _ bytesMax: Int) -> String {
      var kept = text
      while kept.utf8.count > bytesMax { kept.removeLast() }
      return kept == text ? text : kept + "…"
    }
    let values = ["channel": short(show.channelName, 300), "time": "{time}"]
    title = short(show.title, 900)
    switch message.kind {
    case .soon:
      let minutes = max(1, (show.scheduledAt.milliseconds(since: now) + 30_000) / 60_000)
      body = words.plural("push.soon", minutes, values)
    case .live: body = words["push.live", values]
    case .moved: body = words["push.moved", values]
    case .calledOff: body = words["push.calledOff", values]
    }
    at = show.scheduledAt.description
    url = message.kind == .calledOff ? "/@\(show.channelHandle)" : "/watch/\(show.id)"
    tag = "show-\(show.id)"
    lang = words.language
  }

  var encoded: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }
}
