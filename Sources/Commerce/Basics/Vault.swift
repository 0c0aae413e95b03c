import Crypto
import Foundation

/// Keeps what must be read again out of sight: AES-GCM with a secret that is not in the database, so that a copy of the
/// database opens nothing.
public struct Vault: Sendable, CustomStringConvertible {
  private let key: SymmetricKey

  /// - Parameter secret: 32 bytes that stay the same as long as what was sealed is to be read.
  public init(secret: [UInt8]) { key = SymmetricKey(data: SHA256.hash(data: Data(secret))) }

  /// One that nobody can open again once this process has ended.
  public static var fleeting: Vault { Vault(secret: Entropy.system.bytes(32)) }

  /// - Parameter name: What it belongs to; it opens under no other.
  func seal(_ text: String, for name: String) throws -> [UInt8] {
    let box = try AES.GCM.seal(Data(text.utf8), using: key, authenticating: Data(name.utf8))
    guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
    return Array(combined)
  }

  /// Nil for what was sealed with another secret, or under another name.
  func open(_ sealed: [UInt8], for name: String) -> String? {
    guard let box = try? AES.GCM.SealedBox(combined: Data(sealed)),
      let bytes = try? AES.GCM.open(box, using: key, authenticating: Data(name.utf8))
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// 16 bytes by which a text is known again, and that tell nothing of it to who has not the secret.
  func keyedDigest(_ text: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)).prefix(16).map(\.self)
  }

  public var description: String { "‹vault›" }
}
