/// Which of a language's plural forms a whole number takes, by the rules of Unicode's CLDR as they are written there:
/// `n % 10 = 2..4 and n % 100 != 12..14` (UTS #35, part 3, "Language Plural Rules").
struct PluralRules: Sendable {
  /// The forms a rule may be for, in the order they are tried; `other` takes the rest.
  static let categories = ["zero", "one", "two", "few", "many"]

  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  private struct Relation {
    /// Whether it looks at the number; the other operands look at fractions, which whole numbers do not have.
    let isOfNumber: Bool
    let modulus: UInt64?
    let ranges: [ClosedRange<UInt64>]
    let isNegated: Bool

    func holds(_ number: UInt64) -> Bool {
      let operand = isOfNumber ? number : 0
      let rest = modulus.map { operand % $0 } ?? operand
      return ranges.contains { $0.contains(rest) } != isNegated
    }
  }

  /// A category, and its conditions: one of the lists must hold whole.
  private let rules: [(category: String, alternatives: [[Relation]])]

  /// - Parameter texts: category → rule. What follows `@` in a rule are CLDR's own examples.
  init(_ texts: [String: String]) throws {
    if let unknown = texts.keys.sorted().first(where: { !Self.categories.contains($0) }) {
      throw Fault(
        description: "a plural rule is for one of \(Self.categories.joined(separator: ", ")), not “\(unknown)”")
    }
    rules = try Self.categories.compactMap { category in
      guard let text = texts[category] else { return nil }
      let condition = String(text.prefix { $0 != "@" })
      return (
        category,
        try Self.parts(condition, at: "or").map { try Self.parts($0, at: "and").map(Self.relation) }
      )
    }
  }

  var forms: [String] { rules.map(\.category) + ["other"] }

  /// The form of a whole number; its sign does not matter.
  func form(of number: Int64) -> String {
    let number = number.magnitude
    return rules.first { $0.alternatives.contains { $0.allSatisfy { $0.holds(number) } } }?.category ?? "other"
  }

  private static func parts(_ text: String, at word: String) -> [String] {
    text.split(separator: " ").split(separator: word[...], omittingEmptySubsequences: false)
      .map { $0.joined(separator: " ") }
  }

  private static func relation(_ text: String) throws -> Relation {
    let pattern =
      /([nivwftce])(?: % ([0-9]{1,9}))? (!?=) ([0-9]{1,9}(?:\.\.[0-9]{1,9})?(?:, ?[0-9]{1,9}(?:\.\.[0-9]{1,9})?)*)/
    guard let match = text.wholeMatch(of: pattern) else {
      throw Fault(description: "“\(text)” is no condition such as n % 10 = 2..4")
    }
    let ranges = try match.4.split(separator: ",").map { range in
      let ends = range.split(separator: ".").compactMap { UInt64($0.filter { $0 != " " }) }
      guard let first = ends.first, let last = ends.last, first <= last else {
        throw Fault(description: "“\(range)” ends before it begins")
      }
      return first...last
    }
    let modulus = match.2.flatMap { UInt64($0) }
    if modulus == 0 { throw Fault(description: "“\(text)” divides by nothing") }
    return Relation(
      isOfNumber: ["n", "i"].contains(match.1), modulus: modulus, ranges: ranges, isNegated: match.3 == "!=")
  }
}
