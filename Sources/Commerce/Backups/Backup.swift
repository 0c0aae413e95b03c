import Foundation

/// A copy of the whole database, in a file with a manifest beside it.
public struct Backup: Sendable, Codable, Equatable {
  /// Why it was made.
  public enum Cause: String, Sendable, Codable, CaseIterable {
    /// It was time.
    case schedule
    /// An operator asked for it.
    case `operator`
    /// `haat backup`.
    case command
  }

  /// Of its file: `haat-20261129T181500Z-1f3a.sqlite`, or `….dump` of PostgreSQL.
  public let name: String
  public let made: Moment
  public let cause: Cause
  public let engine: String
  public let bytes: Int64
  /// Of the file, in hexadecimal digits.
  public let sha256: String
  /// The last step of the schema.
  public let schema: String
  /// Rows by table.
  public let rows: [String: Int64]
  /// When all of it was read again and found right.
  public var verified: Moment
  public let milliseconds: Int64
  /// By what it is known with which secret things in it are sealed: `Vault.mark`.
  public let vault: String

  public var orders: Int64 { rows["orders"] ?? 0 }
  public var total: Int64 { rows.values.reduce(0, &+) }
}

/// Where backups are, and how often one is made.
public struct BackupConfiguration: Sendable {
  public var directory = "haat-data/backups"
  /// Hours between two that are made by themselves; 0 for none.
  public var everyHours: Int64 = 24
  /// As many of those that were made by themselves are kept.
  public var keep: Int64 = 14

  public init() {}
}

extension Vault {
  /// By what its secret is known again, without telling anything of it.
  public var mark: String { Hexadecimal.text(keyedDigest("backup")) }
}

/// Why a backup was not made, found or removed.
public enum BackupRefusal: Refusal, Equatable {
  case underWay
  case noSpace(needed: Int64, free: Int64)
  case programMissing(String)
  case failed(String)
  case damaged(String)

  public var code: String {
    switch self {
    case .underWay: "backup_under_way"
    case .noSpace: "backup_no_space"
    case .programMissing: "backup_no_program"
    case .failed: "backup_failed"
    case .damaged: "backup_damaged"
    }
  }

  public var sentence: String {
    switch self {
    case .underWay: "A backup is being made already. Wait for it."
    case .noSpace(let needed, let free):
      "The disk has \(free / 1_000_000) MB free, and a backup needs about \(needed / 1_000_000) MB."
    case .programMissing(let name): "\(name) is not installed where the server runs. Install postgresql-client."
    case .failed(let why): "The backup could not be made: \(why)"
    case .damaged(let why): "The backup is damaged: \(why). Make another."
    }
  }

  public var kind: RefusalKind { .conflict }
}
