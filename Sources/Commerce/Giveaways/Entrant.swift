import Crypto
import Foundation
import Store

/// Who takes part in a giveaway: an account, or a browser without one, by a secret that it made itself.
public enum Entrant: Sendable, Equatable {
  case account(ID<Account>)
  case visitor(Secret)

  /// Of a secret, so many characters are enough not to be guessed: 160 bits in base 32.
  static let visitorBytesMin = 32

  /// Who is signed in is their account; nil for a guest without a secret, or with one that is too short.
  public init?(_ caller: Caller, visitor: String?) {
    if let account = caller.account {
      self = .account(account)
      return
    }
    guard let visitor, visitor.utf8.count >= Self.visitorBytesMin, let secret = Secret(presented: visitor) else {
      return nil
    }
    self = .visitor(secret)
  }

  /// 16 bytes of an account, 32 of a visitor's digest.
  var bytes: [UInt8] {
    switch self {
    case .account(let id): id.bytes
    case .visitor(let secret): secret.hash
    }
  }
}

/// An entrant's place in the list: what is published of them, and what only they are told.
public struct Leaf: Sendable, Equatable {
  /// `account:` and its id, or `visitor:` and the SHA-256 of its secret.
  public let identity: String
  /// 16 bytes in hexadecimal digits, another for every entrant and giveaway.
  public let salt: String
  /// SHA-256 of `giveaway`, `identity` and `salt`, each on a line.
  public let hash: [UInt8]

  /// What it is called on screen.
  public var code: String { Self.code(of: hash) }

  init(of entrant: [UInt8], giveaway: ID<Giveaway>, saltKey: [UInt8]) {
    let account = ID<Account>(bytes: entrant)
    identity = account.map { "account:\($0)" } ?? "visitor:\(Hexadecimal.text(entrant))"
    let code = HMAC<SHA256>.authenticationCode(for: entrant, using: SymmetricKey(data: saltKey))
    salt = Hexadecimal.text(Array(code).prefix(16))
    hash = Array(SHA256.hash(of: "\(giveaway)\n\(identity)\n\(salt)\n"))
  }

  static func code(of hash: some Sequence<UInt8>) -> String { Hexadecimal.text(hash.prefix(4)) }
}
