import Foundation

/// What people write, made fit to keep and to show: in any script, but without what hides, reorders or piles up.
///
/// Control characters would break lines and logs (and PostgreSQL refuses NUL); bidirectional overrides make a text read
/// as another than it is (Unicode Technical Report 36, §3.4); dozens of marks on one letter draw over their neighbours;
/// joiners and tags in rows, which nobody sees, carry what nobody reads.
enum Text {
  /// The text without what does not belong, and without white space at its ends.
  ///
  /// - Parameter lines: whether it may have several; if not, line ends become spaces.
  static func clean(_ text: String, lines: Bool = false, combiningMarksMax: Int) -> String {
    var scalars = String.UnicodeScalarView()
    var marks = 0
    // Whether the last one joins, and how many tags a flag may have yet (Unicode Technical Standard 51, annex C).
    var isJoined = false
    var tags = 0
    // One line end, whichever of the three it was written as: Swift takes "\r\n" for one character.
    for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
      let kind = kind(of: scalar)
      defer { if kind != .unwanted { isJoined = kind == .joiner } }
      switch kind {
      case .lineEnd: scalars.append(lines ? "\n" : " ")
      case .space: scalars.append(" ")
      case .unwanted: continue
      case .joiner: if !isJoined { scalars.append(scalar) }
      case .tag:
        guard tags > 0 else { continue }
        tags = scalar.value == 0xE007F ? 0 : tags - 1
        scalars.append(scalar)
      case .mark:
        marks += 1
        if marks <= combiningMarksMax { scalars.append(scalar) }
      case .other:
        marks = 0
        tags = scalar.value == 0x1F3F4 ? tagsMax : 0
        scalars.append(scalar)
      }
    }
    return String(scalars).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A flag of a region has up to six, and one that ends it.
  private static let tagsMax = 7
  /// The longest emoji there are, two people of two colours who kiss, are of ten.
  private static let scalarsPerCharacterMax = 10

  /// How many characters a person counts: grapheme clusters, but of what never ends, such as a hundred emoji that are
  /// joined to one, every ten scalars.
  static func length(of text: String) -> Int {
    // Of ASCII, which most is, no two make one: a line end is not left in a text of one line.
    guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text.utf8.count }
    return text.reduce(0) { length, character in
      length + (character.unicodeScalars.count + scalarsPerCharacterMax - 1) / scalarsPerCharacterMax
    }
  }

  /// Whether there is anything to see in it.
  static func isBlank(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint || kind(of: scalar) == .mark
        // Braille's pattern without dots.
        || scalar.value == 0x2800
    }
  }

  private enum Kind { case lineEnd, space, unwanted, joiner, tag, mark, other }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    switch scalar.value {
    case 0x0A, 0x0D, 0x0B, 0x0C, 0x85, 0x2028, 0x2029: return .lineEnd
    case 0x09: return .space
    // Left-to-right mark and its like, embeddings, overrides, isolates, and the deprecated formatting characters.
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x206F: return .unwanted
    // Zero-width space, word joiner and invisible operators, byte order mark, interlinear annotation.
    case 0x200B, 0x2060...0x2065, 0xFEFF, 0xFFF9...0xFFFB: return .unwanted
    // Needed between letters of many scripts, and in emoji.
    case 0x200C, 0x200D: return .joiner
    case 0xE0000...0xE007F: return .tag
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control: return .unwanted
    // Spacing ones too: of a hundred vowel signs on one letter no more is to be read than of a hundred dots.
    case .nonspacingMark, .enclosingMark, .spacingMark: return .mark
    default: return .other
    }
  }
}

extension Policy {
  /// The cleaned text; throws `GeneralRefusal.invalid`, naming field and limit, when it is too long, or empty though
  /// `required`.
  func text(
    _ text: String, _ field: String, max charactersMax: Int, required: Bool = true, lines: Bool = false
  ) throws -> String {
    let tooLong = GeneralRefusal.invalid(field: field, why: "is too long: at most \(charactersMax) characters are kept")
    // Before any work on it: cleaning takes time in proportion.
    guard text.utf8.count <= charactersMax * bytesPerCharacterMax else { throw tooLong }
    let clean = Text.clean(text, lines: lines, combiningMarksMax: combiningMarksMax)
    guard Text.length(of: clean) <= charactersMax else { throw tooLong }
    guard !Text.isBlank(clean) else {
      guard !required else { throw GeneralRefusal.invalid(field: field, why: "must not be empty") }
      return ""
    }
    return clean
  }

  /// An e-mail address, folded: two spellings of one address are one account. Throws `GeneralRefusal.invalid`.
  func email(_ text: String, _ field: String = "email") throws -> String {
    let wrong = GeneralRefusal.invalid(
      field: field, why: "must be an e-mail address like name@example.com, of at most \(emailBytesMax) bytes")
    guard text.utf8.count <= emailBytesMax * 2 else { throw wrong }
    let folded = Self.folded(text)
    let parts = folded.split(separator: "@", omittingEmptySubsequences: false)
    guard folded.utf8.count <= emailBytesMax, parts.count == 2, (1...64).contains(parts[0].utf8.count) else {
      throw wrong
    }
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy({ Self.isLabel($0) }), parts[0].unicodeScalars.allSatisfy(Self.mayBeLocal) else {
      throw wrong
    }
    return folded
  }

  /// Lower case in Unicode's way, once, here: the engines fold letters differently.
  static func folded(_ email: String) -> String {
    // Of printable ASCII without blanks, which nearly all are, only the capitals are others.
    guard email.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      return email.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping.lowercased()
    }
    return email.lowercased()
  }

  private static func isLabel(_ label: Substring) -> Bool {
    !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
      && label.unicodeScalars.allSatisfy { $0 == "-" || $0.properties.isAlphabetic || isDigit($0) || isMark($0) }
  }

  /// RFC 5322's atom and the dot, and letters of every script (RFC 6531).
  private static func mayBeLocal(_ scalar: Unicode.Scalar) -> Bool {
    ".!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic || isDigit(scalar)
      || isMark(scalar)
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .decimalNumber
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .spacingMark
  }
}
