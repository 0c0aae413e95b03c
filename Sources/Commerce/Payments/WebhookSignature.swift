import Crypto
import Foundation

/// Stripe's scheme of signing webhooks: `t=<seconds>,v1=<hex>`, where v1 is the HMAC-SHA256 of `<seconds>.<body>`.
enum WebhookSignature {
  static func sign(_ body: [UInt8], secret: String, at now: Moment) -> String {
    let seconds = now.milliseconds / 1000
    let code = HMAC<SHA256>.authenticationCode(for: signed(body, seconds: seconds), using: key(secret))
    return "t=\(seconds),v1=\(Hexadecimal.text(code))"
  }

  /// Throws `WebhookRefusal` unless one of the signatures is right (while a secret is changed there are two), and it was
  /// made at most `ageSeconds` before or after now: a time in the future is as wrong as an old one.
  static func check(_ header: String?, body: [UInt8], secret: String, now: Moment, ageSeconds: Int64) throws {
    try check(header, body: body, secrets: [secret], now: now, ageSeconds: ageSeconds)
  }

  /// The same, with one of several secrets: while it is changed we have two as well. An empty one matches nothing.
  static func check(_ header: String?, body: [UInt8], secrets: [String], now: Moment, ageSeconds: Int64) throws {
    let secrets = secrets.filter { !$0.isEmpty }
    guard !secrets.isEmpty, let header, header.utf8.count <= 1024 else { throw WebhookRefusal.badSignature }
    var seconds: Int64?
    var codes: [[UInt8]] = []
    for part in header.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      switch pair[0] {
      case "t": seconds = Int64(pair[1])
      case "v1": if let code = Hexadecimal.bytes(pair[1]) { codes.append(code) }
      default: break
      }
    }
    guard let seconds else { throw WebhookRefusal.badSignature }
    let message = signed(body, seconds: seconds)
    // CryptoKit's comparison takes the same time wherever the first difference is.
    let isSigned = codes.contains { code in
      secrets.contains { HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: key($0)) }
    }
    guard isSigned else { throw WebhookRefusal.badSignature }
    let (milliseconds, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
    let age = now.milliseconds(since: Moment(milliseconds: milliseconds))
    guard !isTooLarge, age.magnitude <= UInt64(ageSeconds * 1000 + 999) else { throw WebhookRefusal.tooOld }
  }

  private static func signed(_ body: [UInt8], seconds: Int64) -> Data { Data("\(seconds).".utf8) + body }

  private static func key(_ secret: String) -> SymmetricKey { SymmetricKey(data: Data(secret.utf8)) }
}

extension Hexadecimal {
  /// Nil unless it is an even number of hexadecimal digits.
  static func bytes(_ text: Substring) -> [UInt8]? {
    let digits = text.utf8.compactMap(value)
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
