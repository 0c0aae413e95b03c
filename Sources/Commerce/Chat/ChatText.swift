import Foundation

/// What a text of a chat comes to when it is compared with words a channel does not want.
enum ChatText {
  /// The words, folded: the same for large and small letters, full and half width, with and without accents, and for the
  /// digits and signs that are written in place of letters (`$h1p` is `ship`).
  ///
  /// Only the accents of Latin, Greek and Cyrillic letters are dropped. Devanagari's vowel signs make another word of it,
  /// so they stay; the dot below (क़ and क) and the half moon (चाँद and चांद) are often left out, and are alike.
  static func words(of text: String) -> [String] {
    let scalars = folded(text)
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func end() {
      if !word.isEmpty { words.append(plain(word)) }
      word = String.UnicodeScalarView()
    }
    for (place, scalar) in scalars.enumerated() {
      let stands = letterFor[scalar] != nil && !isWord(scalar)
      let next = place + 1 < scalars.count ? scalars[place + 1] : " "
      // A sign stands for a letter only where letters go on: “ship!” is no “shipi”.
      if isWord(scalar) || stands && (isWord(next) || letterFor[next] != nil) { word.append(scalar) } else { end() }
    }
    end()
    return words
  }

  /// The words, and where single letters stand in a row, what they spell: `s p a m` and `s.p.a.m`.
  static func readings(of text: String) -> [[String]] {
    let words = words(of: text)
    var spelled: [String] = []
    var run = ""
    for word in words + [""] {
      if word.count == 1 {
        run += word
      } else {
        if !run.isEmpty { spelled.append(run) }
        run = ""
        if !word.isEmpty { spelled.append(word) }
      }
    }
    return spelled == words ? [words] : [words, spelled]
  }

  /// Whether the words have this entry in a row; an entry that ends in `*` is the beginning of a word.
  static func has(_ entry: String, in reading: [String]) -> Bool {
    let wanted = entry.split(separator: " ")
    guard !wanted.isEmpty, wanted.count <= reading.count else { return false }
    return (0...reading.count - wanted.count).contains { start in
      wanted.enumerated().allSatisfy { place, part in
        let word = reading[start + place]
        return part.hasSuffix("*") ? word.hasPrefix(part.dropLast()) : word == part
      }
    }
  }

  /// An entry of a word list as it is compared; empty when there is no letter and no digit in it.
  static func entry(_ text: String) -> String {
    let folded = words(of: text).joined(separator: " ")
    let isBeginning = text.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix("*")
    return folded.isEmpty || !isBeginning ? folded : folded + "*"
  }

  /// Whether it leads somewhere: an address with its scheme, `www.`, or a host's name with an ending people use.
  static func hasLink(_ text: String) -> Bool {
    // Plain text without a dot has none: most of what is said.
    guard !text.utf8.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: ":") }) else {
      return false
    }
    let scalars = folded(text).map { $0 == "\u{3002}" || $0 == "\u{FF61}" ? "." : $0 }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    let text = String(view)
    if text.contains("://") || text.contains("www.") { return true }
    return text.split(whereSeparator: { $0.isWhitespace || "()[]{}<>,;\"'|".contains($0) }).contains { part in
      let host = part.prefix { !"/?#:".contains($0) }.drop { $0 == "@" || $0 == "." }
      let labels = host.split(separator: ".", omittingEmptySubsequences: false).filter { !$0.isEmpty }
      guard labels.count >= 2, host.contains("."), let ending = labels.last else { return false }
      let before = labels[labels.count - 2]
      guard before.unicodeScalars.contains(where: isWord) else { return false }
      // With a path behind it any ending will do.
      let isPath = part.count > host.count && part.contains("/") && ending.count >= 2
      return isPath && !ending.allSatisfy(\.isNumber) || endings.contains(String(ending))
    }
  }

  private static let endings: Set<String> = [
    "com", "net", "org", "in", "co", "io", "me", "app", "shop", "store", "site", "online", "live", "link", "xyz",
    "info",
    "biz", "club", "top", "ly", "gl", "gg", "tv", "to", "cc", "pw", "ru", "cn", "uk", "us", "eu", "de", "fr", "pk",
    "bd",
    "np", "lk", "dev", "ai", "vip", "win", "bet", "fun", "icu", "click", "page", "world", "today", "भारत",
  ]

  /// What stands for a letter.
  private static let letterFor: [Unicode.Scalar: Unicode.Scalar] = [
    "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i",
  ]

  /// A word with a letter in it has its digits and signs read as letters; one without is a number.
  private static func plain(_ word: String.UnicodeScalarView) -> String {
    let hasLetter = word.contains { $0.properties.isAlphabetic }
    var plain = String.UnicodeScalarView()
    for scalar in word {
      if hasLetter { plain.append(letterFor[scalar] ?? scalar) } else if isWord(scalar) { plain.append(scalar) }
    }
    return String(plain)
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isAlphabetic { return true }
    switch scalar.properties.generalCategory {
    case .decimalNumber, .nonspacingMark, .spacingMark: return true
    default: return false
    }
  }

  private static func folded(_ text: String) -> [Unicode.Scalar] {
    text.decomposedStringWithCompatibilityMapping.lowercased().decomposedStringWithCompatibilityMapping.unicodeScalars
      .compactMap { scalar in
        switch scalar.value {
        case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F, 0x093C: return nil
        case 0x0901: return "\u{0902}"
        default: return scalar.properties.isDefaultIgnorableCodePoint ? nil : scalar
        }
      }
  }
}
