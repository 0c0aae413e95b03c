import Commerce
import Foundation

/// A show's time as a drawing (SVG): who watched, what was sold, and what was on screen meanwhile. Made here, so that it
/// is there without scripts; twice, because what is legible on a desk is not on a phone.
struct ShowChart: Sendable {
  struct Text: Sendable {
    let x: String
    let y: String
    let text: String
  }

  struct Line: Sendable {
    let x: String
    let y: String
    let toX: String
    let toY: String
  }

  struct Bar: Sendable {
    let x: String
    let y: String
    let width: String
    let height: String
    let title: String
  }

  struct Span: Sendable {
    let kind: String
    let x: String
    let y: String
    let width: String
    let height: String
    let title: String
    /// Nil where there is no room for it.
    let label: Text?
  }

  struct Drawing: Sendable {
    let name: String
    let width: Int
    let height: Int
    let lanes: [Text]
    let grid: [Line]
    let marks: [Text]
    let times: [Text]
    let area: String
    let line: String
    let bars: [Bar]
    let spans: [Span]
  }

  struct Legend: Sendable {
    let kind: String
    let name: String
  }

  /// What it shows, in a sentence.
  let summary: String
  let drawings: [Drawing]
  let legend: [Legend]
  let hasLegend: Bool

  /// Nil for a show that has not begun.
  init?(_ report: ShowReport, _ words: Words) {
    guard report.show.startedAt != nil else { return nil }
    summary =
      words[
        "numbers.chartText",
        [
          "minutes": Figures.grouped(max(1, (report.airMilliseconds + 59_999) / 60_000)),
          "peak": Figures.grouped(report.attendance.peak), "orders": Figures.grouped(report.orders),
          "sales": NumbersView.sum(report.takings, words),
        ]]
    drawings = [
      ChartPen(report, words, name: "wide", width: 960, bars: 120, ticks: 9).drawing(),
      ChartPen(report, words, name: "narrow", width: 360, bars: 60, ticks: 4).drawing(),
    ]
    legend = ShowReport.Mark.Kind.allCases.filter { kind in report.marks.contains { $0.kind == kind } }
      .map { Legend(kind: $0.rawValue, name: words["numbers.mark_\($0.rawValue)"]) }
    hasLegend = !legend.isEmpty
  }
}

/// Draws one of them. Lengths are pixels at the size that it is meant for.
private struct ChartPen {
  private static let laneHeight = 92.0
  private static let laneHead = 26.0
  private static let pinHeight = 30.0
  private static let spanHeight = 12.0
  private static let gap = 6.0
  private static let axisHeight = 24.0
  /// What a letter takes, about.
  private static let letter = 7.5
  private static let currenciesMax = 3

  let report: ShowReport
  let words: Words
  let name: String
  let width: Double
  let ticks: Int64
  /// Milliseconds from the left to the right.
  private let total: Int64
  /// How many steps of the report a bar has, and what they come to.
  private let bars: [Bucket]
  private let barMinutes: Int64

  private struct Bucket {
    var viewers: Int64 = 0
    var orders: Int64 = 0
    var gross: [Currency: Int64] = [:]
  }

  init(_ report: ShowReport, _ words: Words, name: String, width: Double, bars most: Int64, ticks: Int64) {
    (self.report, self.words, self.name, self.width, self.ticks) = (report, words, name, width, ticks)
    total = max(report.airMilliseconds, 60_000)
    let steps = (total - 1) / (60_000 * report.stepMinutes) + 1
    let several = (steps + most - 1) / most
    barMinutes = several * report.stepMinutes
    var bars = [Bucket](repeating: Bucket(), count: Int((steps + several - 1) / several))
    for step in report.steps {
      guard let minute = step.minute else { continue }
      // What came in the very last moment is in the last one.
      let place = min(Int(minute / barMinutes), bars.count - 1)
      bars[place].viewers = max(bars[place].viewers, step.viewers)
      bars[place].orders += step.orders
      for gross in step.gross { bars[place].gross[gross.currency, default: 0] += gross.minor }
    }
    self.bars = bars
  }

  private func x(_ milliseconds: Int64) -> Double {
    Double(min(max(0, milliseconds), total)) / Double(total) * width
  }

  private func x(bar: Int) -> Double { x(Int64(bar) * barMinutes * 60_000) }

  func drawing() -> ShowChart.Drawing {
    var lanes: [ShowChart.Text] = []
    var grid: [ShowChart.Line] = []
    var marks: [ShowChart.Text] = []
    var top = 0.0

    /// A lane with its name and its two lines; gives the place of a value in it.
    func lane(_ name: String, most: Int64, text: (Int64) -> String) -> (Int64) -> Double {
      let most = ChartScale.nice(most)
      let foot = top + Self.laneHead + Self.laneHeight
      lanes.append(.init(x: "0", y: Self.text(top + 14), text: name))
      for value in [most, most / 2] where value > 0 && (value == most || most >= 4) {
        let y = foot - Double(value) / Double(most) * Self.laneHeight
        grid.append(.init(x: "0", y: Self.text(y), toX: Self.text(width), toY: Self.text(y)))
        marks.append(.init(x: Self.text(width), y: Self.text(y - 4), text: text(value)))
      }
      grid.append(.init(x: "0", y: Self.text(foot), toX: Self.text(width), toY: Self.text(foot)))
      top = foot + Self.gap
      return { foot - Double($0) / Double(most) * Self.laneHeight }
    }

    let viewers = lane(words["numbers.viewersNow"], most: bars.map(\.viewers).max() ?? 0) { Figures.grouped($0) }
    let points = bars.enumerated().map { index, bar in
      (middle(index), viewers(bar.viewers))
    }
    let line = path([(0, points[0].1)] + points + [(width, points[points.count - 1].1)])
    let area = "\(line) L\(Self.text(width)) \(Self.text(viewers(0))) L0 \(Self.text(viewers(0))) Z"

    var rects: [ShowChart.Bar] = []
    for sums in report.takings.prefix(Self.currenciesMax) {
      let currency = sums.currency
      let several = report.takings.count > 1 ? " · \(currency)" : ""
      let y = lane(
        words["numbers.soldByMinute"] + several, most: bars.map { $0.gross[currency] ?? 0 }.max() ?? 0
      ) { words.money(Money(minor: $0, currency: currency)) }
      for (index, bar) in bars.enumerated() {
        guard let gross = bar.gross[currency], gross > 0 else { continue }
        let (left, right) = (x(bar: index), min(width, x(bar: index + 1)))
        let thin = min(1, (right - left) / 4)
        rects.append(
          .init(
            x: Self.text(left + thin / 2), y: Self.text(y(gross)), width: Self.text(max(0.5, right - left - thin)),
            height: Self.text(y(0) - y(gross)),
            title: "\(clock(Int64(index) * barMinutes * 60_000)) · "
              + words.plural("numbers.orderCount", bar.orders) + " · "
              + words.money(Money(minor: gross, currency: currency))))
      }
    }

    var spans: [ShowChart.Span] = []
    top += Self.gap
    for kind in ShowReport.Mark.Kind.allCases {
      let those = report.marks.filter { $0.kind == kind }
      guard !those.isEmpty else { continue }
      let height = kind == .pin ? Self.pinHeight : Self.spanHeight
      spans += those.map { span($0, top: top, height: height) }
      top += height + Self.gap
    }
    let height = top + Self.axisHeight
    return ShowChart.Drawing(
      name: name, width: Int(width), height: Int(height.rounded(.up)), lanes: lanes, grid: grid, marks: marks,
      times: times(y: top + 16), area: area, line: line, bars: rects, spans: spans)
  }

  private func middle(_ bar: Int) -> Double { (x(bar: bar) + min(width, x(bar: bar + 1))) / 2 }

  private func span(_ mark: ShowReport.Mark, top: Double, height: Double) -> ShowChart.Span {
    let left = min(x(mark.from), width - 4)
    let right = max(left + 4, x(mark.until ?? total))
    let kind = words["numbers.mark_\(mark.kind.rawValue)"]
    let times = "\(clock(mark.from))–\(mark.until.map(clock) ?? words["numbers.now"])"
    let letters = Int((right - left - 12) / Self.letter)
    var label: ShowChart.Text?
    if mark.kind == .pin, letters >= 4, !mark.title.isEmpty {
      let short = mark.title.count > letters ? mark.title.prefix(letters - 1) + "…" : mark.title[...]
      label = .init(x: Self.text(left + 7), y: Self.text(top + height / 2 + 4), text: String(short))
    }
    return .init(
      kind: mark.kind.rawValue, x: Self.text(left), y: Self.text(top), width: Self.text(max(3, right - left - 1)),
      height: Self.text(height), title: mark.title.isEmpty ? "\(kind) · \(times)" : "\(kind): \(mark.title) · \(times)",
      label: label)
  }

  private func times(y: Double) -> [ShowChart.Text] {
    let minutes = max(1, total / 60_000)
    let steps: [Int64] = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1_440]
    let step = steps.first { minutes / $0 <= ticks } ?? minutes / ticks + 1
    return stride(from: 0, through: minutes, by: Int(step)).compactMap { minute in
      let place = x(minute * 60_000)
      // The last would be cut off.
      guard minute == 0 || place < width - 24 else { return nil }
      return .init(x: Self.text(place), y: Self.text(y), text: clock(minute * 60_000))
    }
  }

  /// Times on the axis are of the show.
  private func clock(_ milliseconds: Int64) -> String { Figures.clock(milliseconds) }

  private func path(_ points: [(Double, Double)]) -> String {
    points.enumerated().map { "\($0 == 0 ? "M" : "L")\(Self.text($1.0)) \(Self.text($1.1))" }.joined(separator: " ")
  }

  private static func text(_ length: Double) -> String { ChartScale.text(length) }
}
