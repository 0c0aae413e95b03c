import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Copies what has been committed from the log into the file, mostly beside the writer.
///
/// SQLite does so within a commit that finds the log long, and every write waits for it: the pages of 32 MiB and a
/// second sync, 40 ms and more. Here a connection of its own begins with it when the log is a quarter as long, while writes go
/// on. What they have added meanwhile is little, and the writer copies it when it is told: so the log begins again, which
/// it does only when all of it has been copied.
final class WriteAheadLog: Sendable {
  /// Pages, of 4 KiB, from which on the writer copies by itself: SQLite's own number is 1,000.
  private static let pagesMax: CInt = 8192
  /// From which on it is begun beside the writer.
  private static let pagesAside: CInt = 2048

  private enum Copying { case none, asked, done }

  private struct State {
    var copying = Copying.none
    var isClosed = false
  }

  private let copier: DatabaseQueue
  private let thread = DispatchQueue(label: "haat.store.checkpoint", qos: .utility)
  private let state = Mutex(State())

  /// Takes the place of SQLite's automatic checkpoints on the connection that writes.
  init(of pool: DatabasePool, path: String) throws {
    var configuration = Configuration()
    configuration.label = "haat.store.checkpoint"
    copier = try DatabaseQueue(path: path, configuration: configuration)
    pool.writeWithoutTransaction { db in
      _ = sqlite3_wal_hook(
        db.sqliteConnection,
        { log, connection, _, pages in
          guard let log else { return SQLITE_OK }
          return Unmanaged<WriteAheadLog>.fromOpaque(log).takeUnretainedValue().committed(pages, on: connection)
        },
        Unmanaged.passUnretained(self).toOpaque())
    }
  }

  /// Before the connection that writes is closed, which copies the rest.
  func close() {
    state.withLock { $0.isClosed = true }
    thread.sync {}
    try? copier.close()
  }

  private func committed(_ pages: CInt, on connection: OpaquePointer?) -> CInt {
    let (asks, copies) = state.withLock { state in
      switch state.copying {
      case .none where pages >= Self.pagesAside && !state.isClosed:
        state.copying = .asked
        return (true, false)
      case .done:
        state.copying = .none
        return (false, true)
      case .none, .asked: return (false, pages >= Self.pagesMax)
      }
    }
    if asks {
      thread.async { [self] in
        // A failure is met again by the writer's own.
        _ = try? copier.inDatabase { try $0.checkpoint(.passive) }
        state.withLock { $0.copying = .done }
      }
    }
    // Like the automatic one: what cannot be copied now, because somebody reads it, is copied another time.
    if copies { sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) }
    return SQLITE_OK
  }
}
