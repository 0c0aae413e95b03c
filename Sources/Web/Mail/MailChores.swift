import Commerce
import Foundation
import Logging
import Post
import ServiceLifecycle
import Synchronization

/// Sends the mail that is due: to the mail server where there is one, else into files, `mail/<id>.eml` below the data
/// directory, which any mail program opens.
struct MailChores: Service {
  private enum Route: Sendable {
    case files
    case server(SMTPClient)
  }

  private static let idleSeconds: Int64 = 2

  private let commerce: Commerce
  private let writer: MailWriter
  private let route: Route
  private let connections: Int
  private let directory: URL
  private let pause: MailPause
  private let metrics: WebMetrics
  private let logger: Logger

  /// - Throws: when the authorities of the mail server cannot be read.
  init(_ site: Site) throws {
    let mail = site.configuration.mail
    commerce = site.commerce
    writer = site.mailWriter
    route = try mail.server.map { .server(try SMTPClient($0)) } ?? .files
    connections = max(1, mail.connections)
    directory = URL(filePath: site.configuration.dataDirectory).appending(path: "mail")
    pause = MailPause(seconds: mail.pauseSeconds)
    metrics = site.metrics
    logger = site.logger
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await forgetOldFiles() }
        switch route {
        case .files:
          group.addTask { await work(20) { try await write($0) } }
        case .server(let client):
          // One at a time each, so that a slow one keeps back no other.
          for _ in 0..<connections { group.addTask { await work(1) { try await send($0, by: client) } } }
        }
      }
    }
  }

  /// Takes so much of what is due at a time, until the task is cancelled.
  private func work(_ count: Int, _ leave: @Sendable (Mail) async throws -> Void) async {
    while !Task.isCancelled {
      var mails: [Mail] = []
      do {
        await pause.wait()
        guard !Task.isCancelled else { return }
        mails = try await commerce.takeMail(limit: count)
        // Each on its own: one that fails keeps back no other.
        for mail in mails {
          do { try await leave(mail) } catch {
            logger.error(
              "A mail cannot be worded", metadata: ["mail": "\(mail.id)", "error": "\(String(reflecting: error))"])
            try await commerce.mailFailed(mail, "fault")
          }
        }
      } catch {
        logger.error("Sending mail failed", metadata: ["error": "\(String(reflecting: error))"])
      }
      if mails.count < count { try? await Task.sleep(for: .seconds(Self.idleSeconds)) }
    }
  }

  private func send(_ mail: Mail, by client: SMTPClient) async throws {
    let envelope: SMTPEnvelope
    do {
      guard let to = MailMessage.Address(mail.recipient) else { return try await giveUp(mail, "address") }
      let message = try await message(mail, to: to)
      envelope = try SMTPEnvelope(from: message.from.text, to: to.text, message: Array(message.encoded.utf8))
    } catch let fault as SMTPEnvelope.Fault {
      logger.error("A mail cannot be sent", metadata: ["mail": "\(mail.id)", "reason": "\(fault)"])
      return try await giveUp(mail, fault == .address ? "address" : "message")
    }
    switch await client.deliver(envelope) {
    case .taken:
      pause.end()
      metrics.mail(.sent)
      await note { try await commerce.mailSent(mail, by: .smtp) }
    case .refused(let trouble, let words):
      pause.end()
      metrics.mail(.refused)
      // What the server said may name the buyer, and is not for the log.
      logger.notice("A mail was refused", metadata: ["mail": "\(mail.id)", "trouble": "\(trouble.rawValue)"])
      await note { try await commerce.mailFailed(mail, trouble.rawValue, words: words, isFinal: true) }
    case .deferred(let trouble, let words):
      metrics.mail(.deferred)
      if trouble.isOfServer, trouble != .interrupted {
        let failures = pause.begin()
        let metadata: Logger.Metadata = [
          "server": "\(client.server)", "trouble": "\(trouble.rawValue)", "words": "\(words)",
          "failures": "\(failures)",
        ]
        logger.warning("The mail server takes no mail", metadata: metadata)
      }
      await note { try await commerce.mailFailed(mail, trouble.rawValue, words: words) }
    }
  }

  /// What left is noted, or it would leave twice: tried again for minutes, while the mail is nobody else's.
  private func note(_ write: () async throws -> Void) async {
    for attempt in 1...10 {
      do { return try await write() } catch {
        logger.warning("A mail's fate could not be noted yet", metadata: ["error": "\(String(reflecting: error))"])
        // Also for a task that is cancelled.
        await Task { try? await Task.sleep(for: .milliseconds(100 << attempt)) }.value
      }
    }
  }

  private func giveUp(_ mail: Mail, _ trouble: String) async throws {
    metrics.mail(.refused)
    try await commerce.mailFailed(mail, trouble, isFinal: true)
  }

  private func message(_ mail: Mail, to: MailMessage.Address) async throws -> MailMessage {
    try writer.message(mail, try await commerce.openMail(mail), to: to, at: commerce.clock.now)
  }

  private func write(_ mail: Mail) async throws {
    guard let to = MailMessage.Address(mail.recipient) else { return try await giveUp(mail, "address") }
    do {
      try write(try await message(mail, to: to), mail.id)
    } catch let error as CocoaError {
      logger.error("A mail could not be written", metadata: ["mail": "\(mail.id)", "error": "\(error)"])
      return try await commerce.mailFailed(mail, "file")
    }
    metrics.mail(.written)
    try await commerce.mailSent(mail, by: .file)
  }

  /// Readable by this account alone, and there whole or not at all.
  private func write(_ message: MailMessage, _ id: ID<Mail>) throws {
    let files = FileManager.default
    try files.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let (final, temporary) = (directory.appending(path: "\(id).eml"), directory.appending(path: ".\(id).part"))
    guard
      files.createFile(
        atPath: temporary.path, contents: Data(message.encoded.utf8), attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown) }
    // `rename` replaces what an attempt that was not noted left.
    guard rename(temporary.path, final.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Once an hour: it looks at every file.
  private func forgetOldFiles() async {
    repeat {
      do { try forgetOldFilesNow() } catch {
        logger.error("Deleting old mail failed", metadata: ["error": "\(String(reflecting: error))"])
      }
    } while (try? await Task.sleep(for: .seconds(3600))) != nil
  }

  /// Deletes what was written more than `Policy.mailDays` ago: it says where buyers live, and opens guests' orders.
  private func forgetOldFilesNow() throws {
    let oldest = Date(timeIntervalSinceNow: -Double(commerce.policy.mailDays) * 86_400)
    guard FileManager.default.fileExists(atPath: directory.path) else { return }
    let files = try FileManager.default.contentsOfDirectory(
      at: directory, includingPropertiesForKeys: [.contentModificationDateKey])
    for file in files where ["eml", "part"].contains(file.pathExtension) {
      let written = try file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
      if let written, written < oldest { try FileManager.default.removeItem(at: file) }
    }
  }
}

/// Nothing is tried for a while when a mail server takes nothing at all: every mail would use up its attempts.
final class MailPause: Sendable {
  private let seconds: Int64
  private let state = Mutex((failures: 0, until: ContinuousClock.Instant?.none))

  init(seconds: Int64) { self.seconds = seconds }

  /// - Returns: How often in a row, now.
  func begin() -> Int {
    state.withLock { state in
      state.failures += 1
      state.until = .now.advanced(by: .seconds(Self.seconds(after: state.failures, of: seconds)))
      return state.failures
    }
  }

  func end() { state.withLock { $0 = (0, nil) } }

  /// Returns once it is over, or the task is cancelled.
  func wait() async {
    while let until = state.withLock({ $0.until }), until > .now, !Task.isCancelled {
      try? await Task.sleep(until: until, clock: .continuous)
    }
  }

  /// Twice as long each time, up to 20 times as long.
  static func seconds(after failures: Int, of first: Int64) -> Int64 {
    min(first << Int64(min(max(failures - 1, 0), 8)), first * 20)
  }
}
