import Foundation
public import Logging
public import Store

/// What Haat is: the rules of the market and their tables. Every verb is an extension of this value.
///
/// A verb checks its caller's role inside its own transaction, refuses by throwing a `Refusal`, and has then changed
/// nothing. A verb that makes something takes its id from the caller: asked twice with the same id it makes one thing.
public struct Commerce: Sendable {
  /// One reference: the value is in every call and every closure that waits for the writer, and its policy alone is a
  /// kilobyte.
  private let parts: Parts

  private final class Parts: Sendable {
    let database: Database
    let clock: WallClock
    let entropy: Entropy
    let policy: Policy
    let providers: PaymentProviders
    let changed: @Sendable () -> Void
    let vault: Vault
    let passwords: PasswordHashing
    let attempts: SignInAttempts
    let refreshes: RateLimit
    let troubles: PaymentTroubles
    let switches = SwitchBoard()

    init(
      _ database: Database, _ clock: WallClock, _ entropy: Entropy, _ policy: Policy, _ providers: PaymentProviders,
      _ vault: Vault, _ logger: Logger, _ changed: @escaping @Sendable () -> Void
    ) {
      self.database = database
      self.clock = clock
      self.entropy = entropy
      self.policy = policy
      self.providers = providers
      self.changed = changed
      self.vault = vault
      passwords = PasswordHashing(policy: policy, entropy: entropy)
      attempts = SignInAttempts(policy: policy)
      refreshes = RateLimit(burst: policy.refreshBurst, everyMilliseconds: policy.refreshSeconds * 1000)
      troubles = PaymentTroubles(logger: logger)
    }
  }

  public var database: Database { parts.database }
  public var clock: WallClock { parts.clock }
  public var entropy: Entropy { parts.entropy }
  /// Every limit and duration.
  public var policy: Policy { parts.policy }
  public var providers: PaymentProviders { parts.providers }
  /// Called after a commit that may have written to the outbox. It must not block, and may be called more often than
  /// there is news.
  public var changed: @Sendable () -> Void { parts.changed }
  var vault: Vault { parts.vault }
  var passwords: PasswordHashing { parts.passwords }
  var attempts: SignInAttempts { parts.attempts }
  var refreshes: RateLimit { parts.refreshes }
  /// What went wrong between us and the payment providers.
  public var troubles: PaymentTroubles { parts.troubles }
  /// What an operator has turned off.
  public var switches: SwitchBoard { parts.switches }

  public init(
    database: Database,
    clock: WallClock = .system,
    entropy: Entropy = .system,
    policy: Policy = Policy(),
    providers: PaymentProviders,
    vault: Vault = .fleeting,
    logger: Logger = Logger(label: "haat.commerce") { _ in SwiftLogNoOpLogHandler() },
    changed: @escaping @Sendable () -> Void = {}
  ) {
    parts = Parts(database, clock, entropy, policy, providers, vault, logger, changed)
  }

  /// The schema, one migration per file of `Schema/`, in the order of their names. One that ends in `.sqlite.sql` is for
  /// that engine alone.
  ///
  /// Throws when the program was installed without its resources.
  public static var migrations: [Migration] {
    get throws {
      guard let folder = Bundle.module.url(forResource: "Schema", withExtension: nil) else {
        throw CocoaError(.fileNoSuchFile)
      }
      return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "sql" }
        .sorted { $0.lastPathComponent < $1.lastPathComponent }
        .map { file in
          let name = file.deletingPathExtension().lastPathComponent
          return Migration(
            name: name, sql: try String(contentsOf: file, encoding: .utf8),
            for: name.hasSuffix(".sqlite") ? .sqlite : nil)
        }
    }
  }
}

extension Commerce {
  /// One `write`, and word of it afterwards: for verbs that write to the outbox.
  func writeAndTell<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
    let result = try await database.write(body)
    changed()
    return result
  }

  /// The same, for a caller that waits in no task. `tell` must be quick: other writes wait for it.
  func writeAndTell<T: Sendable>(
    _ body: @escaping @Sendable (any Connection) throws -> T,
    then tell: @escaping @Sendable (Result<T, any Error>) -> Void
  ) {
    database.write(body) { result in
      if case .success = result { changed() }
      tell(result)
    }
  }

  /// A new id of now.
  public func makeID<Entity>(_ entity: Entity.Type = Entity.self) -> ID<Entity> {
    ID(at: clock.now, entropy: entropy)
  }
}
