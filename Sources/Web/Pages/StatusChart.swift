import Commerce
import Foundation

/// One of the operator's charts: a few lines over the last hour or day, drawn here as SVG, and the same as a table.
struct StatusChart: Sendable {
  struct Line: Sendable {
    /// `first`, `second` or `third`: its colour and dashes.
    let kind: String
    /// Empty where there is nothing to draw.
    let path: String
    let area: String
    let isFirst: Bool
  }

  struct Key: Sendable {
    let kind: String
    let name: String
  }

  struct Row: Sendable {
    let whenISO: String
    let whenText: String
    let cells: [String]
  }

  let id: String
  let title: String
  /// How it is now.
  let nowText: String
  let hint: String?
  /// What the drawing shows, in a sentence.
  let summary: String
  let width = Int(StatusChart.width)
  let height = Int(StatusChart.height)
  let grid: [ShowChart.Line]
  let marks: [ShowChart.Text]
  let times: [ShowChart.Text]
  let lines: [Line]
  let keys: [Key]
  let hasKeys: Bool
  let columns: [String]
  let rows: [Row]
  /// Something is wrong with the last of it.
  let isBad: Bool

  private static let width = 360.0
  private static let height = 148.0
  private static let head = 18.0
  private static let foot = 122.0

  /// What is drawn as one line.
  struct Series: Sendable {
    let name: String
    /// Of a step of the chart; nil where there was nothing to measure.
    let value: @Sendable (StatusFigures) -> Int64?
  }

  /// - Parameters:
  ///   - scale: the steps of the axis are round numbers of this many.
  ///   - text: a value as people read it.
  init(
    _ id: String, _ history: StatusHistory, _ words: Words, series: [Series], scale: Int64 = 1, now: String,
    hint: String? = nil, isBad: Bool = false, text: (Int64) -> String
  ) {
    self.id = id
    self.isBad = isBad
    title = words["status.chart_\(id)"]
    nowText = now
    self.hint = hint
    let values = series.map { series in history.steps.map { $0.figures.flatMap(series.value) } }
    let peak = values.flatMap { $0.compactMap(\.self) }.max() ?? 0
    let most = ChartScale.nice((peak + scale - 1) / scale) * scale
    summary =
      words[
        "status.chartText",
        [
          "title": title, "range": words["status.last_\(history.range.rawValue)"], "peak": text(peak), "now": now,
        ]]
    func y(_ value: Int64) -> Double { Self.foot - Double(value) / Double(most) * (Self.foot - Self.head) }
    var (grid, marks): ([ShowChart.Line], [ShowChart.Text]) = ([], [])
    for value in [most, most / 2, 0] where value == 0 || value == most || (most / scale) >= 2 {
      let place = ChartScale.text(y(value))
      grid.append(.init(x: "0", y: place, toX: ChartScale.text(Self.width), toY: place))
      if value > 0 {
        marks.append(.init(x: "0", y: ChartScale.text(y(value) - 4), text: text(value)))
      }
    }
    (self.grid, self.marks) = (grid, marks)
    let step = Self.width / Double(max(1, history.steps.count))
    lines = zip(["first", "second", "third"], values).enumerated().map { index, pair in
      let (kind, values) = pair
      let (path, area) = Self.draw(values, step: step, y)
      return Line(kind: kind, path: path, area: index == 0 ? area : "", isFirst: index == 0)
    }
    times = history.marks.map { mark in
      .init(x: ChartScale.text(mark.share * Self.width), y: ChartScale.text(Self.foot + 18), text: mark.text(words))
    }
    keys = series.count < 2 ? [] : zip(["first", "second", "third"], series).map { Key(kind: $0, name: $1.name) }
    hasKeys = series.count > 1
    columns = series.map(\.name)
    rows = history.rows.map { row in
      Row(
        whenISO: row.at.description, whenText: row.at.plainText,
        cells: series.map { series in row.figures.flatMap(series.value).map(text) ?? "–" })
    }
  }

  /// The line, broken where nothing was measured, and what is below it.
  private static func draw(
    _ values: [Int64?], step: Double, _ y: (Int64) -> Double
  ) -> (path: String, area: String) {
    var (path, area) = ("", "")
    var run: [(Double, Double)] = []
    func end() {
      guard let first = run.first, let last = run.last else { return }
      // A lone step is as wide as a step.
      if run.count == 1 { run = [(first.0 - step / 2, first.1), (first.0 + step / 2, first.1)] }
      let points = run.map { "\(ChartScale.text($0.0)) \(ChartScale.text($0.1))" }.joined(separator: " L")
      path += "M\(points) "
      let (from, to) = (run.first?.0 ?? first.0, run.last?.0 ?? last.0)
      let ground = ChartScale.text(foot)
      area += "M\(points) L\(ChartScale.text(to)) \(ground) L\(ChartScale.text(from)) \(ground) Z "
      run = []
    }
    for (place, value) in values.enumerated() {
      guard let value else {
        end()
        continue
      }
      run.append(((Double(place) + 0.5) * step, y(value)))
    }
    end()
    return (path, area)
  }
}

/// What the charts are of: steps from the oldest to now.
struct StatusHistory: Sendable {
  enum Range: String, Sendable, CaseIterable, Codable {
    case hour, day

    /// Minutes of a step, of a row of the table, and of all.
    var step: Int64 { self == .hour ? 1 : 15 }
    var row: Int64 { self == .hour ? 5 : 60 }
    var minutes: Int64 { self == .hour ? 60 : 24 * 60 }
  }

  struct Step: Sendable {
    let at: Moment
    /// Nil where no process was running.
    let figures: StatusFigures?
  }

  struct Mark: Sendable {
    let share: Double
    let minutesAgo: Int64

    func text(_ words: Words) -> String {
      if minutesAgo == 0 { return words["status.now"] }
      return minutesAgo < 120
        ? words["status.minutesAgo", ["count": "\(minutesAgo)"]]
        : words["status.hoursAgo", ["count": "\(minutesAgo / 60)"]]
    }
  }

  let range: Range
  let steps: [Step]
  /// The newest first.
  let rows: [Step]
  /// The whole minute before this one, or this one where it is all there is.
  let latest: StatusFigures
  /// All of it.
  let total: StatusFigures
  let processes: Set<ID<ServerProcess>>

  /// - Parameter minutes: of all processes, this one's running minute included.
  init(_ minutes: [StatusMinute], _ range: Range, at now: Moment) {
    self.range = range
    let running = now.milliseconds / 60_000
    var byMinute: [Int64: StatusFigures] = [:]
    for minute in minutes {
      if byMinute[minute.minute] == nil {
        byMinute[minute.minute] = minute.figures
      } else {
        byMinute[minute.minute]?.join(minute.figures)
      }
    }
    func steps(of length: Int64) -> [Step] {
      // They end with the minute that is running.
      let first = running - range.minutes + 1
      return stride(from: first, through: running, by: Int(length)).map { from in
        let within = (from..<from + length).compactMap { byMinute[$0] }
        var sum = within.first
        for later in within.dropFirst() { sum?.follow(later) }
        return Step(at: Moment(milliseconds: from * 60_000), figures: sum)
      }
    }
    self.steps = steps(of: range.step)
    rows = Array(steps(of: range.row).reversed())
    latest = byMinute[running - 1] ?? byMinute[running] ?? StatusFigures()
    var total = StatusFigures()
    for step in self.steps { if let figures = step.figures { total.follow(figures) } }
    self.total = total
    processes = Set(minutes.filter { $0.minute >= running - 1 }.map(\.process))
  }

  /// Three: on a phone there is room for no more.
  var marks: [Mark] {
    [0, 1, 2].map { Mark(share: Double($0) / 2, minutesAgo: range.minutes * (2 - $0) / 2) }
  }
}

/// The axes of our drawings.
enum ChartScale {
  static func text(_ length: Double) -> String { String(format: "%.1f", length) }

  /// One digit and zeros, of which half is no odd number: as much as `value` or more, at least 1.
  static func nice(_ value: Int64) -> Int64 {
    var unit: Int64 = 1
    while unit < value {
      for times: Int64 in [2, 3, 4, 5, 6, 8, 10] where unit * times >= value { return unit * times }
      // Of more than can be there.
      guard unit < Int64.max / 100 else { return value }
      unit *= 10
    }
    return unit
  }
}
