/// Whether a comment claims something, and what.
struct ClaimText {
  /// A choice, by the values of its options.
  struct Choice<Name: Hashable> {
    let name: Name
    let values: [String]
  }

  enum Reading<Name: Hashable>: Equatable {
    case claims(Name, quantity: Int64)
    /// It means the product, and leaves open which of its choices.
    case unclear
  }

  /// A comment's words as they are compared, each with the piece of the comment it stands in.
  private let words: [(word: String, piece: Int)]
  private let pieces: [String]

  init(_ text: String) {
    pieces = Self.pieces(of: text)
    words = pieces.enumerated().flatMap { index, piece in ChatText.words(of: piece).map { ($0, index) } }
  }

  /// The words of a text in one spelling: as the chat's rules compare them, with the digits of every script alike.
  static func fold(_ text: String) -> [String] { pieces(of: text).flatMap { ChatText.words(of: $0) } }

  /// What stands between blanks, without the signs around it: “red!!!” is “red”.
  private static func pieces(of text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).compactMap { piece in
      var scalars = String.UnicodeScalarView()
      for scalar in piece.unicodeScalars {
        let digit = scalar.properties.generalCategory == .decimalNumber ? Character(scalar).wholeNumberValue : nil
        scalars.append(digit.flatMap { Unicode.Scalar(48 + UInt32($0)) } ?? scalar)
      }
      while let last = scalars.last, !isWord(last) { scalars.removeLast() }
      let bare = scalars.drop { !isWord($0) }
      return bare.isEmpty ? nil : String(String.UnicodeScalarView(bare))
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .nonspacingMark, .spacingMark: true
    default: scalar.properties.isAlphabetic
    }
  }

  /// Whether it begins with these words.
  func begins(with word: [String]) -> Bool {
    !word.isEmpty && words.count >= word.count && words.prefix(word.count).map(\.word) == word
  }

  /// What the comment claims of a product, of which `word` is said; nil when it does not begin with that, or goes on with
  /// something else: “is sold 12 red still there” and “sold 12 is nice” are conversation.
  ///
  /// After the word come the values of the options, in any order, as many as tell the choices apart, and at the end how
  /// many: `2`, `x2` or `2x`.
  func reading<Name>(of word: [String], among choices: [Choice<Name>]) -> Reading<Name>? {
    guard begins(with: word) else { return nil }
    let rest = Array(words.dropFirst(word.count))
    // As it is first: a size may be a number.
    if let reading = Self.choice(rest.map(\.word), choices) {
      if let name = reading { return .claims(name, quantity: 1) }
      guard let (said, quantity) = quantity(rest), case .some(.some(let name)) = Self.choice(said, choices) else {
        return .unclear
      }
      return .claims(name, quantity: quantity)
    }
    guard let (said, quantity) = quantity(rest), let reading = Self.choice(said, choices) else { return nil }
    return reading.map { Reading.claims($0, quantity: quantity) } ?? .unclear
  }

  /// Without the number at its end, and that. The number is a piece of its own.
  private func quantity(_ rest: [(word: String, piece: Int)]) -> ([String], Int64)? {
    guard let last = rest.last, rest.dropLast().last.map({ $0.piece != last.piece }) ?? true,
      let quantity = Self.quantity(pieces[last.piece])
    else { return nil }
    return (rest.dropLast().map(\.word), quantity)
  }

  /// Of `2`, `x2`, `2x`, `×2`.
  static func quantity(_ piece: String) -> Int64? {
    var text = Substring(piece.lowercased())
    if let first = text.first, "x×*".contains(first) {
      text = text.dropFirst()
    } else if let last = text.last, "x×".contains(last) {
      text = text.dropLast()
    }
    guard (1...2).contains(text.count) else { return nil }
    var value: Int64 = 0
    for character in text {
      guard let digit = character.wholeNumberValue, (0...9).contains(digit) else { return nil }
      value = value * 10 + Int64(digit)
    }
    return value > 0 ? value : nil
  }

  /// The choice that these words name: nil when they name none; nil in it when they name several.
  private static func choice<Name>(_ said: [String], _ choices: [Choice<Name>]) -> Name?? {
    let named = choices.filter { covers(said, values: $0.values.map(fold)) }
    guard !named.isEmpty else { return nil }
    if named.count == 1 { return .some(named[0].name) }
    // “M” is a size of its own, though “M” and “red” name another as well.
    let whole = named.filter { $0.values.flatMap(fold).count == said.count }
    return .some(whole.count == 1 ? whole[0].name : nil)
  }

  /// Whether the words are values of these, each at most once, and nothing else.
  private static func covers(_ said: [String], values: [[String]]) -> Bool {
    guard !said.isEmpty else { return true }
    return values.indices.contains { index in
      let value = values[index]
      guard !value.isEmpty, said.starts(with: value) else { return false }
      var others = values
      others.remove(at: index)
      return covers(Array(said.dropFirst(value.count)), values: others)
    }
  }
}
