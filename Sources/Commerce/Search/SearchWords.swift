import Foundation

/// What people write, as the words it is found by: the same for what is kept and for what is asked.
///
/// Large and small letters are one, and so are letters with and without accents; in Devanagari, with and without nukta,
/// and chandrabindu and anusvara. The commonest endings are left off: of English plurals (the S-stemmer: Harman, How
/// Effective Is Suffixing?, 1991), of Hindi number and case (Ramanathan and Rao, A Lightweight Stemmer for Hindi, 2003).
enum SearchWords {
  /// Bytes of a word; the rest of a longer one is left off.
  static let bytesMax = 48

  static func of(_ text: String) -> [String] {
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func end() {
      if !word.isEmpty { words.append(stem(word)) }
      word.removeAll()
    }
    for scalar in text.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
      switch scalar.value {
      // Accents, nukta, joiners.
      case 0x0300...0x036F, 0x093C, 0x200C, 0x200D: continue
      // Chandrabindu reads as anusvara.
      case 0x0901: word.append("\u{0902}")
      default: if isLetter(scalar) { word.append(scalar) } else { end() }
      }
    }
    end()
    return words
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
      true
    default: false
    }
  }

  private static func stem(_ word: String.UnicodeScalarView) -> String {
    var word = String(word)
    if word.utf8.count > bytesMax {
      var cut = String.UnicodeScalarView()
      var bytes = 0
      for scalar in word.unicodeScalars {
        bytes += String(scalar).utf8.count
        guard bytes <= bytesMax else { break }
        cut.append(scalar)
      }
      word = String(cut)
    }
    if word.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) { return english(word) }
    if word.unicodeScalars.allSatisfy({ (0x0900...0x097F).contains($0.value) }) { return hindi(word) }
    return word
  }

  private static func english(_ word: String) -> String {
    guard word.utf8.count > 3, word.hasSuffix("s") else { return word }
    if word.hasSuffix("ies") { return String(word.dropLast(3)) + "y" }
    for ending in ["shes", "ches", "sses", "xes", "zes"] where word.hasSuffix(ending) {
      return String(word.dropLast(2))
    }
    return word.hasSuffix("ss") || word.hasSuffix("us") || word.hasSuffix("is") ? word : String(word.dropLast())
  }

  /// The longest first.
  private static let hindiEndings: [[Unicode.Scalar]] = [
    "ियों", "ियां", "ाओं", "ाएं", "ुओं", "ुएं", "ओं", "एं", "ों", "ें", "ीं", "ां", "ो", "े", "ी", "ि", "ा", "ू", "ु",
  ].map { Array($0.unicodeScalars) }

  private static func hindi(_ word: String) -> String {
    let scalars = Array(word.unicodeScalars)
    for ending in hindiEndings where scalars.count >= ending.count + 2 && scalars.suffix(ending.count) == ending[...] {
      return String(String.UnicodeScalarView(scalars.dropLast(ending.count)))
    }
    return word
  }
}
