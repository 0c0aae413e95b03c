internal import Foundation
public import Logging
public import NIOCore
internal import NIOSSL
internal import Synchronization

/// What connections are encrypted with. A renewed certificate is taken up within a minute, for the connections
/// that come then; one that cannot be used is named in the log, and the old one stays.
public final class TLSCertificate: Sendable {
  private static let refreshMilliseconds: Int64 = 60_000

  private struct State {
    var context: NIOSSLContext
    var modified: [Date]?
    var lookedAt: Int64?
  }

  private let files: TLSFiles
  /// What is served with it, for the log.
  private let use: String
  private let applicationProtocols: [String]
  private let logger: Logger
  private let state: Mutex<State>

  /// - Parameters:
  ///   - use: What is served with it, for the log.
  ///   - applicationProtocols: What can be spoken over it, the best first, as a client is told (RFC 7301).
  /// - Throws: what is wrong with the files.
  public init(
    _ files: TLSFiles, use: String = "RTMPS", applicationProtocols: [String] = [], logger: Logger
  ) throws(TLSFault) {
    self.files = files
    self.use = use
    self.applicationProtocols = applicationProtocols
    self.logger = logger
    let modified = files.modified
    state = Mutex(State(context: try files.context(applicationProtocols), modified: modified))
  }

  /// Encrypts a connection that came in, on its event loop: whatever is added to it afterwards gets plain bytes.
  public func secure(_ channel: any Channel) throws {
    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
  }

  var context: NIOSSLContext { state.withLock { $0.context } }

  /// - Parameter now: steady milliseconds. Call often.
  public func refresh(now: Int64) {
    let known: [Date]?? = state.withLock { state in
      if let lookedAt = state.lookedAt, now - lookedAt < Self.refreshMilliseconds { return .none }
      defer { state.lookedAt = now }
      return .some(state.modified)
    }
    guard let known, let modified = files.modified, modified != known else { return }
    do {
      let context = try files.context(applicationProtocols)
      state.withLock { ($0.context, $0.modified) = (context, modified) }
      logger.notice("The certificate of \(use) was renewed", metadata: ["file": "\(files.certificatePath)"])
    } catch {
      // Both files are written one after the other: the next look may find them in step.
      logger.warning("The renewed certificate of \(use) cannot be used", metadata: ["reason": "\(error)"])
    }
  }
}
