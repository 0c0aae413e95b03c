import Foundation
import Logging
import Store
import TestKit
import Testing

@testable import Commerce

/// Backups: made beside what goes on, read back, kept for as long as is wanted, and restored to books that balance.
@Suite(.timeLimit(.minutes(4))) struct BackupTests {
  private struct House {
    let stall: Stall
    let shelf: BackupShelf
    let directory: URL

    init(_ engine: Engine, everyHours: Int64 = 24, keep: Int64 = 2) async throws {
      stall = try await Stall(engine, prices: [129_900], units: 60)
      directory = FileManager.default.temporaryDirectory.appending(path: "haat-backup-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      var configuration = BackupConfiguration()
      configuration.directory = directory.appending(path: "backups").path
      (configuration.everyHours, configuration.keep) = (everyHours, keep)
      shelf = BackupShelf(commerce: stall.commerce, configuration: configuration)
    }

    func clean() { try? FileManager.default.removeItem(at: directory) }

    /// A fresh place for a database.
    func place(_ engine: Engine) async throws -> (location: DatabaseLocation, keeper: TestDatabase?) {
      switch engine {
      case .sqlite: return (.sqlite(path: directory.appending(path: "restored.sqlite").path), nil)
      case .postgres:
        let empty = try await Engine.postgres.database()
        return (empty.location, empty)
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a backup is restored into a fresh place, and its books balance`(engine: Engine) async throws {
    let house = try await House(engine)
    defer { house.clean() }
    let (stall, shelf) = (house.stall, house.shelf)
    for _ in 0..<3 { _ = try await stall.sell() }
    let backup = try await shelf.make(.operator)
    #expect(backup.orders == 3 && backup.rows["channel"] == 1 && (backup.rows["ledger_entry"] ?? 0) > 0)
    #expect(backup.schema == (try Commerce.migrations.last?.name) && backup.bytes > 10_000)
    #expect(backup.engine == (engine == .sqlite ? "SQLite" : "PostgreSQL"))
    // What happens later is not in it.
    _ = try await stall.sell()
    let path = shelf.path(of: backup)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)

    let place = try await house.place(engine)
    try await Database.restore(path, to: place.location)
    let restored = try await Database.open(place.location, logger: Logger(label: "restored"))
    try await restored.migrate(Commerce.migrations)
    let report = try await Commerce(database: restored, providers: PaymentProviders([])).audit()
    #expect(report.differences.isEmpty, "\(report.summary)")
    let orders = try await restored.read { db in
      try db.requireRow("SELECT COUNT(*) AS count FROM orders").get("count", as: Int64.self)
    }
    #expect(orders == 3)
    await restored.close()
    // A second time it is there already, and nothing is overwritten.
    await #expect(throws: BackupFault.self) { try await Database.restore(path, to: place.location) }
  }

  @Test func `what is damaged is not restored, and said to be`() async throws {
    let house = try await House(.sqlite)
    defer { house.clean() }
    _ = try await house.stall.sell()
    let backup = try await house.shelf.make(.operator)
    house.stall.clock.advance(seconds: 60)
    #expect(try await house.shelf.verify(backup.name).verified > backup.verified)
    let path = house.shelf.path(of: backup)
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.seek(toOffset: UInt64(backup.bytes / 2))
    try file.write(contentsOf: Data(repeating: 0x5A, count: 8_192))
    try file.close()
    await #expect(throws: BackupRefusal.self) { try await house.shelf.verify(backup.name) }
    let target = house.directory.appending(path: "restored.sqlite").path
    await #expect(throws: BackupFault.self) { try await Database.restore(path, to: .sqlite(path: target)) }
    #expect(!FileManager.default.fileExists(atPath: target))
    let other = house.directory.appending(path: "other.sqlite").path
    try Data("no database".utf8).write(to: URL(filePath: other))
    await #expect(throws: BackupFault.self) { try await Database.restore(other, to: .sqlite(path: target)) }
  }

  @Test func `one is made a day, and the newest are kept, and those asked for`() async throws {
    let house = try await House(.sqlite, everyHours: 24, keep: 2)
    defer { house.clean() }
    let (shelf, clock) = (house.shelf, house.stall.clock)
    let asked = try await shelf.make(.operator)
    #expect(try await shelf.makeIfDue() == 1, "one that was asked for is not the day's")
    #expect(try await shelf.makeIfDue() == 0)
    clock.advance(seconds: 23 * 3_600)
    #expect(try await shelf.makeIfDue() == 0)
    for _ in 0..<3 {
      clock.advance(days: 1)
      #expect(try await shelf.makeIfDue() == 1)
    }
    let all = await shelf.all()
    #expect(all.map(\.cause) == [.schedule, .schedule, .operator] && all.last == asked)
    #expect(all.map(\.made) == all.map(\.made).sorted(by: >))
    let files = try FileManager.default.contentsOfDirectory(atPath: shelf.configuration.directory)
    #expect(files.count == 6, "\(files)")
    try await shelf.remove(asked.name)
    await #expect(throws: GeneralRefusal.self) { try await shelf.remove("../restored.sqlite") }
    #expect(await shelf.all().count == 2)
  }

  @Test func `none is made by itself where nobody wants any, and one that failed waits`() async throws {
    let house = try await House(.sqlite, everyHours: 0)
    defer { house.clean() }
    #expect(try await house.shelf.makeIfDue() == 0)
    var configuration = BackupConfiguration()
    configuration.directory = house.directory.appending(path: "file").path
    try Data().write(to: URL(filePath: configuration.directory))
    let broken = BackupShelf(commerce: house.stall.commerce, configuration: configuration)
    await #expect(throws: BackupRefusal.self) { try await broken.makeIfDue() }
    #expect(await broken.progress.failure != nil)
    #expect(try await broken.makeIfDue() == 0, "an hour later")
    #expect(await broken.all().isEmpty)
  }
}
