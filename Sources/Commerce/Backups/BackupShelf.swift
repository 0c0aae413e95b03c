import Crypto
import Dispatch
import Foundation
import Store

/// The backups of one installation, in a directory: files with a manifest each. One is made at a time.
public actor BackupShelf {
  /// How it stands with the one that is being made, and with the last that failed.
  public struct Progress: Sendable, Equatable {
    public var began: Moment?
    public var failure: BackupRefusal?
    public var failed: Moment?
  }

  /// Manifests that are looked at.
  private static let countMax = 1_000

  public nonisolated let configuration: BackupConfiguration
  private let commerce: Commerce
  public private(set) var progress = Progress()

  public init(commerce: Commerce, configuration: BackupConfiguration) {
    self.commerce = commerce
    self.configuration = configuration
  }

  /// The newest first. One whose file is gone, or has another length, is none.
  public func all() -> [Backup] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: configuration.directory)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().suffix(Self.countMax).compactMap { name in
      guard let data = FileManager.default.contents(atPath: "\(configuration.directory)/\(name)"),
        let backup = try? JSONDecoder().decode(Backup.self, from: data), "\(backup.name).json" == name,
        !backup.name.contains("/"), Self.size(path(of: backup)) == backup.bytes
      else { return nil }
      return backup
    }.sorted { ($0.made, $0.name) > ($1.made, $1.name) }
  }

  /// Throws `GeneralRefusal.notFound`.
  public func backup(_ name: String) throws -> Backup {
    guard let found = all().first(where: { $0.name == name }) else { throw GeneralRefusal.notFound("backup") }
    return found
  }

  public nonisolated func path(of backup: Backup) -> String { "\(configuration.directory)/\(backup.name)" }

  /// Makes one now. Throws `BackupRefusal`, which is kept in `progress`.
  @discardableResult
  public func make(_ cause: Backup.Cause) async throws -> Backup {
    guard progress.began == nil else { throw BackupRefusal.underWay }
    progress.began = commerce.clock.now
    defer { progress.began = nil }
    do {
      let backup = try await write(cause)
      (progress.failure, progress.failed) = (nil, nil)
      return backup
    } catch {
      let refusal = Self.refusal(error)
      (progress.failure, progress.failed) = (refusal, commerce.clock.now)
      throw refusal
    }
  }

  /// Makes one when it is time, and takes away those that were made by themselves and are too many. Gives how many were
  /// made.
  public func makeIfDue() async throws -> Int {
    guard configuration.everyHours > 0, progress.began == nil else { return 0 }
    let now = commerce.clock.now
    let wait = configuration.everyHours * 3_600_000
    // After one that failed an hour is waited, so that neither the log nor the disk is filled with it.
    if let failed = progress.failed, now.milliseconds(since: failed) < min(wait, 3_600_000) { return 0 }
    if let last = all().first(where: { $0.cause == .schedule }), now.milliseconds(since: last.made) < wait { return 0 }
    try await make(.schedule)
    for old in all().filter({ $0.cause == .schedule }).dropFirst(Int(clamping: max(1, configuration.keep))) {
      try remove(old.name)
    }
    return 1
  }

  /// Reads one again, all of it. Throws `BackupRefusal.damaged`.
  @discardableResult
  public func verify(_ name: String) async throws -> Backup {
    var backup = try backup(name)
    let path = path(of: backup)
    guard try await Self.digest(of: path) == backup.sha256 else {
      throw BackupRefusal.damaged("its bytes are not those that were written")
    }
    if backup.name.hasSuffix(".sqlite") {
      do {
        guard try await Database.check(sqliteBackup: path).rows == backup.rows else {
          throw BackupRefusal.damaged("its rows are not those that were counted")
        }
      } catch let fault as BackupFault {
        throw BackupRefusal.damaged("\(fault)")
      }
    }
    backup.verified = commerce.clock.now
    try keep(backup)
    return backup
  }

  public func remove(_ name: String) throws {
    let backup = try backup(name)
    // The manifest last: a file without one is nobody's, a manifest without a file is passed over.
    try FileManager.default.removeItem(atPath: path(of: backup))
    try FileManager.default.removeItem(atPath: path(of: backup) + ".json")
  }

  private func write(_ cause: Backup.Cause) async throws -> Backup {
    let clock = commerce.clock
    let start = ContinuousClock.now
    let made = clock.now
    try FileManager.default.createDirectory(
      atPath: configuration.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let size = try await commerce.databaseSize()
    let needed = size.bytes + size.bytes / 4
    if let free = Self.free(configuration.directory), free < needed {
      throw BackupRefusal.noSpace(needed: needed, free: free)
    }
    let digits = made.description.prefix(19).filter { $0 != "-" && $0 != ":" }
    let mark = Hexadecimal.text(commerce.entropy.bytes(2))
    let ending = commerce.database.engine == .sqlite ? "sqlite" : "dump"
    let name = "haat-\(digits)Z-\(mark).\(ending)"
    let (part, whole) = ("\(configuration.directory)/\(name).part", "\(configuration.directory)/\(name)")
    let contents = try await commerce.database.backUp(to: part)
    do {
      let backup = Backup(
        name: name, made: made, cause: cause, engine: size.engine, bytes: Self.size(part) ?? 0,
        sha256: try await Self.digest(of: part), schema: contents.schema, rows: contents.rows, verified: clock.now,
        milliseconds: Self.milliseconds(since: start), vault: commerce.vault.mark)
      try FileManager.default.moveItem(atPath: part, toPath: whole)
      try keep(backup)
      return backup
    } catch {
      try? FileManager.default.removeItem(atPath: part)
      throw error
    }
  }

  /// Writes the manifest, and makes both names durable.
  private func keep(_ backup: Backup) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let path = path(of: backup) + ".json"
    try encoder.encode(backup).write(to: URL(filePath: path), options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let directory = open(configuration.directory, O_RDONLY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }

  private static func refusal(_ error: any Error) -> BackupRefusal {
    switch error {
    case let refusal as BackupRefusal: refusal
    case BackupFault.programMissing(let name): .programMissing(name)
    case let fault as BackupFault: .failed("\(fault)")
    case let fault as StoreFault: .failed("\(fault)")
    default: .failed(error.localizedDescription)
    }
  }

  private static func milliseconds(since start: ContinuousClock.Instant) -> Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000
  }

  private static func size(_ path: String) -> Int64? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.int64Value
  }

  private static func free(_ path: String) -> Int64? {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
  }

  /// Read on a thread that may block.
  public static func digest(of path: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(
          with: Result {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            var hash = SHA256()
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
            return Hexadecimal.text(Array(hash.finalize()))
          })
      }
    }
  }
}

extension Commerce {
  /// Throws `GeneralRefusal` for anybody but an operator: for what is not in the database.
  public func requireOperator(_ caller: Caller) async throws {
    try await database.read { db in _ = try caller.requireOperator(in: db) }
  }

  /// Whether somebody who is signed in is there in person: for what a session that was left open should not do.
  ///
  /// - Throws: `PeopleRefusal.wrongEmailOrPassword`, `.tooManyAttempts`, `.busy`, `GeneralRefusal.signInNeeded`.
  public func confirm(_ caller: Caller, password: String, address: String) async throws {
    let id = try caller.requireAccount()
    let found = try await database.read { db in
      try db.row("SELECT email, password_hash FROM account WHERE id = \(id)").map { row in
        (try row.get("email", as: String.self), try row.get("password_hash", as: String.self))
      }
    }
    guard let found, password.utf8.count <= policy.passwordBytesMax else { throw PeopleRefusal.wrongEmailOrPassword }
    try attempts.take(address: address, email: found.0, at: clock.now)
    guard try await passwords.verify(password, against: found.1) else { throw PeopleRefusal.wrongEmailOrPassword }
  }
}
