import Foundation
import Synchronization

/// Syncs SQLite's write-ahead log, in which a transaction is all there or not at all: what is in it when it is synced
/// survives a power cut.
///
/// Opened beside SQLite's own handle, which is no matter: locks are kept in other files (`-shm` and the database's own), and the log
/// keeps its file for as long as anybody has the database open.
final class SyncLog: CommitSync {
  private let path: String
  private let file = Mutex<CInt?>(nil)

  init(of database: String) { path = database + "-wal" }

  deinit {
    file.withLock { file in
      if let known = file { close(known) }
    }
  }

  func sync() throws {
    let descriptor = try file.withLock { file in
      if let known = file { return known }
      let opened = open(path, O_RDWR | O_CLOEXEC)
      guard opened >= 0 else { throw Self.fault("opening", path) }
      file = opened
      return opened
    }
    while fdatasync(descriptor) != 0 {
      guard errno == EINTR else { throw Self.fault("syncing", path) }
    }
  }

  private static func fault(_ what: String, _ path: String) -> StoreFault {
    .storage("\(what) \(path): \(String(cString: strerror(errno)))")
  }
}
