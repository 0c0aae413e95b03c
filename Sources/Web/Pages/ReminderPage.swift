import Commerce
import HTTPTypes
import Hummingbird

/// `/shows/{show}/reminder`: how to be reminded of a show that is to come.
struct ReminderPage: Sendable {
  let show: String
  let title: String
  let channelName: String
  let channelURL: String
  let channelCalendarURL: String
  let watchURL: String
  let picture: String?
  let tone: Int
  let initial: String
  let whenISO: String
  let whenText: String
  let isUpcoming: Bool
  /// Why there is nothing to be reminded of; nil while there is.
  let overText: String?
  /// The address mail goes to; nil for a guest who has to say it.
  let email: String?
  /// What a guest typed, or is known by.
  let typed: String
  /// The reminder by mail that is on.
  let mailed: String?
  /// It waits for a word from whoever reads the mail.
  let isAsked: Bool
  let calendarURL: String
  let formURL: String
  /// Where all of them are; nil for who is not known.
  let allURL: String?
  let signInURL: String?
  let error: String?

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, Form(""), nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let show = try visit.id("show", Show.self)
    let form = try await visit.form()
    let path = "/shows/\(show)/reminder"
    do {
      switch form["do"] {
      case "mail":
        try visit.site.limits.take(.orders, visit.address)
        let reminded = try await visit.commerce.remindByMail(
          visit.commerce.makeID(), of: show, by: visit.caller, email: form["email"], language: visit.words.language,
          token: visit.reminderToken, address: visit.address)
        return visit.redirect(reminded == .mailed ? "\(path)?asked=mail" : path)
      case "end":
        guard let reminder = ID<Reminder>(form["reminder"]) else { throw Problem.notFound("reminder") }
        try await visit.commerce.endReminder(reminder, by: visit.caller, token: visit.reminderToken)
        return visit.redirect(path)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form, _ complaint: Visit.Complaint?) async throws -> Response {
    let (commerce, words) = (visit.commerce, visit.words)
    let show = try await commerce.show(visit.id("show", Show.self), by: visit.caller)
    let account = visit.context.account
    let guest = account == nil ? try? await commerce.reminders(token: visit.reminderToken) : nil
    let mine = account == nil ? guest?.reminders ?? [] : try await commerce.reminders(by: visit.caller)
    let mail = mine.first { $0.show.id == show.id && $0.recipient.way == .mail }
    let model = ReminderPage(
      show: "\(show.id)", title: show.title, channelName: show.channelName, channelURL: "/@\(show.channelHandle)",
      channelCalendarURL: "/@\(show.channelHandle)/calendar.ics", watchURL: "/watch/\(show.id)",
      picture: try await commerce.covers(shows: [show.id])[show.id]?.url(width: 640), tone: Tone.of(show.channel),
      initial: Tone.initial(show.channelName), whenISO: show.scheduledAt.description,
      whenText: show.scheduledAt.plainText, isUpcoming: show.state == .scheduled,
      overText: show.calledOff != nil
        ? words["reminders.calledOff"]
        : show.state == .live ? words["reminders.onAir"] : show.state == .ended ? words["reminders.over"] : nil,
      email: account?.email, typed: form.has("email") ? form["email"] : guest?.recipient.email ?? "",
      mailed: mail.flatMap { $0.isOn ? "\($0.id)" : nil },
      isAsked: try mail.map { !$0.isOn } ?? (visit.query("asked") != nil),
      calendarURL: "/shows/\(show.id)/calendar.ics",
      formURL: "/shows/\(show.id)/reminder",
      allURL: account != nil ? "/account/reminders" : guest != nil ? "/reminders" : nil,
      signInURL: account == nil ? "/sign-in?return=\(Visit.encoded("/shows/\(show.id)/reminder"))" : nil,
      error: complaint?.sentence)
    return try visit.page(
      "reminder", title: words["reminders.titleOf", ["title": show.title]],
      sharing: Sharing(
        url: "/watch/\(show.id)", image: LinkCardPage.path("shows", "\(show.id)", show.state.rawValue, words),
        hasCard: true),
      status: complaint?.status ?? .ok, model)
  }
}

extension Visit {
  static let reminderCookie = "haat_reminders"

  /// What a browser holds that opened the link in a mail about reminders.
  var reminderToken: Secret? {
    request.cookies[Self.reminderCookie].flatMap { Secret(presented: $0.value) }
  }
}
