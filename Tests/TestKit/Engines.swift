import Foundation
import Logging
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
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent("haat-test-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
      return try await TestDatabase(
        location: .sqlite(path: directory.appendingPathComponent("test.sqlite").path), directory: directory)
    case .postgres:
      return try await TestDatabase(location: PostgresServer.shared().emptyDatabase(), directory: nil)
    }
  }
}

/// An empty database that goes away with the last reference to it.
public final class TestDatabase: Sendable {
  public let database: Database
  /// Where it is, for a second connection.
  public let location: DatabaseLocation
  private let directory: URL?

  /// The address of a PostgreSQL database as `database.url` takes it; nil for a file.
  public var url: String? { if case .postgres(let url) = location { url } else { nil } }

  init(location: DatabaseLocation, directory: URL?) async throws {
    self.location = location
    self.directory = directory
    database = try await Database.open(location, logger: Logger(label: "test"))
  }

  deinit {
    if let directory { try? FileManager.default.removeItem(at: directory) }
  }
}
