import ArgumentParser
import Commerce
import Foundation
import Logging
import Media
import Store

/// `haat recordings …`.
struct RecordingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recordings", abstract: "Looks after the recordings of shows.", subcommands: [Verify.self])

  /// `haat recordings verify`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: """
        Reads every recording and compares it with its index: sizes, checksums, continuity. Exit status 1 at a difference.
        """,
      discussion: SettingsOptions.table)

    @OptionGroup var options: SettingsOptions

    func run() async throws {
      let settings = try options.read()
      let directory = settings.text("data.directory")
      let isThere = FileManager.default.fileExists(atPath: directory + "/haat.sqlite")
      guard isThere || !settings.text("database.url").isEmpty else {
        throw StartFault(sentence: "there is no database in “\(directory)”; name its place with --data-directory")
      }
      var logger = Logger(label: "haat") { StreamLogHandler.standardError(label: $0) }
      logger.logLevel = .warning
      let database = try await DataDirectory.openDatabase(settings, logger: logger)
      let kept = try await Commerce(database: database, providers: PaymentProviders([])).keptRecordings()
      await database.close()
      var configuration = RecordingConfiguration()
      configuration.directory = directory + "/media"
      let recordings = Recordings(configuration: configuration, logger: logger)
      guard try await Self.verify(recordings, kept) == 0 else { throw ExitCode(1) }
    }

    /// Prints what it finds, and gives the number of differences.
    private static func verify(_ recordings: Recordings, _ kept: [Recording]) async throws -> Int {
      var expected = Dictionary(kept.map { ($0.show.description, $0) }) { first, _ in first }
      var differences = 0
      var count = 0
      var bytes: Int64 = 0
      for name in try await recordings.all() {
        var report = try await recordings.verify(name)
        if let known = expected.removeValue(forKey: name), let found = report.summary, found.bytes != known.bytes {
          report.differences.append("it has \(found.bytes) bytes, and had \(known.bytes) when it was complete")
        }
        count += 1
        bytes += report.summary?.bytes ?? 0
        differences += report.differences.count
        Output.line(line(report))
        for sentence in report.differences { Output.line("  difference: \(sentence)") }
        for sentence in report.notes { Output.line("  note: \(sentence)") }
      }
      for name in expected.keys.sorted() {
        differences += 1
        Output.line("\(name): its files are missing")
      }
      let end = differences == 0 ? "all as their indexes say" : "\(differences) differences"
      Output.line("\(count) recordings, \(bytes) bytes: \(end)")
      return differences
    }

    private static func line(_ report: RecordingReport) -> String {
      guard let summary = report.summary else { return "\(report.id): empty" }
      return
        "\(report.id): \(summary.segments) segments in \(report.files) files, \(summary.bytes) bytes, \(summary.durationMilliseconds / 1000) s"
    }
  }
}
