import Commerce
import Hummingbird
import Media

/// `/operator/status`: how the system does, now and over the last hour or day.
struct StatusPage: Sendable {
  struct Check: Sendable {
    let key: String
    let name: String
    let text: String
    let tone: String
    let stateText: String
    /// Where something can be done about it; nil for nowhere.
    let url: String?
  }

  struct RangeView: Sendable {
    let name: String
    let url: String
    let isCurrent: Bool
  }

  let ranges: [RangeView]
  let partURL: String
  let state: SystemState

  /// What is made anew every few seconds.
  struct SystemState: Sendable {
    let isWell: Bool
    let headline: String
    let figures: [NumbersView.Figure]
    let checks: [Check]
    let charts: [StatusChart]
  }

  static func show(_ visit: Visit) async throws -> Response {
    let range = try range(visit)
    let model = StatusPage(
      ranges: StatusHistory.Range.allCases.map {
        RangeView(
          name: visit.words["status.last_\($0.rawValue)"], url: "/operator/status?range=\($0.rawValue)",
          isCurrent: $0 == range)
      },
      partURL: "/operator/status/now?range=\(range.rawValue)", state: try await state(visit, range))
    return try visit.page("operator-status", title: visit.words["status.title"], model)
  }

  /// What of the page is put in place of what is there.
  static func part(_ visit: Visit) async throws -> Response {
    try await visit.page(
      "operator-status-now", title: visit.words["status.title"], Part(state: state(visit, range(visit))))
  }

  private struct Part: Sendable {
    let state: SystemState
  }

  private static func range(_ visit: Visit) throws -> StatusHistory.Range {
    try visit.query("range").flatMap(StatusHistory.Range.init) ?? .hour
  }

  private static func state(_ visit: Visit, _ range: StatusHistory.Range) async throws -> SystemState {
    _ = try visit.requireAccount()
    let condition = try await SystemCondition.now(visit.site, range, by: visit.caller)
    return SystemState(condition, visit)
  }
}

extension StatusPage.SystemState {
  init(_ condition: SystemCondition, _ visit: Visit) {
    let words = visit.words
    checks = Self.checks(condition, words)
    isWell = !checks.contains { $0.tone == "bad" }
    headline = words[isWell ? "status.well" : "status.unwell"]
    figures = Self.figures(condition, words)
    charts = Self.charts(condition, words)
  }

  private static func figures(_ condition: SystemCondition, _ words: Words) -> [NumbersView.Figure] {
    let now = condition.running
    func figure(_ key: String, _ text: String, hint: String? = nil) -> NumbersView.Figure {
      .init(key: key, name: words["status.\(key)"], text: text, hint: hint)
    }
    var all = [
      figure("streams", Figures.grouped(condition.streams)),
      figure("viewers", Figures.grouped(condition.viewers)),
      figure(
        "uptime", duration(condition.uptimeMilliseconds, words),
        hint: condition.history.processes.count > 1
          ? words.plural("status.processes", Int64(condition.history.processes.count)) : nil),
      figure("version", condition.version, hint: condition.around.engine),
    ]
    if let memory = condition.memoryBytes { all.append(figure("memory", Figures.bytes(memory))) }
    if let load = condition.loadHundredths {
      all.append(
        figure(
          "load", "\(load / 100).\(load % 100 < 10 ? "0" : "")\(load % 100)",
          hint: words.plural("status.processors", condition.processors)))
    }
    if condition.around.measured != nil {
      all.append(figure("database", Figures.bytes(condition.around.databaseBytes)))
      if let room = condition.around.room {
        all.append(figure("recordings", Figures.bytes(room.recordingBytes)))
        all.append(figure("clips", Figures.bytes(room.clipBytes)))
        all.append(
          figure(
            "free", Figures.bytes(room.freeBytes),
            hint: words["status.ofTotal", ["total": Figures.bytes(room.totalBytes)]]))
      }
    }
    all.append(figure("queued", Figures.grouped(now.databaseQueued)))
    return all
  }

  private static func checks(_ condition: SystemCondition, _ words: Words) -> [StatusPage.Check] {
    func check(
      _ key: String, named name: String? = nil, _ tone: String, _ text: String, url: String? = nil
    ) -> StatusPage.Check {
      StatusPage.Check(
        key: key, name: name ?? words["status.check_\(key)"], text: text, tone: tone,
        stateText: words["status.tone_\(tone.isEmpty ? "unknown" : tone)"], url: url)
    }
    let health = condition.payments
    var checks = health.providers.map { provider -> StatusPage.Check in
      let answer = condition.around.providers.first { $0.name == provider.name }
      let heard = provider.heard.map { words["status.heard", ["when": $0.plainText]] } ?? words["status.neverHeard"]
      let name = words["status.check_provider", ["name": provider.name]]
      guard let answer else { return check("provider", named: name, "", "\(words["status.beingAsked"]) \(heard)") }
      let said =
        answer.isThere
        ? words["status.answered", ["milliseconds": Figures.grouped(answer.milliseconds)]] : words["status.unanswered"]
      return check("provider", named: name, answer.isThere ? "good" : "bad", "\(said) \(heard)")
    }
    if health.providers.isEmpty { checks.append(check("noProvider", "warn", words["status.noProvider"])) }
    let open = [
      words.plural("status.openPayments", health.openPayments), words.plural("status.openRefunds", health.openRefunds),
    ].joined(separator: " · ")
    checks.append(
      check("reconciliation", health.isLate(at: condition.now) ? "warn" : "good", open, url: "/operator#refunds"))
    if !health.troubles.isEmpty {
      let all = health.troubles.map {
        "\(words["status.trouble_\($0.kind.rawValue)"]): \(Figures.grouped(Int64($0.count)))"
      }
      checks.append(check("troubles", "warn", all.joined(separator: " · ")))
    }
    let mail = condition.mail
    checks.append(
      check(
        "mail", mail.failed > 0 ? "bad" : mail.delayed > 0 ? "warn" : "good",
        [
          words.plural("status.waiting", condition.queues.mails), words.plural("status.mailsFailed", mail.failed),
        ].joined(separator: " · "), url: "/operator/mails"))
    checks.append(
      check("push", "good", words.plural("status.waiting", condition.queues.pushes)))
    checks.append(
      check(
        "webhooks", health.brokenWebhooks > 0 ? "warn" : "good",
        [
          words.plural("status.waiting", condition.queues.webhooks),
          words.plural("status.brokenWebhooks", health.brokenWebhooks),
        ].joined(separator: " · ")))
    if let room = condition.around.room, room.totalBytes > 0 {
      checks.append(
        check(
          "disk", room.isFull ? "bad" : room.isTight ? "warn" : "good",
          words[
            "status.diskText", ["free": Figures.bytes(room.freeBytes), "total": Figures.bytes(room.totalBytes)]]))
    }
    let (failures, requests) = (condition.history.total.failures, condition.history.total.requests)
    checks.append(
      check(
        "failures", failures == 0 ? "good" : failures * 100 > requests ? "bad" : "warn",
        words[
          "status.failuresText", ["failures": Figures.grouped(failures), "requests": Figures.grouped(requests)]]))
    return checks
  }

  private static func charts(_ condition: SystemCondition, _ words: Words) -> [StatusChart] {
    let (history, latest) = (condition.history, condition.history.latest)
    let perStep = history.range.step
    func series(_ key: String, _ value: @escaping @Sendable (StatusFigures) -> Int64?) -> StatusChart.Series {
      .init(name: words["status.series_\(key)"], value: value)
    }
    func rate(_ count: Int64) -> String {
      let hundredths = (count * 100 + 30) / 60
      let text = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
      return words["status.perSecond", ["count": text]]
    }
    func milliseconds(_ microseconds: Int64?) -> String {
      guard let microseconds else { return "–" }
      let text =
        microseconds < 10_000
        ? "\(microseconds / 1000).\(microseconds % 1000 / 100)" : Figures.grouped((microseconds + 500) / 1000)
      return words["status.milliseconds", ["count": text]]
    }
    let unit = words["status.unit_\(perStep == 1 ? "minute" : "quarter")"]
    func waits(_ spread: Spread) -> String {
      "\(milliseconds(spread.microseconds(percent: 50))) · \(milliseconds(spread.microseconds(percent: 99)))"
    }
    func all(_ count: Int64) -> String {
      words["status.inAll_\(history.range.rawValue)", ["count": Figures.grouped(count)]]
    }
    func counted(
      _ id: String, _ value: @escaping @Sendable (StatusFigures) -> Int64, isBad: Bool = false
    ) -> StatusChart {
      StatusChart(
        id, history, words, series: [series(id, value)], now: rate(value(latest)),
        hint: "\(unit) · \(all(value(history.total)))", isBad: isBad
      ) { Figures.grouped($0) }
    }
    func timed(_ id: String, _ value: @escaping @Sendable (StatusFigures) -> Spread) -> StatusChart {
      StatusChart(
        id, history, words,
        series: [
          series("median") { value($0).microseconds(percent: 50) },
          series("slowest") { value($0).microseconds(percent: 99) },
        ], scale: 1000, now: waits(value(latest)), hint: words["status.hint_\(id)"]
      ) { milliseconds($0) }
    }
    return [
      StatusChart(
        "viewers", history, words, series: [series("viewers") { $0.viewers }],
        now: Figures.grouped(condition.viewers)
      ) { Figures.grouped($0) },
      StatusChart(
        "streams", history, words, series: [series("streams") { $0.streams }],
        now: Figures.grouped(condition.streams)
      ) { Figures.grouped($0) },
      counted("orders") { $0.orders }, timed("checkouts") { $0.checkouts }, timed("answers") { $0.answers },
      counted("messages") { $0.messages }, counted("requests") { $0.requests },
      counted("failures", { $0.failures }, isBad: latest.failures > 0),
      StatusChart(
        "queues", history, words,
        series: [
          series("mails") { $0.mailsWaiting }, series("webhooks") { $0.webhooksWaiting },
          series("pushes") { $0.pushesWaiting },
        ], now: Figures.grouped(condition.queues.mails + condition.queues.webhooks + condition.queues.pushes)
      ) { Figures.grouped($0) },
      StatusChart(
        "database", history, words,
        series: [series("writes") { $0.databaseWrites }, series("commits") { $0.databaseCommits }],
        now: rate(latest.databaseWrites), hint: unit
      ) { Figures.grouped($0) },
    ]
  }

  /// `3 d 4 h`, `4 h 12 min`, `12 min`.
  private static func duration(_ milliseconds: Int64, _ words: Words) -> String {
    let minutes = max(0, milliseconds) / 60_000
    let (days, hours, rest) = (minutes / 1_440, minutes / 60 % 24, minutes % 60)
    let parts = [("days", days), ("hours", hours), ("minutes", rest)]
    let first = parts.firstIndex { $0.1 > 0 } ?? 2
    return parts[first..<min(first + 2, 3)].map { words["status.\($0.0)", ["count": "\($0.1)"]] }.joined(separator: " ")
  }
}

extension RecordingRoom {
  /// Recordings stop soon, or have stopped.
  var isFull: Bool { freeBytes < 2_000_000_000 }
  var isTight: Bool { freeBytes < 10_000_000_000 || freeBytes < totalBytes / 10 }
}

/// All of it at one moment, for the page and the API.
struct SystemCondition: Sendable {
  let now: Moment
  let version: String
  let uptimeMilliseconds: Int64
  let streams: Int64
  let viewers: Int64
  let running: StatusFigures
  let history: StatusHistory
  let around: StatusBoard.Surroundings
  let payments: PaymentsHealth
  let mail: MailHealth
  let queues: QueueLengths
  let memoryBytes: Int64?
  let loadHundredths: Int64?
  let processors: Int64

  /// For operators.
  static func now(_ site: Site, _ range: StatusHistory.Range, by caller: Caller) async throws -> SystemCondition {
    let (commerce, board) = (site.commerce, site.status)
    let payments = try await commerce.paymentsHealth(by: caller)
    if let finished = try await board.look(at: site) { try await commerce.keepStatus(finished) }
    let now = commerce.clock.now
    let minute = now.milliseconds / 60_000
    let running = await board.current
    let kept = try await commerce.status(from: minute - range.minutes + 1, by: caller)
      .filter { $0.minute != running.minute || $0.process != running.process }
    return SystemCondition(
      now: now, version: WebConfiguration.version, uptimeMilliseconds: now.milliseconds(since: board.started),
      streams: Int64(site.media.streams().count), viewers: Int64(await site.rooms.viewers), running: running.figures,
      history: StatusHistory(kept + [running], range, at: now), around: await board.around(site), payments: payments,
      mail: try await commerce.mailHealth(by: caller), queues: try await commerce.queueLengths(),
      memoryBytes: Machine.memoryBytes(), loadHundredths: Machine.loadHundredths(), processors: Machine.processors)
  }
}
