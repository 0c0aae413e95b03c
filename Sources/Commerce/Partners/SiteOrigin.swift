/// A web origin as RFC 6454 writes it: `https://blog.example`, with a port where it is not the scheme's own.
enum SiteOrigin {
  static let bytesMax = 200

  /// The origin in its one spelling; nil for anything else. A slash at the end is forgiven, a path is not.
  static func read(_ text: String) -> String? {
    guard text.utf8.count <= bytesMax else { return nil }
    var rest = Policy.folded(text)[...]
    let scheme: String
    if rest.hasPrefix("https://") {
      scheme = "https"
    } else if rest.hasPrefix("http://") {
      scheme = "http"
    } else {
      return nil
    }
    rest = rest.dropFirst(scheme.utf8.count + 3)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, isHost(parts[0]) else { return nil }
    guard parts.count == 2 else { return "\(scheme)://\(parts[0])" }
    guard (1...5).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(isDigit), let port = Int(parts[1]),
      (1...65_535).contains(port)
    else { return nil }
    let isUsual = port == (scheme == "https" ? 443 : 80)
    return isUsual ? "\(scheme)://\(parts[0])" : "\(scheme)://\(parts[0]):\(port)"
  }

  /// A name of the DNS, or an IPv4 address. Browsers tell names in other scripts in Punycode.
  private static func isHost(_ text: Substring) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return (1...253).contains(text.utf8.count)
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "-") }
      }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
