import Commerce
import Foundation
import Media
import Post
import Web

extension Settings {
  /// - Parameter ownName: what this side calls itself to a mail server.
  func mail(ownName: String) -> MailConfiguration {
    var mail = MailConfiguration()
    if let from = MailMessage.Mailbox(text("mail.from")) { (mail.from, mail.fromName) = (from.address.text, from.name) }
    mail.connections = integer("mail.smtp.connections")
    guard !text("mail.smtp.host").isEmpty else { return mail }
    let authorities = text("mail.smtp.authorities")
    // Many servers turn away who is called localhost.
    let domain = mail.from.split(separator: "@").last.map(String.init)
    let name = ownName == "localhost" ? domain ?? ownName : ownName
    mail.server = SMTPServer(
      host: text("mail.smtp.host"), port: integer("mail.smtp.port"),
      security: SMTPServer.Security(rawValue: text("mail.smtp.security")) ?? .starttls, user: text("mail.smtp.user"),
      password: text("mail.smtp.password"), ownName: name, authoritiesPath: authorities.isEmpty ? nil : authorities)
    return mail
  }

  /// What is wrong with the settings for mail, and where it was said.
  static func mailProblems(_ values: [String: String], _ sources: [String: String]) -> [ConfigurationProblem] {
    func value(_ key: String) -> String { values["mail.\(key)"] ?? "" }
    func problem(_ key: String, _ why: String) -> ConfigurationProblem {
      ConfigurationProblem(source: sources["mail.\(key)"] ?? "mail.\(key)", why: "“mail.\(key)”: \(why)")
    }
    var problems: [ConfigurationProblem] = []
    if !value("from").isEmpty, MailMessage.Mailbox(value("from")) == nil {
      problems.append(problem("from", "is no address such as orders@example.com or Haat <orders@example.com>"))
    }
    if !value("smtp.host").unicodeScalars.allSatisfy({ !$0.properties.isWhitespace && $0 != "/" && $0 != "@" }) {
      problems.append(problem("smtp.host", "is a name or an address alone, such as mail.example.com"))
    }
    switch (value("smtp.user").isEmpty, value("smtp.password").isEmpty) {
    case (false, true): problems.append(problem("smtp.user", "there is no mail.smtp.password that belongs to it"))
    case (true, false): problems.append(problem("smtp.password", "there is no mail.smtp.user that it belongs to"))
    case (false, false):
      let isHere = ["localhost", "127.0.0.1", "::1"].contains(value("smtp.host"))
      if value("smtp.security") == SMTPServer.Security.none.rawValue, !isHere {
        problems.append(problem("smtp.security", "would send the password in the clear; take starttls or tls"))
      }
    case (true, true): break
    }
    if !value("smtp.authorities").isEmpty {
      do throws(TLSFault) { try TLSFiles.checkAuthorities(value("smtp.authorities")) } catch {
        problems.append(problem("smtp.authorities", error.description))
      }
    }
    return problems
  }
}
