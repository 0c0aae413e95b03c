import Commerce
import Hummingbird

/// `/studio/shows/{show}/report`: a show's numbers, to read, to print, and as files; and the part of the control room
/// that shows them while it is on air.
struct ReportPage: Sendable {
  struct StepView: Sendable {
    let clockText: String
    let viewersText: String
    let messagesText: String
    let tapsText: String
    let bagAddsText: String
    let ordersText: String
    let grossText: String
  }

  struct MarkView: Sendable {
    let kind: String
    let kindText: String
    let title: String
    let fromText: String
    let untilText: String
  }

  let title: String
  let stateText: String
  let stateTone: String
  let channelName: String
  let channelURL: String
  let roomURL: String
  let whenISO: String
  let whenText: String
  let lengthText: String?
  let madeISO: String
  let madeText: String
  let minutesURL: String
  let totalsURL: String
  let dataURL: String
  let numbers: NumbersView
  let steps: [StepView]
  let hasSteps: Bool
  let marks: [MarkView]
  let hasMarks: Bool

  static func show(_ visit: Visit) async throws -> Response {
    let report = try await report(visit)
    let model = ReportPage(report, now: await nowWatching(report, visit), visit.words)
    return try visit.page("studio/report", title: "\(visit.words["numbers.report"]) · \(report.show.title)", model)
  }

  /// What of the control room's page is put in place of what is there.
  static func part(_ visit: Visit) async throws -> Response {
    let report = try await report(visit)
    let numbers = NumbersView(report, now: await nowWatching(report, visit), visit.words)
    return try visit.page("studio/numbers", title: report.show.title, Part(numbers: numbers))
  }

  private struct Part: Sendable {
    let numbers: NumbersView
  }

  static func file(_ visit: Visit) async throws -> Response {
    guard let part = ShowReport.File(rawValue: try visit.parameter("file")) else { throw Problem.notFound("page") }
    return NumbersAPI.response(try await report(visit), part)
  }

  private static func report(_ visit: Visit) async throws -> ShowReport {
    _ = try visit.requireAccount()
    return try await visit.site.reports.report(of: visit.id("show", Show.self), by: visit.caller)
  }

  private static func nowWatching(_ report: ShowReport, _ visit: Visit) async -> Int? {
    report.show.state == .live ? await visit.viewers(of: report.show.id) : nil
  }

  private init(_ report: ShowReport, now: Int?, _ words: Words) {
    let show = report.show
    title = show.title
    stateText = show.state.text(words)
    stateTone = show.state.tone
    channelName = show.channelName
    channelURL = "/studio/\(show.channelHandle)"
    roomURL = "/studio/shows/\(show.id)"
    let when = show.startedAt ?? show.scheduledAt
    (whenISO, whenText) = (when.description, when.plainText)
    lengthText = show.startedAt.map { _ in Figures.clock(report.airMilliseconds) }
    (madeISO, madeText) = (report.madeAt.description, report.madeAt.plainText)
    minutesURL = "\(roomURL)/report/minutes"
    totalsURL = "\(roomURL)/report/totals"
    dataURL = "/api/v1/shows/\(show.id)/report"
    numbers = NumbersView(report, now: now, words)
    steps = report.steps.map { step in
      StepView(
        clockText: step.minute.map { Figures.clock($0 * 60_000) } ?? words["numbers.offAir"],
        viewersText: step.minute == nil ? "–" : Figures.grouped(step.viewers),
        messagesText: Figures.grouped(step.messages), tapsText: Figures.grouped(step.interest.taps),
        bagAddsText: Figures.grouped(step.interest.bagAdds), ordersText: Figures.grouped(step.orders),
        grossText: step.gross.isEmpty ? "–" : step.gross.map(words.money).joined(separator: " + "))
    }
    hasSteps = !steps.isEmpty
    marks = report.marks.map { mark in
      MarkView(
        kind: mark.kind.rawValue, kindText: words["numbers.mark_\(mark.kind.rawValue)"],
        title: mark.title.isEmpty ? "–" : mark.title, fromText: Figures.clock(mark.from),
        untilText: mark.until.map(Figures.clock) ?? words["numbers.now"])
    }
    hasMarks = !marks.isEmpty
  }
}
