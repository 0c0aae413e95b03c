/// What a server says to one command (RFC 5321 §4.2).
struct SMTPReply: Equatable {
  let code: Int
  /// Without code and line end, printable and in one piece each.
  let lines: [String]

  var isPositive: Bool { code / 100 == 2 }
  var isPermanent: Bool { code / 100 == 5 }

  /// `550 5.1.1 No such user here`, cut to what is worth keeping.
  var words: String { String(([String(code)] + lines).filter { !$0.isEmpty }.joined(separator: " ").prefix(300)) }
}

/// Reads replies from bytes as they come, however they are split.
struct SMTPReplyReader {
  static let lineBytesMax = 2_000
  static let bytesMax = 16_384

  enum Fault: Error, Equatable { case notSMTP, tooLong }

  private var pending: [UInt8] = []
  private var lines: [String] = []
  private var code: Int?
  private var bytes = 0

  /// Whether anything has come that belongs to no reply that was given.
  var isEmpty: Bool { pending.isEmpty && code == nil }

  mutating func append(_ bytes: some Sequence<UInt8>) { pending += bytes }

  /// The next whole reply; nil while it is not all there.
  mutating func next() throws(Fault) -> SMTPReply? {
    while let end = pending.firstIndex(of: 10) {
      var line = pending[..<end]
      guard line.count <= Self.lineBytesMax else { throw .tooLong }
      bytes += line.count
      guard bytes <= Self.bytesMax else { throw .tooLong }
      if line.last == 13 { line = line.dropLast() }
      let isLast = try read(line)
      pending.removeFirst(end + 1)
      guard isLast else { continue }
      let reply = SMTPReply(code: code ?? 0, lines: lines)
      (code, lines, bytes) = (nil, [], 0)
      return reply
    }
    guard pending.count <= Self.lineBytesMax else { throw .tooLong }
    return nil
  }

  /// - Returns: Whether it is the reply's last line.
  private mutating func read(_ line: ArraySlice<UInt8>) throws(Fault) -> Bool {
    let digits = line.prefix(3).map { Int($0) - 0x30 }
    guard digits.count == 3, (2...5).contains(digits[0]), digits.allSatisfy({ (0...9).contains($0) }) else {
      throw .notSMTP
    }
    let number = digits[0] * 100 + digits[1] * 10 + digits[2]
    guard code == nil || code == number else { throw .notSMTP }
    code = number
    let mark = line.dropFirst(3).first ?? 0x20
    guard mark == 0x20 || mark == UInt8(ascii: "-") else { throw .notSMTP }
    lines.append(Self.printable(line.dropFirst(4)))
    return mark == 0x20
  }

  private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter {
          ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }))
  }
}
