import ArgumentParser
import Commerce
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
    var logger = Logger(label: "haat") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let database = try await DataDirectory.openDatabase(settings, logger: logger)
    let report = try await Commerce(database: database, providers: PaymentProviders([])).audit()
    await database.close()
    Output.line(report.summary)
    guard report.differences.isEmpty else { throw ExitCode(1) }
  }
}
