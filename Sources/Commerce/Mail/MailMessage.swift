import Foundation

/// A message as it travels (RFC 5322), in plain text and in HTML (RFC 2046 §5.1.4).
///
/// Whatever names, titles and reasons hold, it has the header fields written here and no others: what is not plain
/// ASCII goes into encoded words (RFC 2047), line ends become blanks, and both texts are base64 (RFC 2045 §6.8).
public struct MailMessage: Sendable {
  /// An address with nothing in it that would need quotes, in letters of any script (RFC 6532). Nil for others.
  public struct Address: Sendable, Equatable, CustomStringConvertible {
    public let text: String

    public init?(_ text: String) {
      let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
      guard text.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].count), !parts[1].isEmpty,
        text.unicodeScalars.allSatisfy(Self.mayHave)
      else { return nil }
      self.text = text
    }

    public var domain: String { String(text.split(separator: "@").last ?? "") }
    public var description: String { text }

    private static let special = Set(#"()<>[]:;\,""#.unicodeScalars)

    private static func mayHave(_ scalar: Unicode.Scalar) -> Bool {
      guard scalar.isASCII else {
        return !scalar.properties.isWhitespace
          && ![.control, .format, .unassigned, .privateUse].contains(scalar.properties.generalCategory)
      }
      return (0x21...0x7E).contains(scalar.value) && !special.contains(scalar)
    }
  }

  /// A name and an address: `Haat <orders@haat.example>`, or the address alone.
  public struct Mailbox: Sendable, Equatable {
    /// May be empty.
    public let name: String
    public let address: Address

    /// Nil for anything else, and for names of more than 100 characters.
    public init?(_ text: String) {
      let text = text.trimmingCharacters(in: .whitespaces)
      guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
        guard let address = Address(text) else { return nil }
        (name, self.address) = ("", address)
        return
      }
      guard let address = Address(String(text[text.index(after: open)...].dropLast())) else { return nil }
      let name = text[..<open].trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "\"")))
      guard name.count <= 100, !name.unicodeScalars.contains(where: { "<>\r\n".unicodeScalars.contains($0) }) else {
        return nil
      }
      (self.name, self.address) = (name, address)
    }
  }

  public let id: String
  public let from: Address
  /// What stands before the address; may be empty.
  public let fromName: String
  public let to: Address
  public let subject: String
  public let language: String
  public let date: Moment
  public let plain: String
  public let html: String
  /// Where it is said that no more of these are wanted; nil for mail about somebody's own business.
  public let ending: String?

  public init(
    id: String, from: Address, fromName: String, to: Address, subject: String, language: String, date: Moment,
    plain: String, html: String, ending: String? = nil
  ) {
    self.id = id
    self.from = from
    self.fromName = fromName
    self.to = to
    self.subject = subject
    self.language = language
    self.date = date
    self.plain = plain
    self.html = html
    self.ending = ending
  }

  /// All of it, in lines that end in CR LF: of at most 78 characters, but for long addresses.
  public var encoded: String {
    // Base64 has no “_”, so the boundary is in neither text.
    let boundary = "haat_\(Self.token(id))_"
    let name = fromName.isEmpty ? "" : Self.words(fromName, column: 6) + "\r\n "
    let head =
      [
        "Date: \(Self.date(date))", "From: \(name)<\(from)>", "To: <\(to)>",
        "Subject: \(Self.words(subject, column: 9))", "Message-ID: <\(Self.token(id))@\(from.domain)>",
        "Auto-Submitted: auto-generated", "Content-Language: \(Self.token(language))", "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"",
      ] + unsubscribing
    let parts = [("text/plain", plain), ("text/html", html)].map { type, text in
      "--\(boundary)\r\nContent-Type: \(type); charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + Self.base64(text) + "\r\n"
    }
    return head.joined(separator: "\r\n") + "\r\n\r\n" + parts.joined() + "--\(boundary)--\r\n"
  }

  /// RFC 2369 §3.2; with one click by RFC 8058, which asks for HTTPS. An address that would break the header is left out.
  private var unsubscribing: [String] {
    guard let ending, ending.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ">") }) else {
      return []
    }
    let list = "List-Unsubscribe:\r\n <\(ending)>"
    return ending.hasPrefix("https://") ? [list, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"] : [list]
  }

  /// Letters, digits, `-` and `.` of it.
  private static func token(_ text: String) -> String {
    text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
  }

  private static func base64(_ text: String) -> String {
    let lines = text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n")
    return Data(lines.utf8).base64EncodedString(options: [
      .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
    ])
  }

  /// As it is when it is short and of letters, digits and blanks; else as encoded words of at most 75 characters, none
  /// of which splits a character (RFC 2047 §5 (3)).
  static func words(_ text: String, column: Int) -> String {
    let line = String(String.UnicodeScalarView(text.unicodeScalars.map { isBreak($0) ? " " : $0 }))
      .trimmingCharacters(in: .whitespaces)
    let isPlain = line.utf8.allSatisfy { byte in
      byte == 0x20 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    if isPlain, column + line.utf8.count <= 76 { return line }
    var chunks: [[UInt8]] = [[]]
    for scalar in line.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      // 42 bytes are 56 characters of base64, and `=?utf-8?B?` and `?=` are twelve: there is room for a field's name.
      if chunks[chunks.count - 1].count + bytes.count > 42 { chunks.append([]) }
      chunks[chunks.count - 1] += bytes
    }
    return chunks.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }

  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
  }

  /// `Sat, 28 Nov 2026 08:15:00 +0000`: English, whatever the language is (RFC 5322 §3.3).
  private static func date(_ moment: Moment) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
    return format.string(from: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
  }
}
