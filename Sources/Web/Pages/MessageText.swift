/// One text of a language file, in the part of ICU's MessageFormat that pages need: `{name}` is filled in, and
/// `{count, plural, =0 {none} one {# bid} other {# bids}}` is one text for each plural form, with `#` for the number.
///
/// One plural is allowed in a text, and no quoting by apostrophes, so that `it's` is what it says. A whole text that
/// depends on a count reads better inside the braces than a half of it: translators see the sentence.
enum MessageText: Sendable, Equatable {
  case plain(String)
  /// By form, `one` or `=0`, the whole text, with `{count}` where the number stands; `other` is always there.
  case counted(argument: String, forms: [String: String])

  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  init(_ text: String) throws {
    var reader = Reader(text)
    self = try reader.message()
  }

  private struct Reader {
    private let text: Substring
    private var rest: Substring

    init(_ text: String) {
      self.text = text[...]
      rest = text[...]
    }

    mutating func message() throws -> MessageText {
      var before = ""
      while let character = rest.first {
        guard character == "{" else {
          if character == "}" { throw fault("a } without its {") }
          before.append(rest.removeFirst())
          continue
        }
        let start = rest
        rest.removeFirst()
        let name = try word("a name")
        skipBlanks()
        if take("}") {
          before += "{\(name)}"
          continue
        }
        guard take(",") else { throw fault("after {\(name) a } or a comma") }
        skipBlanks()
        let kind = try word("plural")
        guard kind == "plural" else { throw fault("“\(kind)”, where plural alone is known") }
        skipBlanks()
        guard take(",") else { throw fault("a comma after plural") }
        let arms = try arms(of: name)
        guard arms["other"] != nil else { throw fault("a plural without its form other") }
        let after = String(rest)
        guard case .plain(let tail) = try MessageText(after) else {
          rest = start
          throw fault("two plurals in one text")
        }
        return .counted(argument: name, forms: arms.mapValues { before + $0 + tail })
      }
      return .plain(before)
    }

    /// `one {…} other {…}}`, with the brace that ends the plural.
    private mutating func arms(of name: String) throws -> [String: String] {
      var arms: [String: String] = [:]
      while true {
        skipBlanks()
        if take("}") { return arms }
        let form = rest.prefix { $0 != "{" && $0 != "}" && !$0.isWhitespace }
        rest = rest.dropFirst(form.count)
        let isExact = form.first == "=" && UInt32(form.dropFirst()) != nil
        guard isExact || form == "other" || PluralRules.categories.contains(String(form)) else {
          throw fault("“\(form)” is no plural form")
        }
        guard arms[String(form)] == nil else { throw fault("two texts for \(form)") }
        skipBlanks()
        guard take("{") else { throw fault("a { after \(form)") }
        var depth = 0
        var words = ""
        while let character = rest.popFirst() {
          if character == "}" && depth == 0 { break }
          if character == "{" { depth += 1 }
          if character == "}" { depth -= 1 }
          words += character == "#" ? "{\(name)}" : String(character)
          if rest.isEmpty { throw fault("a { that is not closed") }
        }
        guard case .plain = try MessageText(words) else { throw fault("a plural within a plural") }
        arms[String(form)] = words
      }
    }

    private mutating func word(_ what: String) throws -> String {
      skipBlanks()
      let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      guard !word.isEmpty else { throw fault("\(what) is missing") }
      rest = rest.dropFirst(word.count)
      return String(word)
    }

    private mutating func skipBlanks() { rest = rest.drop { $0.isWhitespace } }

    private mutating func take(_ character: Character) -> Bool {
      guard rest.first == character else { return false }
      rest.removeFirst()
      return true
    }

    private func fault(_ why: String) -> Fault {
      Fault(description: "\(why), at character \(text.count - rest.count) of “\(text)”")
    }
  }
}

/// As scripts get it: a text, or an object of texts by form.
extension MessageText: Encodable {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .plain(let text): try container.encode(text)
    case .counted(_, let forms): try container.encode(forms)
    }
  }
}
