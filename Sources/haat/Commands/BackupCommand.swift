import ArgumentParser
import Commerce
import Foundation
import Logging
import Store

/// `haat backup`.
struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Makes a backup of the database, beside a server that may be running, and reads it back.",
    discussion: SettingsOptions.table)

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    let settings = try options.read()
    let directory = settings.text("data.directory")
    let isThere = FileManager.default.fileExists(atPath: directory + "/haat.sqlite")
    guard isThere || !settings.text("database.url").isEmpty else {
      throw StartFault(sentence: "there is no database in “\(directory)”; name its place with --data-directory")
    }
    let (database, vault) = try await Self.house(settings)
    let commerce = Commerce(database: database, providers: PaymentProviders([]), vault: vault)
    let shelf = BackupShelf(commerce: commerce, configuration: settings.backups)
    do {
      let backup = try await shelf.make(.command)
      await database.close()
      Output.line(shelf.path(of: backup))
      Output.line("  \(backup.bytes) bytes, \(backup.total) rows, \(backup.orders) orders, schema \(backup.schema)")
      Output.line("  sha256 \(backup.sha256)")
    } catch let refusal as BackupRefusal {
      await database.close()
      throw StartFault(sentence: refusal.sentence)
    }
  }

  /// The database as it is, its schema brought up to date, and what things in it are sealed with.
  static func house(_ settings: Settings) async throws -> (Database, Vault) {
    var logger = Logger(label: "haat") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let database = try await DataDirectory.openDatabase(settings, logger: logger)
    let secret = try DataDirectory.secret("vault-secret", in: settings.text("data.directory"))
    return (database, Vault(secret: secret))
  }
}

/// `haat restore FILE`.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract:
      "Makes a new database of a backup, where there is none, and audits its books. Exit status 1 at a difference.",
    discussion: SettingsOptions.table)

  @Argument(help: "The backup: a .sqlite file, or a .dump of PostgreSQL with --database-url.") var file: String
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    let settings = try options.read()
    guard FileManager.default.isReadableFile(atPath: file) else {
      throw StartFault(sentence: "there is no file “\(file)” that can be read")
    }
    let manifest = FileManager.default.contents(atPath: file + ".json").flatMap {
      try? JSONDecoder().decode(Backup.self, from: $0)
    }
    if let manifest, try await BackupShelf.digest(of: file) != manifest.sha256 {
      throw StartFault(sentence: "“\(file)” is damaged: it is not what its manifest speaks of; take another backup")
    }
    let (directory, url) = (settings.text("data.directory"), settings.text("database.url"))
    try DataDirectory.prepare(directory)
    do {
      try await Database.restore(
        file, to: url.isEmpty ? .sqlite(path: directory + "/haat.sqlite") : DatabaseLocation(url))
    } catch let fault as BackupFault {
      throw StartFault(sentence: "“\(file)” was not restored: \(fault)")
    } catch let fault as StoreFault {
      throw StartFault(sentence: "“\(file)” was not restored: \(fault)")
    }
    let hadSecret = FileManager.default.fileExists(atPath: directory + "/vault-secret")
    let (database, vault) = try await BackupCommand.house(settings)
    let report = try await Commerce(database: database, providers: PaymentProviders([])).audit()
    await database.close()
    Output.line("Restored into \(url.isEmpty ? directory : "the database of --database-url").")
    Output.line(report.summary)
    if let manifest, manifest.vault != vault.mark {
      Output.line(
        "The secret that bank accounts, stream targets and webhooks are sealed with is "
          + (hadSecret ? "another" : "not there")
          + ": bring “vault-secret” of the old data directory into “\(directory)”, or they have to be set again.")
    }
    guard report.differences.isEmpty else { throw ExitCode(1) }
  }
}
