import Commerce
import Foundation
import Logging
import ServiceLifecycle

/// Writes the mail that is due as files, `mail/<id>.eml` below the data directory, which any mail program opens.
struct MailChores: Service {
  let commerce: Commerce
  let screens: Screens
  let publicURL: String
  let directory: URL
  let logger: Logger

  init(_ site: Site) {
    commerce = site.commerce
    screens = site.screens
    publicURL = site.configuration.publicURL
    directory = URL(filePath: site.configuration.dataDirectory).appending(path: "mail")
    logger = site.logger
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var rounds = 0
      repeat {
        do {
          try await sendDue()
          // Once an hour: it looks at every file.
          if rounds % 1800 == 0 { try forgetOldFiles() }
          rounds &+= 1
        } catch {
          logger.error("Sending mail failed", metadata: ["error": "\(String(reflecting: error))"])
        }
      } while (try? await Task.sleep(for: .seconds(2))) != nil
    }
  }

  /// Everything that is due now, each on its own: one that fails keeps back no other.
  func sendDue() async throws {
    for mail in try await commerce.takeMail() {
      do {
        guard let to = MailMessage.Address(mail.recipient) else {
          try await commerce.mailFailed(mail, because: "the address needs an extension of SMTP", isFinal: true)
          continue
        }
        try write(try await message(mail, to: to), mail.id)
        try await commerce.mailSent(mail.id)
      } catch {
        try await commerce.mailFailed(mail, because: String(describing: error))
      }
    }
  }

  /// Deletes what was written more than `Policy.mailDays` ago: it says where buyers live, and opens guests' orders.
  private func forgetOldFiles() throws {
    let oldest = Date(timeIntervalSinceNow: -Double(commerce.policy.mailDays) * 86_400)
    guard FileManager.default.fileExists(atPath: directory.path) else { return }
    let files = try FileManager.default.contentsOfDirectory(
      at: directory, includingPropertiesForKeys: [.contentModificationDateKey])
    for file in files where ["eml", "part"].contains(file.pathExtension) {
      let written = try file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
      if let written, written < oldest { try FileManager.default.removeItem(at: file) }
    }
  }

  private func message(_ mail: Mail, to: MailMessage.Address) async throws -> MailMessage {
    let content = try await commerce.openMail(mail)
    let host = URL(string: publicURL)?.host() ?? "localhost"
    guard let words = screens.words(mail.language) ?? screens.words("en"),
      let from = MailMessage.Address("orders@\(host)") ?? MailMessage.Address("orders@localhost")
    else { throw Problem.fault }
    let text = MailText(mail.kind, content, publicURL: publicURL, words)
    guard let html = screens.renderMail(text) else { throw Problem.fault }
    return MailMessage(
      id: mail.id.description, from: from, fromName: content.seller.name, to: to, subject: text.subject,
      language: words.language, date: commerce.clock.now, plain: text.plain, html: html)
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
}
