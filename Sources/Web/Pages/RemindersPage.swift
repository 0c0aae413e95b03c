import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// `/reminders`, to which the links in mail lead, and `/account/reminders`: what somebody is reminded of.
struct RemindersPage: Sendable {
  struct Row: Sendable {
    let id: String
    let title: String
    let url: String
    let channelName: String
    let whenISO: String
    let whenText: String
    let isLive: Bool
    /// Where they are reminded.
    let place: String
    /// It waits for a yes, which is said here when this page is theirs who read the mail.
    let isAsked: Bool
    let canConfirm: Bool
  }

  /// A channel that tells when it is on air.
  struct ChannelRow: Sendable {
    let id: String
    let name: String
    let url: String
    let tone: Int
    let initial: String
    let mail: Bool
    let push: Bool
  }

  let lead: String
  let rows: [Row]
  let hasRows: Bool
  let channels: [ChannelRow]
  let hasChannels: Bool
  /// Whether the address of an account waits for a yes, which can be said here.
  let canConfirmAddress: Bool
  /// Whether it does, and can be said in the mail alone.
  let isAddressAsked: Bool
  let isBlocked: Bool
  let canEndAll: Bool
  let isOfAccount: Bool
  let formURL: String
  let error: String?
  let isSaved: Bool

  // MARK: By the link in a mail

  /// With `?token=` it first moves the token out of the address into cookies that only these pages get. Nothing is
  /// confirmed or ended by opening it: programs open links too.
  static func show(_ visit: Visit) async throws -> Response {
    guard let token = try visit.query("token").flatMap(Secret.init(presented:)) else {
      return try await page(visit, nil)
    }
    _ = try await visit.commerce.reminders(token: token)
    var response = visit.redirect("/reminders")
    let secure = visit.site.configuration.secureCookies ? "; Secure" : ""
    for path in ["/reminders", "/shows"] {
      response.headers.append(
        HTTPField(
          name: .setCookie,
          value:
            "\(Visit.reminderCookie)=\(token.text); Path=\(path); Max-Age=15552000; HttpOnly; SameSite=Lax\(secure)"))
    }
    return response
  }

  static func act(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    let (commerce, token) = (visit.commerce, visit.reminderToken)
    do {
      switch form["do"] {
      case "confirm": try await commerce.confirmReminder(reminder(form), token: token)
      case "confirm-address": try await commerce.confirmAddress(token: token)
      case "end": try await commerce.endReminder(reminder(form), token: token)
      case "end-all": try await commerce.stopReminders(token: token)
      case "allow": try await commerce.allowReminders(token: token)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/reminders?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  /// Where a mail program ends all of it without asking (RFC 8058 §3.2), whatever form its request has; a browser that
  /// was led here is shown the page.
  static func openEnd(_ visit: Visit) async throws -> Response {
    let token = try visit.query("token").flatMap(Secret.init(presented:))
    return visit.redirect(token.map { "/reminders?token=\($0.text)" } ?? "/reminders")
  }

  static func end(_ visit: Visit) async throws -> Response {
    try visit.site.limits.take(.writes, visit.address)
    try await visit.commerce.stopReminders(token: visit.query("token").flatMap(Secret.init(presented:)))
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: visit.words["reminders.ended"] + "\n")))
  }

  // MARK: In the account

  static func showOwn(_ visit: Visit) async throws -> Response { try await ownPage(visit, nil) }

  static func actOwn(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    let commerce = visit.commerce
    do {
      switch form["do"] {
      case "end": try await commerce.endReminder(reminder(form), by: visit.caller)
      case "channel":
        guard let channel = ID<CommerceChannel>(form["channel"]) else { throw Problem.notFound("channel") }
        try await commerce.setLiveNotices(
          of: channel, by: visit.caller, mail: form["mail"] == "on", push: form["push"] == "on",
          language: visit.words.language)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/account/reminders?saved=yes")
    } catch {
      return try await ownPage(visit, visit.complaint(error))
    }
  }

  private static func reminder(_ form: Form) throws -> ID<Reminder> {
    guard let id = ID<Reminder>(form["reminder"]) else { throw Problem.notFound("reminder") }
    return id
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let words = visit.words
    let opened = try await visit.commerce.reminders(token: visit.reminderToken)
    let recipient = opened.recipient
    let isBlocked = recipient.blocked != nil
    let isAddressAsked = recipient.account != nil && recipient.confirmed == nil && !isBlocked
    let rows = opened.reminders.map { Row($0, canConfirm: !isAddressAsked, words) }
    let model = RemindersPage(
      lead: words["reminders.leadMail", ["email": recipient.email]], rows: rows, hasRows: !rows.isEmpty, channels: [],
      hasChannels: false, canConfirmAddress: isAddressAsked, isAddressAsked: false, isBlocked: isBlocked,
      canEndAll: !isBlocked, isOfAccount: false, formURL: "/reminders", error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page("reminders", title: words["reminders.title"], status: complaint?.status ?? .ok, model)
  }

  private static func ownPage(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let account = try visit.requireAccount()
    let (commerce, words) = (visit.commerce, visit.words)
    let reminders = try await commerce.reminders(by: visit.caller)
    let mail = try await commerce.recipients(by: visit.caller).first { $0.way == .mail }
    let told = try await commerce.toldChannels(by: visit.caller)
    let rows = reminders.map { Row($0, canConfirm: false, words) }
    let model = RemindersPage(
      lead: words["reminders.leadAccount", ["email": account.email]], rows: rows, hasRows: !rows.isEmpty,
      channels: told.map { channel, notices in
        ChannelRow(
          id: "\(channel.id)", name: channel.name, url: "/@\(channel.handle)", tone: Tone.of(channel.id),
          initial: Tone.initial(channel.name), mail: notices.mail, push: notices.push)
      }, hasChannels: !told.isEmpty, canConfirmAddress: false,
      isAddressAsked: mail.map { $0.confirmed == nil } ?? false, isBlocked: false, canEndAll: false, isOfAccount: true,
      formURL: "/account/reminders", error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page("reminders", title: words["reminders.title"], status: complaint?.status ?? .ok, model)
  }
}

extension RemindersPage.Row {
  fileprivate init(_ reminder: Reminder, canConfirm: Bool, _ words: Words) {
    id = "\(reminder.id)"
    title = reminder.show.title
    url = "/watch/\(reminder.show.id)"
    channelName = reminder.show.channelName
    whenISO = reminder.show.scheduledAt.description
    whenText = reminder.show.scheduledAt.plainText
    isLive = reminder.show.state == .live
    place =
      switch reminder.recipient.way {
      case .mail: words["reminders.byMail"]
      case .push: words["push.inBrowser"]
      }
    isAsked = !reminder.isOn
    self.canConfirm = canConfirm && !reminder.isOn
  }
}
