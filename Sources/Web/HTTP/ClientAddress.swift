import Foundation
import Hummingbird
import NIOCore

extension WebContext {
  /// Whom a limit counts: the caller's IPv4 address, or the /64 its IPv6 address is in, which one customer has whole.
  func address(of request: Request, _ configuration: WebConfiguration) -> String {
    guard configuration.trustsProxy,
      let forwarded = request.headers[.forwardedFor]?.split(separator: ",").last
    else { return ClientAddress.group(channel.remoteAddress?.ipAddress ?? "unknown") }
    return ClientAddress.group(String(forwarded.withoutBlanks))
  }
}

enum ClientAddress {
  /// The text of an address, without its lower half when it is IPv6. An IPv4 address in IPv6 clothing counts as IPv4.
  static func group(_ text: String) -> String {
    let isDotted = text.utf8.allSatisfy {
      $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    if isDotted, text.utf8.count <= 64 { return text }
    let text = text.prefix(64).prefix { $0 != "%" }
    guard text.utf8.contains(UInt8(ascii: ":")) else { return String(text) }
    if text.lowercased().hasPrefix("::ffff:"), let dotted = text.split(separator: ":").last, dotted.contains(".") {
      return String(dotted)
    }
    return groups(text).prefix(4).map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
  }

  /// The eight numbers of an IPv6 address, with what `::` stands for (RFC 4291 §2.2).
  private static func groups(_ text: some StringProtocol) -> [UInt16] {
    func numbers(_ part: some StringProtocol) -> [UInt16] {
      part.split(separator: ":").map { UInt16($0, radix: 16) ?? 0 }
    }
    guard let gap = text.firstRange(of: "::") else { return numbers(text) }
    let head = numbers(text[..<gap.lowerBound])
    let tail = numbers(text[gap.upperBound...])
    return head + Array(repeating: 0, count: max(0, 8 - head.count - tail.count)) + tail
  }
}
