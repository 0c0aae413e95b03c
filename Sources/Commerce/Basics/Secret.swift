import Crypto

/// A token that opens something to whoever holds it: a session, a stream key, an API key, a buyer's order.
///
/// Its text is shown once; only `hash` is kept. 160 random bits cannot be guessed, so one round of SHA-256 is enough at
/// rest (a slow hash is for what people choose themselves).
public struct Secret: Sendable, Equatable, CustomStringConvertible {
  public let text: String

  /// Makes a new one: `prefix` and 32 characters of Crockford's base 32 (160 bits).
  public init(prefix: String, entropy: Entropy) {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    text = prefix + String(decoding: entropy.bytes(32).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
  }

  /// One that is made from what is known, and not kept.
  init(made text: String) { self.text = text }

  /// What a caller presented. Nil when it is empty or longer than 200 bytes (an empty token must never match), and when
  /// it has anything but small letters, digits and `_`, which no secret of ours has: what is nil goes nowhere, neither
  /// into a query nor into a header.
  public init?(presented text: String) {
    guard !text.isEmpty, text.utf8.count <= 200, text.utf8.allSatisfy(Self.mayHave) else { return nil }
    self.text = text
  }

  private static func mayHave(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
    default: false
    }
  }

  /// SHA-256 of the text, what the database keeps and looks up.
  public var hash: [UInt8] { Array(SHA256.hash(of: text)) }

  /// Never the secret itself: it would end up in a log.
  public var description: String { "‹secret›" }
}

extension SHA256 {
  /// Of the text's UTF-8, where it lies.
  static func hash(of text: String) -> SHA256Digest {
    var text = text
    return text.withUTF8 { bytes in
      var hash = SHA256()
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      return hash.finalize()
    }
  }
}
