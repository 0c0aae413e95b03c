import Crypto
import Foundation

/// A message for a browser, encrypted so that its push service reads nothing of it (RFC 8291, in the coding of RFC 8188).
enum PushEncryption {
  /// What RFC 8291 §4 leaves of a body of 4,096 bytes.
  static let textBytesMax = 3_993

  private static let recordSize: UInt32 = 4_096

  /// - Parameters:
  ///   - sender: a key for this message alone.
  ///   - salt: 16 random bytes.
  /// - Throws: when the subscription's key is none, or the text is longer than `textBytesMax`.
  static func encrypt(
    _ text: [UInt8], for subscription: PushSubscription, sender: P256.KeyAgreement.PrivateKey, salt: [UInt8]
  ) throws -> [UInt8] {
    guard text.count <= textBytesMax else { throw CryptoKitError.incorrectParameterSize }
    let receiver = try P256.KeyAgreement.PublicKey(x963Representation: subscription.publicKey)
    let shared = try sender.sharedSecretFromKeyAgreement(with: receiver)
    let (receiverKey, senderKey) = (subscription.publicKey, Array(sender.publicKey.x963Representation))
    let key = shared.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: Data(subscription.auth),
      sharedInfo: Data(Array("WebPush: info\0".utf8) + receiverKey + senderKey), outputByteCount: 32)
    func derived(_ name: String, _ count: Int) -> SymmetricKey {
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: key, salt: Data(salt), info: Data("Content-Encoding: \(name)\0".utf8), outputByteCount: count)
    }
    let nonce = try derived("nonce", 12).withUnsafeBytes { try AES.GCM.Nonce(data: Data($0)) }
    // The one record is the last: 2 (RFC 8188 §2).
    let box = try AES.GCM.seal(Data(text + [2]), using: derived("aes128gcm", 16), nonce: nonce)
    let size = (0..<4).map { UInt8(truncatingIfNeeded: recordSize >> (24 - 8 * UInt32($0))) }
    let head: [UInt8] = salt + size + [UInt8(truncatingIfNeeded: senderKey.count)]
    return head + senderKey + Array(box.ciphertext) + Array(box.tag)
  }
}

/// By what push services know this installation (RFC 8292).
public struct PushKey: Sendable {
  let key: P256.Signing.PrivateKey

  /// What a browser subscribes with, as base64url: a point of P-256, uncompressed.
  public var publicText: String { Base64URL.text(key.publicKey.x963Representation) }

  /// The `Authorization` of a request to a push service.
  ///
  /// - Parameters:
  ///   - origin: the push service's.
  ///   - contact: where its people write to about us, `mailto:` or https.
  ///   - expires: at most a day from now.
  func authorization(for origin: String, contact: String, expires: Moment) throws -> String {
    let header = Base64URL.text(Array(#"{"typ":"JWT","alg":"ES256"}"#.utf8))
    var claims = JSONWriter()
    claims.object { json in
      json.member("aud", origin)
      json.member("exp", expires.milliseconds / 1000)
      json.member("sub", contact)
    }
    let text = "\(header).\(Base64URL.text(claims.bytes))"
    let signature = try key.signature(for: Data(text.utf8))
    return "vapid t=\(text).\(Base64URL.text(signature.rawRepresentation)), k=\(publicText)"
  }
}

extension PushKey {
  static let name = "vapid"

  static func make(_ entropy: Entropy) throws -> PushKey {
    PushKey(key: try P256.Signing.PrivateKey(rawRepresentation: scalar(entropy)))
  }

  /// As it is sealed.
  var sealable: String { Base64URL.text(key.rawRepresentation) }

  init?(sealable: String) {
    guard let bytes = Base64URL.bytes(sealable), let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) else {
      return nil
    }
    self.key = key
  }

  /// 32 random bytes that are a private key of P-256; all but one in four thousand million are.
  fileprivate static func scalar(_ entropy: Entropy) throws -> [UInt8] {
    for _ in 0..<8 {
      let bytes = entropy.bytes(32)
      if (try? P256.Signing.PrivateKey(rawRepresentation: bytes)) != nil { return bytes }
    }
    throw CryptoKitError.incorrectParameterSize
  }
}

/// What is sent to a push service.
public struct PushRequest: Sendable {
  public let endpoint: String
  public let headers: [(name: String, value: String)]
  public let body: [UInt8]

  public init(endpoint: String, headers: [(name: String, value: String)], body: [UInt8]) {
    self.endpoint = endpoint
    self.headers = headers
    self.body = body
  }
}

extension Commerce {
  /// A message as it is sent (RFC 8030 §5): what it says encrypted for its browser, signed by this installation, and
  /// dropped by the push service when it is of no use any more.
  ///
  /// - Parameters:
  ///   - text: what the browser's service worker reads, at most 3,993 bytes.
  ///   - contact: where the people of a push service write to about us.
  public func request(
    for message: PushMessage, _ text: [UInt8], by key: PushKey, contact: String
  ) throws -> PushRequest {
    let now = clock.now
    let sender = try P256.KeyAgreement.PrivateKey(rawRepresentation: PushKey.scalar(entropy))
    let body = try PushEncryption.encrypt(text, for: message.subscription, sender: sender, salt: entropy.bytes(16))
    let seconds = max(0, message.expires.milliseconds(since: now) / 1000)
    return PushRequest(
      endpoint: message.subscription.endpoint,
      headers: [
        (
          "Authorization",
          try key.authorization(
            for: message.subscription.origin, contact: contact, expires: now.adding(seconds: 12 * 3600))
        ),
        ("Content-Encoding", "aes128gcm"), ("Content-Type", "application/octet-stream"), ("TTL", "\(seconds)"),
        ("Urgency", message.kind == .live ? "high" : "normal"),
        // Of one show a browser that was away wants the last word alone.
        ("Topic", Base64URL.text(SHA256.hash(of: "topic \(message.show.id)").prefix(24))),
      ], body: body)
  }
}
