internal import Foundation
internal import Logging
internal import NIOSSL
internal import Synchronization

/// What RTMPS connections are encrypted with. A renewed certificate is taken up within a minute, for the connections
/// that come then; one that cannot be used is named in the log, and the old one stays.
final class TLSCertificate: Sendable {
  private static let refreshMilliseconds: Int64 = 60_000

  private struct State {
    var context: NIOSSLContext
    var modified: [Date]?
    var lookedAt: Int64?
  }

  private let files: TLSFiles
  private let logger: Logger
  private let state: Mutex<State>

  init(_ files: TLSFiles, logger: Logger) throws(TLSFault) {
    self.files = files
    self.logger = logger
    let modified = files.modified
    state = Mutex(State(context: try files.context(), modified: modified))
  }

  var context: NIOSSLContext { state.withLock { $0.context } }

  /// - Parameter now: steady milliseconds. Call often.
  func refresh(now: Int64) {
    let known: [Date]?? = state.withLock { state in
      if let lookedAt = state.lookedAt, now - lookedAt < Self.refreshMilliseconds { return .none }
      defer { state.lookedAt = now }
      return .some(state.modified)
    }
    guard let known, let modified = files.modified, modified != known else { return }
    do {
      let context = try files.context()
      state.withLock { ($0.context, $0.modified) = (context, modified) }
      logger.notice("The certificate of RTMPS was renewed", metadata: ["file": "\(files.certificatePath)"])
    } catch {
      // Both files are written one after the other: the next look may find them in step.
      logger.warning("The renewed certificate of RTMPS cannot be used", metadata: ["reason": "\(error)"])
    }
  }
}
