import Commerce
import Foundation

/// Words mails, in the languages of their orders.
struct MailWriter: Sendable {
  private let screens: Screens
  private let publicURL: String
  private let from: MailMessage.Address
  private let fromName: String

  /// - Throws: when the sender's address is none.
  init(_ configuration: WebConfiguration, screens: Screens) throws {
    self.screens = screens
    publicURL = configuration.publicURL
    let host = URL(string: publicURL)?.host() ?? "localhost"
    let said = configuration.mail.from
    let address =
      said.isEmpty
      ? MailMessage.Address("orders@\(host)") ?? MailMessage.Address("orders@localhost") : MailMessage.Address(said)
    guard let address else { throw MailAddressFault(address: said) }
    from = address
    fromName = configuration.mail.fromName
  }

  /// From which mail comes.
  var address: String { from.text }

  /// What it says, with what is known now.
  func text(_ mail: Mail, _ content: MailContent) throws -> MailText {
    MailText(mail.kind, content, publicURL: publicURL, try words(mail))
  }

  /// The same, for HTML.
  func html(_ text: MailText) throws -> String {
    guard let html = screens.renderMail(text) else { throw Problem.fault }
    return html
  }

  func message(_ mail: Mail, _ content: MailContent, to: MailMessage.Address, at now: Moment) throws -> MailMessage {
    let (text, words) = (try text(mail, content), try words(mail))
    let seller = content.name
    return MailMessage(
      id: mail.messageID, from: from,
      fromName: fromName.isEmpty ? seller : words["mail.from", ["seller": seller, "name": fromName]], to: to,
      subject: text.subject, language: text.language, date: now, plain: text.plain, html: try html(text),
      ending: text.reminders?.oneClick)
  }

  private func words(_ mail: Mail) throws -> Words {
    guard let words = screens.words(mail.language) ?? screens.words("en") else { throw Problem.fault }
    return words
  }
}

/// The sender's address cannot be one.
struct MailAddressFault: Error, CustomStringConvertible {
  let address: String

  var description: String { "“\(address)” is no address that mail can come from" }
}
