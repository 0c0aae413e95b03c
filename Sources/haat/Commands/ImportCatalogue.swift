import ArgumentParser
import Commerce
import Foundation
import Logging
import Store

/// `haat import`.
struct ImportCatalogue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Imports a product CSV as Shopify writes it into a channel.",
    discussion:
      "Rows that are refused are named with their line and why; the rest is imported (exit status 1 then).\n\n"
      + SettingsOptions.table)

  @Argument(help: "The CSV file, UTF-8.")
  var file: String

  @Option(help: "The handle of the channel that sells the products.")
  var channel: String

  @Option(help: "The market whose prices the file holds, like IN.")
  var market: String

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    let settings = try options.read()
    guard let csv = FileManager.default.contents(atPath: file) else {
      throw UsageProblem(sentence: "“\(file)” cannot be read. Check that the file exists and may be read.")
    }
    var logger = Logger(label: "haat") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let database = try await DataDirectory.openDatabase(settings, logger: logger)
    let commerce = Commerce(
      database: database, policy: Tunable.tuned(Policy(), by: Tunable.all, from: settings),
      providers: PaymentProviders([]))
    do {
      let (report, pictures) = try await take([UInt8](csv), into: commerce, settings)
      await database.close()
      for refused in report.refused {
        let name = refused.handle.isEmpty ? "" : refused.handle + ": "
        Output.error("\(file):\(refused.line): \(name)\(refused.why)")
      }
      Output.line(
        "\(report.made) products made, \(report.changed) changed, \(report.refused.count) refused, "
          + "\(pictures) pictures added.")
      guard report.refused.isEmpty else { throw ExitCode(1) }
    } catch let refusal as any Refusal {
      await database.close()
      throw UsageProblem(sentence: refusal.sentence)
    }
  }

  private func take(
    _ csv: [UInt8], into commerce: Commerce, _ settings: Settings
  ) async throws -> (ImportReport, pictures: Int) {
    let (seller, owner) = try await commerce.channelAndOwner(handle: channel)
    let report = try await commerce.importProducts(by: owner, channel: seller, csv: csv, market: market)
    let pictures = try await PictureFiles(
      commerce: commerce, dataDirectory: settings.text("data.directory"),
      folder: URL(filePath: file).deletingLastPathComponent()
    ).add(report.pictures, by: owner)
    return (report, pictures)
  }
}
