import Foundation
import Logging
import Synchronization
public import Store
public import Testing

/// The engines a rule is tested on: `@Test(arguments: Engine.allCases)`.
public enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case sqlite, postgres

  public var testDescription: String { rawValue }

  /// A database of the test's own, empty.
  public func database() async throws -> TestDatabase {
    switch self {
    case .sqlite:
      let directory = try Self.directory()
      return try await TestDatabase(location: .sqlite(path: Self.file(in: directory).path), directory: directory)
    case .postgres:
      return try await TestDatabase(location: PostgresServer.shared().emptyDatabase(), directory: nil)
    }
  }

  /// A database of the test's own, with a schema: a copy of one that was migrated once for all tests of this process.
  public func database(_ migrations: [Migration]) async throws -> TestDatabase {
    let template = try await Templates.shared.template(of: self, migrations)
    let test: TestDatabase
    switch template {
    case .sqlite(let path):
      let directory = try Self.directory()
      let file = Self.file(in: directory)
      try FileManager.default.copyItem(at: URL(filePath: path), to: file)
      test = try await TestDatabase(location: .sqlite(path: file.path), directory: directory)
    case .postgres(let url):
      test = try await TestDatabase(location: PostgresServer.shared().copy(of: url), directory: nil)
    }
    // Says so when the copy is not what it should be.
    try await test.database.migrate(migrations)
    return test
  }

  fileprivate static func directory() throws -> URL {
    let directory = place.appendingPathComponent("haat-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    return directory
  }

  fileprivate static func file(in directory: URL) -> URL { directory.appendingPathComponent("test.sqlite") }

  private static let place = Place.withRoom(for: 2 << 30)
}

/// Where tests keep what goes away with them.
enum Place {
  /// In memory, where there is so much of it: hundreds of tests at once that wait for a disk measure the disk.
  static func withRoom(for bytes: Int64) -> URL {
    let memory = "/dev/shm"
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: memory)
    guard FileManager.default.isWritableFile(atPath: memory), let free = attributes?[.systemFreeSize] as? NSNumber,
      free.int64Value > bytes
    else { return FileManager.default.temporaryDirectory }
    return URL(filePath: memory)
  }
}

/// Migrated databases that tests get copies of, one for each engine and schema.
private actor Templates {
  static let shared = Templates()

  private struct Key: Hashable {
    let engine: Engine
    let names: [String]
  }

  private var made: [Key: Task<DatabaseLocation, any Error>] = [:]

  func template(of engine: Engine, _ migrations: [Migration]) async throws -> DatabaseLocation {
    let key = Key(engine: engine, names: migrations.map(\.name))
    let task =
      made[key]
      ?? Task {
        let test = try await engine.database()
        try await test.database.migrate(migrations)
        // All of it in one file, and nobody in the way of copying it.
        await test.database.close()
        test.keep()
        return test.location
      }
    made[key] = task
    return try await task.value
  }
}

/// An empty database that goes away with the last reference to it.
public final class TestDatabase: Sendable {
  public let database: Database
  /// Where it is, for a second connection.
  public let location: DatabaseLocation
  private let directory: URL?
  private let isKept = Atomic(false)

  /// The address of a PostgreSQL database as `database.url` takes it; nil for a file.
  public var url: String? { if case .postgres(let url) = location { url } else { nil } }

  init(location: DatabaseLocation, directory: URL?) async throws {
    self.location = location
    self.directory = directory
    database = try await Database.open(location, logger: Logger(label: "test"))
  }

  /// Until the process ends.
  fileprivate func keep() {
    isKept.store(true, ordering: .relaxed)
    if let directory { Leftovers.remember(directory) }
  }

  deinit {
    if let directory, !isKept.load(ordering: .relaxed) { try? FileManager.default.removeItem(at: directory) }
  }
}

/// Directories that go away when the process ends in good order.
private enum Leftovers {
  private static let directories = Mutex<[URL]>([])

  static func remember(_ directory: URL) {
    let isFirst = directories.withLock { directories in
      directories.append(directory)
      return directories.count == 1
    }
    if isFirst { atexit { Leftovers.clean() } }
  }

  private static func clean() {
    for directory in directories.withLock({ $0 }) { try? FileManager.default.removeItem(at: directory) }
  }
}
