import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// `/studio/{handle}/mails/{mail}`, `/partner/{via}/mails/{mail}` and `/operator/mails/{mail}`: one mail, what it says, and a button to send it again.
///
/// Its HTML stands in a frame of its own that may do nothing: no script, no form, no request, and no part of this site.
struct MailPage: Sendable {
  let homeURL: String
  let homeName: String
  let listURL: String
  let listName: String
  let mail: MailView
  let orderURL: String?
  let attemptsText: String
  let repeatsText: String?
  let queuedISO: String
  let queuedText: String
  let leftISO: String?
  let leftText: String
  let plain: String
  let htmlURL: String
  let againText: String
  let seen: String
  let formURL: String
  let error: String?
  let isAsked: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, scope(visit), nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let scope = try await scope(visit)
    let form = try await visit.form()
    let id = try await record(visit, scope).mail.id
    do {
      guard let seen = Int64(form["seen"]) else {
        throw GeneralRefusal.invalid(field: "seen", why: "must be a whole number")
      }
      _ = try await visit.commerce.sendMailAgain(id, by: visit.caller, seen: seen)
      return visit.redirect("\(scope.url)/\(id)?asked=yes")
    } catch {
      return try await page(visit, scope, visit.complaint(error))
    }
  }

  /// The frame's document.
  static func html(_ visit: Visit) async throws -> Response {
    let found = try await record(visit, scope(visit))
    let text = try visit.site.mailWriter.text(found.mail, found.content)
    let html = try visit.site.mailWriter.html(text)
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/html; charset=utf-8", .contentLanguage: text.language,
        .contentSecurityPolicy:
          "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox",
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
  }

  /// A channel's pages have a handle in their address, and a partner's the key of its links; the others are the operator's.
  private static func scope(_ visit: Visit) async throws -> MailScope {
    guard visit.context.parameters.get("handle") == nil else { return .channel(try await visit.ownChannel().0) }
    guard visit.context.parameters.get("via") == nil else { return .partner(try await visit.ownPartner()) }
    guard try visit.requireAccount().isOperator else {
      throw GeneralRefusal.notAllowed(need: "the operator of this installation")
    }
    return .all
  }

  private static func record(_ visit: Visit, _ scope: MailScope) async throws -> MailRecord {
    let found = try await visit.commerce.mail(visit.id("mail", Mail.self), by: visit.caller)
    guard scope.has(found.mail) else { throw GeneralRefusal.notFound("mail") }
    return found
  }

  private static func page(
    _ visit: Visit, _ scope: MailScope, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    let found = try await record(visit, scope)
    let (mail, words) = (found.mail, visit.words)
    let text = try visit.site.mailWriter.text(mail, found.content)
    let model = MailPage(
      homeURL: scope.homeURL, homeName: scope.name ?? words["operator.title"], listURL: scope.url,
      listName: words[scope.title],
      mail: try MailView(found, scope, visit),
      orderURL: scope.channel == nil ? nil : mail.order.map { "/orders/\($0)" },
      attemptsText: words.plural("mailDesk.attempts", mail.attempts),
      repeatsText: mail.repeats > 0 ? words.plural("mailDesk.repeats", mail.repeats) : nil,
      queuedISO: mail.made.description, queuedText: mail.made.plainText, leftISO: mail.sent?.description,
      leftText: mail.sent?.plainText ?? "", plain: text.plain, htmlURL: "\(scope.url)/\(mail.id)/html",
      againText: words[mail.state == .waiting ? "mailDesk.tryNow" : "mailDesk.again"], seen: "\(mail.attempts)",
      formURL: "\(scope.url)/\(mail.id)", error: complaint?.sentence, isAsked: try visit.query("asked") != nil)
    return try visit.page("studio/mail", title: text.subject, status: complaint?.status ?? .ok, model)
  }
}
