import Crypto
import CryptoExtras
import Dispatch
import Foundation
import Synchronization

/// Passwords at rest: scrypt (RFC 7914), its parameters kept in the hash, so that they can be raised later.
///
/// One hash costs half a second and 128 MiB on purpose, so it runs on threads of its own, never on those that carry
/// everything else, few at once, and behind a queue with an end.
final class PasswordHashing: Sendable {
  private let policy: Policy
  private let entropy: Entropy
  private let lanes: [DispatchQueue]
  private let waiting: Mutex<[Int]>

  init(policy: Policy, entropy: Entropy) {
    self.policy = policy
    self.entropy = entropy
    lanes = (0..<max(1, policy.scryptAtOnceMax)).map { DispatchQueue(label: "haat.scrypt.\($0)") }
    waiting = Mutex(Array(repeating: 0, count: lanes.count))
  }

  /// The text to keep: `$scrypt$ln=17,r=8,p=1$salt$hash`. Throws `PeopleRefusal.busy` when too many wait.
  func hash(_ password: String) async throws -> String {
    let salt = entropy.bytes(16)
    let cost = ScryptCost(
      rounds: policy.scryptRounds, blockSize: policy.scryptBlockSize, parallelism: policy.scryptParallelism)
    return try await inLane {
      PasswordHash(cost: cost, salt: salt, key: try Self.derive(password, salt: salt, cost: cost)).text
    }
  }

  /// Whether `password` is the one that `text` was made from. Without a text it takes as long, and is false: how long
  /// an answer takes must not tell whether there is such an account.
  func verify(_ password: String, against text: String?) async throws -> Bool {
    let cost = ScryptCost(
      rounds: policy.scryptRounds, blockSize: policy.scryptBlockSize, parallelism: policy.scryptParallelism)
    let kept = text.flatMap(PasswordHash.init)
    let nobody = PasswordHash(cost: cost, salt: Array(repeating: 0, count: 16), key: Array(repeating: 0, count: 32))
    return try await inLane {
      let hash = kept ?? nobody
      let key = try Self.derive(password, salt: hash.salt, cost: hash.cost)
      let difference = zip(key, hash.key).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
      return kept != nil && key.count == hash.key.count && difference == 0
    }
  }

  private static func derive(_ password: String, salt: [UInt8], cost: ScryptCost) throws -> [UInt8] {
    // Two ways of typing the same accented letter are the same password.
    let bytes = Array(password.precomposedStringWithCanonicalMapping.utf8)
    let key = try KDF.Scrypt.deriveKey(
      from: bytes, salt: salt, outputByteCount: 32, rounds: cost.rounds, blockSize: cost.blockSize,
      parallelism: cost.parallelism)
    return key.withUnsafeBytes { Array($0) }
  }

  /// Runs `work` in the least busy lane.
  private func inLane<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    let most = policy.scryptAtOnceMax + policy.scryptWaitingMax
    let lane: Int? = waiting.withLock { waiting in
      guard waiting.reduce(0, +) < most, let least = waiting.min(), let lane = waiting.firstIndex(of: least) else {
        return nil
      }
      waiting[lane] += 1
      return lane
    }
    guard let lane else { throw PeopleRefusal.busy }
    defer { waiting.withLock { $0[lane] -= 1 } }
    return try await withCheckedThrowingContinuation { continuation in
      lanes[lane].async { continuation.resume(with: Result(catching: work)) }
    }
  }
}

struct ScryptCost: Sendable, Equatable {
  let rounds: Int
  let blockSize: Int
  let parallelism: Int
}

/// What is kept of a password, in the form of the PHC string format.
struct PasswordHash: Sendable, Equatable {
  let cost: ScryptCost
  let salt: [UInt8]
  let key: [UInt8]

  var text: String {
    let log = cost.rounds.trailingZeroBitCount
    return "$scrypt$ln=\(log),r=\(cost.blockSize),p=\(cost.parallelism)$\(Self.base64(salt))$\(Self.base64(key))"
  }

  init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
    self.cost = cost
    self.salt = salt
    self.key = key
  }

  /// Nil unless it is a text of ours, with a cost that one machine can bear.
  init?(_ text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    var numbers: [String: Int] = [:]
    for pair in parts[2].split(separator: ",") {
      let sides = pair.split(separator: "=")
      guard sides.count == 2, let number = Int(sides[1]) else { return nil }
      numbers[String(sides[0])] = number
    }
    guard let log = numbers["ln"], (1...22).contains(log), let r = numbers["r"], (1...32).contains(r),
      let p = numbers["p"], (1...16).contains(p), let salt = Self.bytes(parts[3]), let key = Self.bytes(parts[4])
    else { return nil }
    self.init(cost: ScryptCost(rounds: 1 << log, blockSize: r, parallelism: p), salt: salt, key: key)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("=", with: "")
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: text + padding).map(Array.init)
  }
}
