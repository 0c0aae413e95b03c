import ArgumentParser
import Commerce
import Foundation
import Logging
import Store

/// `haat audit`.
struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Re-derives every balance and stock from the journals and compares. Exit status 1 at a difference.",
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
    let report = try await Commerce(database: database, providers: PaymentProviders([])).audit()
    await database.close()
    Output.line(report.summary)
    guard report.differences.isEmpty else { throw ExitCode(1) }
  }
}
