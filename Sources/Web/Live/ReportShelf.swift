import Commerce

/// The reports that were made last, so that asking for a big one over and over costs little: one that took long is made
/// anew after twenty times as long, for everybody, and after half a minute at last. What takes no time is always of now.
actor ReportShelf {
  private struct Entry {
    let report: ShowReport
    let goodUntil: ContinuousClock.Instant
  }

  private static let timesAsLong = 20
  /// Less than this is no time.
  private static let quick = Duration.milliseconds(50)
  private static let longest = Duration.seconds(30)
  private static let entriesMax = 64

  private let commerce: Commerce
  private var entries: [ID<Show>: Entry] = [:]
  private var making: [ID<Show>: Task<ShowReport, any Error>] = [:]

  init(commerce: Commerce) { self.commerce = commerce }

  /// Throws as `Commerce.report` does.
  func report(of show: ID<Show>, by caller: Caller) async throws -> ShowReport {
    try await commerce.requireReport(of: show, by: caller)
    if let entry = entries[show], entry.goodUntil > .now { return entry.report }
    if let task = making[show] { return try await task.value }
    guard entries[show] != nil else { return try await make(show) }
    // It took long before: whoever asks meanwhile gets the same.
    let task = Task { try await make(show) }
    making[show] = task
    defer { making[show] = nil }
    return try await task.value
  }

  private func make(_ show: ID<Show>) async throws -> ShowReport {
    let (report, took) = try await commerce.makeReport(of: show)
    guard took >= Self.quick else {
      entries[show] = nil
      return report
    }
    if entries.count >= Self.entriesMax, let oldest = entries.min(by: { $0.value.goodUntil < $1.value.goodUntil }) {
      entries[oldest.key] = nil
    }
    entries[show] = Entry(report: report, goodUntil: .now + min(took * Self.timesAsLong, Self.longest))
    return report
  }
}
