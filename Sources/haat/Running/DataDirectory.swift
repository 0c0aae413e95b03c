import Commerce
import Foundation
import Logging
import Store

/// `haat-data/`: what one installation keeps on disk.
enum DataDirectory {
  /// Makes the directory where it is missing, readable by its owner only: it holds addresses and hashes.
  static func prepare(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StartFault(
        sentence:
          "the data directory “\(path)” cannot be made; choose another with --data-directory (\(error.localizedDescription))"
      )
    }
  }

  /// Opens the database the settings name and brings its schema up to date.
  static func openDatabase(_ settings: Settings, logger: Logger) async throws -> Database {
    let directory = settings.text("data.directory")
    try prepare(directory)
    let url = settings.text("database.url")
    do {
      let location = url.isEmpty ? .sqlite(path: directory + "/haat.sqlite") : try DatabaseLocation(url)
      let database = try await Database.open(location, logger: logger)
      try await database.migrate(Commerce.migrations)
      return database
    } catch {
      throw StartFault(sentence: "the database cannot be opened: \(error)")
    }
  }

  /// A secret this installation made for itself at its first start, kept in a file of its owner's.
  static func secret(_ name: String, in directory: String) throws -> [UInt8] {
    let path = directory + "/" + name
    if let kept = FileManager.default.contents(atPath: path), kept.count == 32 { return [UInt8](kept) }
    let fresh = Entropy.system.bytes(32)
    try write(Data(fresh), to: path)
    return fresh
  }

  /// Writes a small file that only its owner may read.
  static func write(_ data: Data, to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600]) else {
      throw StartFault(sentence: "“\(path)” cannot be written; check who owns the data directory")
    }
  }
}
