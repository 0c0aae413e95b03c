/// What somebody reads in a piece of HTML: the text without its markup, one line for each block.
///
/// It does not make anything safe to show as HTML, nor need to: all text is escaped where it is shown.
enum PlainText {
  static func of(html: String) -> String {
    guard html.contains("<") || html.contains("&") else { return html }
    var text = ""
    var hasMarkup = false
    var rest = html[...]
    while let next = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
      text += rest[..<next]
      rest = rest[next...]
      if rest.first == "<" {
        hasMarkup = takeTag(from: &rest, into: &text) || hasMarkup
      } else {
        takeReference(from: &rest, into: &text)
      }
    }
    text += rest
    // Without a single tag it is text somebody laid out, with a few characters escaped.
    return hasMarkup ? collapse(text) : text
  }

  /// The text as HTML that `of(html:)` reads as the very same text.
  static func html(of text: String) -> String {
    guard text.contains("<") || text.contains("&") else { return text }
    return text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }

  /// False for a `<` that begins no tag.
  private static func takeTag(from rest: inout Substring, into text: inout String) -> Bool {
    if rest.hasPrefix("<!--") {
      let end = rest.firstRange(of: "-->")?.upperBound ?? rest.endIndex
      rest = rest[end...]
      return true
    }
    let name = rest.dropFirst().drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }.lowercased()
    guard !name.isEmpty || rest.dropFirst().first == "!", let close = rest.firstIndex(of: ">") else {
      // “3 < 4” is text.
      text += "<"
      rest = rest.dropFirst()
      return false
    }
    let isOpening = rest.dropFirst().first != "/"
    rest = rest[rest.index(after: close)...]
    if isOpening, name == "script" || name == "style" {
      let end = rest.firstRange(of: "</\(name)") ?? rest.firstRange(of: "</\(name.uppercased())")
      rest = rest[(end?.lowerBound ?? rest.endIndex)...]
    } else if blocks.contains(name) {
      text += "\n"
    }
    return true
  }

  private static func takeReference(from rest: inout Substring, into text: inout String) {
    let body = rest.dropFirst().prefix(10)
    guard let end = body.firstIndex(of: ";"), let character = character(of: body[..<end]) else {
      text += "&"
      rest = rest.dropFirst()
      return
    }
    text.append(character)
    rest = rest[rest.index(after: end)...]
  }

  private static func character(of name: Substring) -> Character? {
    guard name.first == "#" else { return named[String(name)] }
    let digits = name.dropFirst()
    let isHexadecimal = digits.first == "x" || digits.first == "X"
    let number = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
    return number.flatMap(Unicode.Scalar.init).map(Character.init)
  }

  /// Runs of spaces become one, runs of lines at most one empty line.
  private static func collapse(_ text: String) -> String {
    var lines: [String] = []
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if words.isEmpty, lines.last?.isEmpty ?? true { continue }
      lines.append(words)
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  private static let blocks: Set<String> = [
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr",
    "li", "ol", "p", "pre", "section", "table", "tr", "ul",
  ]

  private static let named: [String: Character] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "–", "mdash": "—",
    "hellip": "…", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "bull": "•", "middot": "·", "deg": "°",
    "times": "×", "copy": "©", "reg": "®", "trade": "™", "eacute": "é", "egrave": "è", "agrave": "à", "ccedil": "ç",
    "uuml": "ü", "ouml": "ö", "auml": "ä", "szlig": "ß", "euro": "€", "pound": "£", "frac12": "½",
  ]
}
