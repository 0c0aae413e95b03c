import Commerce
import Logging
import ServiceLifecycle

/// Takes what transactions announced out of the outbox and brings it to the rooms: when the bell rings, and once a
/// second, because another process may have written it.
struct OutboxRelay: Service {
  let commerce: Commerce
  let rooms: Rooms
  let bell: Bell
  let logger: Logger

  /// Between two drains: what happens meanwhile is told together, and a rush of orders costs no more than this many.
  private static let pauseMilliseconds = 25
  private static let batch = 512

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask {
          while (try? await Task.sleep(for: .seconds(1))) != nil {
            bell.ring()
            await rooms.keepAlive()
          }
        }
        group.addTask {
          while (try? await Task.sleep(for: .seconds(1))) != nil { await keep() }
        }
        group.addTask {
          while (try? await Task.sleep(for: .seconds(1))) != nil { await readSwitches() }
        }
        var untold: Set<Announcement> = []
        for await _ in bell.rings {
          await drain(&untold)
          guard (try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))) != nil else { break }
        }
        group.cancelAll()
      }
    }
    // Nobody's cancellation: it is the last chance.
    await Task { await keep(now: true) }.value
  }

  /// Another process may have been told to turn something off, and the rooms here tell whether anything is sold.
  private func readSwitches() async {
    do {
      try await commerce.readSwitches()
      try await rooms.switchesRead()
    } catch is CancellationError {
    } catch {
      logger.error("the switches could not be read", metadata: ["error": "\(String(reflecting: error))"])
    }
  }

  private func keep(now: Bool = false) async {
    do {
      try await rooms.keep(now: now)
    } catch is CancellationError {
    } catch {
      logger.error("attendance could not be kept", metadata: ["error": "\(String(reflecting: error))"])
    }
  }

  private func drain(_ untold: inout Set<Announcement>) async {
    do {
      var wasFull = true
      while wasFull {
        let announcements = try await commerce.drainOutbox(limit: Self.batch)
        wasFull = announcements.count == Self.batch
        untold.formUnion(announcements)
        guard !untold.isEmpty else { return }
        try await rooms.tell(untold)
        untold = []
      }
    } catch is CancellationError {
    } catch {
      // What was drained is kept and told with the next ring, at the latest in a second.
      logger.error("announcements could not be passed on", metadata: ["error": "\(String(reflecting: error))"])
    }
  }
}
