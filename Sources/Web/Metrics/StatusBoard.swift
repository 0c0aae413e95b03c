import Commerce
import Foundation
import Logging
import Media
import ServiceLifecycle

/// What this process has done in the minute that is running, from what is counted anyway (docs/decisions/0060), and how
/// the disks and the payment providers stood when somebody last looked.
actor StatusBoard {
  /// What is looked at seldom.
  struct Surroundings: Sendable {
    var room: RecordingRoom?
    var engine = ""
    var databaseBytes: Int64 = 0
    var measured: Moment?
    var providers: [ProviderAnswer] = []
    var asked: Moment?
  }

  nonisolated let process: ID<ServerProcess>
  nonisolated let started: Moment
  private let commerce: Commerce
  /// All that was counted when it was last looked at.
  private var last = StatusFigures()
  private var minute: Int64
  private var figures = StatusFigures()
  private var surroundings = Surroundings()
  private var isLooking = false

  /// What is older than this is looked at again when somebody asks.
  private static let freshSeconds: Int64 = 60

  init(commerce: Commerce) {
    self.commerce = commerce
    process = commerce.makeID()
    started = commerce.clock.now
    minute = started.milliseconds / 60_000
  }

  /// Takes what was counted since the last time into the running minute. Gives the minute before, once it is over.
  func look(at site: Site) async throws -> StatusMinute? {
    let viewers = await site.rooms.viewers
    let queues = try await commerce.queueLengths()
    // From here on nothing waits: what is read later is not noted earlier.
    var all = site.metrics.counted()
    all.streams = Int64(site.media.streams().count)
    all.viewers = Int64(viewers)
    all.mailsWaiting = queues.mails
    all.pushesWaiting = queues.pushes
    all.webhooksWaiting = queues.webhooks
    let store = commerce.figures
    all.databaseWrites = Int64(store.writes)
    all.databaseCommits = Int64(store.commits)
    all.databaseQueued = Int64(store.queued)
    all.paymentTroubles = commerce.troubles.counts.values.reduce(0) { $0 + Int64($1) }
    return note(all, at: commerce.clock.now)
  }

  /// - Parameter all: counts since the process began.
  func note(_ all: StatusFigures, at now: Moment) -> StatusMinute? {
    let running = now.milliseconds / 60_000
    let finished = running == minute ? nil : current
    if finished != nil {
      minute = running
      figures = StatusFigures()
    }
    figures.follow(all.since(last))
    last = all
    return finished
  }

  /// The minute that is running.
  var current: StatusMinute { StatusMinute(minute: minute, process: process, started: started, figures: figures) }

  /// How it was when somebody last looked; looks again meanwhile when that is a minute ago.
  func around(_ site: Site) -> Surroundings {
    let now = commerce.clock.now
    let isFresh = surroundings.asked.map { now.milliseconds(since: $0) < Self.freshSeconds * 1000 } ?? false
    if !isFresh, !isLooking {
      isLooking = true
      Task { await lookAround(site) }
    }
    return surroundings
  }

  private func lookAround(_ site: Site) async {
    var found = Surroundings()
    found.room = try? await site.media.recordings?.room()
    if let size = try? await commerce.databaseSize() { (found.engine, found.databaseBytes) = size }
    found.measured = commerce.clock.now
    found.providers = await commerce.askProviders()
    found.asked = commerce.clock.now
    surroundings = found
    isLooking = false
  }
}

/// Keeps each minute of this process, so that the charts go on after a restart.
struct StatusChores: Service {
  let site: Site

  private static let period = Duration.seconds(5)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat { await keep() } while (try? await Task.sleep(for: Self.period)) != nil
    }
    // Nobody's cancellation: what was done since the minute began.
    await Task {
      await keep()
      await keep(site.status.current)
    }.value
  }

  private func keep() async {
    do {
      if let finished = try await site.status.look(at: site) { await keep(finished) }
    } catch is CancellationError {
    } catch {
      site.logger.error("how the system does was not looked at", metadata: ["error": "\(String(reflecting: error))"])
    }
  }

  private func keep(_ minute: StatusMinute) async {
    do {
      try await site.commerce.keepStatus(minute)
    } catch is CancellationError {
    } catch {
      site.logger.error("a minute of the status was not kept", metadata: ["error": "\(String(reflecting: error))"])
    }
  }
}

/// What the operating system says of this process.
enum Machine {
  /// Bytes of memory that are there for it alone or with others; nil where the system does not say.
  static func memoryBytes() -> Int64? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
    return pages.map { $0 &* Int64(sysconf(Int32(_SC_PAGESIZE))) }
  }

  /// The load of the machine in the last minute, as a hundredth of a processor; nil where the system does not say.
  static func loadHundredths() -> Int64? {
    guard let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8),
      let load = text.split(separator: " ").first.flatMap({ Double($0) })
    else { return nil }
    return Int64((load * 100).rounded())
  }

  static var processors: Int64 { Int64(ProcessInfo.processInfo.activeProcessorCount) }
}
