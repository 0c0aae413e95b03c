import Crypto
import Foundation

/// What a browser gives to be reached by (the Push API's `PushSubscription`): where its push service takes messages, and
/// what they are encrypted for.
public struct PushSubscription: Sendable, Equatable {
  public static let endpointBytesMax = 1_000

  /// An https address of the push service; whoever knows it can send.
  public let endpoint: String
  /// A point of P-256, uncompressed: 65 bytes.
  let publicKey: [UInt8]
  /// 16 bytes.
  let auth: [UInt8]

  /// - Parameters:
  ///   - publicKey: `keys.p256dh`, as base64url.
  ///   - auth: `keys.auth`, as base64url.
  /// - Throws: `GeneralRefusal.invalid`.
  public init(endpoint: String, publicKey: String, auth: String) throws {
    guard let host = Self.host(of: endpoint), !host.isEmpty else {
      throw GeneralRefusal.invalid(
        field: "endpoint", why: "must be an https address of a push service, of at most \(Self.endpointBytesMax) bytes")
    }
    guard let key = Base64URL.bytes(publicKey), (try? P256.KeyAgreement.PublicKey(x963Representation: key)) != nil
    else { throw GeneralRefusal.invalid(field: "p256dh", why: "must be a public key of P-256, as base64url") }
    guard let secret = Base64URL.bytes(auth), secret.count == 16 else {
      throw GeneralRefusal.invalid(field: "auth", why: "must be 16 bytes, as base64url")
    }
    (self.endpoint, self.publicKey, self.auth) = (endpoint, key, secret)
  }

  /// As it was kept.
  init?(endpoint: String?, publicKey: [UInt8]?, auth: [UInt8]?) {
    guard let endpoint, let publicKey, let auth else { return nil }
    (self.endpoint, self.publicKey, self.auth) = (endpoint, publicKey, auth)
  }

  /// By what the recipient is known again.
  var holder: [UInt8] { Array(SHA256.hash(of: "push \(endpoint)").prefix(16)) }

  /// Scheme and host, for which a push service wants the signature to be (RFC 8292 §2).
  public var origin: String {
    let parts = URLComponents(string: endpoint)
    return "https://\(parts?.percentEncodedHost ?? "")\(parts?.port.map { ":\($0)" } ?? "")"
  }

  /// Nil for what is no such address: another scheme, a user in it, a fragment, or what is not ASCII.
  private static func host(of endpoint: String) -> String? {
    guard endpoint.utf8.count <= endpointBytesMax, endpoint.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      let parts = URLComponents(string: endpoint), parts.scheme == "https", parts.user == nil, parts.password == nil,
      parts.fragment == nil, parts.port.map({ (1...65_535).contains($0) }) ?? true
    else { return nil }
    return parts.host
  }
}

/// Base64 with the alphabet for addresses and without padding (RFC 4648 §5).
public enum Base64URL {
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Nil for anything else; padding is allowed.
  public static func bytes(_ text: String) -> [UInt8]? {
    let bare = text.replacing("=", with: "")
    guard text.utf8.count <= 4_096, !bare.contains("+"), !bare.contains("/") else { return nil }
    let padded = bare + String(repeating: "=", count: (4 - bare.utf8.count % 4) % 4)
    return Data(base64Encoded: padded.replacing("-", with: "+").replacing("_", with: "/")).map(Array.init)
  }
}
