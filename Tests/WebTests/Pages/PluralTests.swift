import Foundation
import Testing

@testable import Web

/// The rules are those of CLDR 48, as they stand there.
struct PluralTests {
  @Test(arguments: [
    (["one": "i = 1 and v = 0 @integer 1"], [0: "other", 1: "one", 2: "other", 1_000_000: "other"]),
    (["one": "i = 0 or n = 1"], [0: "one", 1: "one", 2: "other"]),
    (
      [
        "zero": "n = 0", "one": "n = 1", "two": "n = 2", "few": "n % 100 = 3..10", "many": "n % 100 = 11..99",
      ], [0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other", 103: "few", 111: "many", 202: "other"]
    ),
    (
      [
        "one": "v = 0 and i % 10 = 1 and i % 100 != 11",
        "few": "v = 0 and i % 10 = 2..4 and i % 100 != 12..14",
        "many": "v = 0 and i % 10 = 0 or v = 0 and i % 10 = 5..9 or v = 0 and i % 100 = 11..14",
      ], [1: "one", 11: "many", 21: "one", 22: "few", 12: "many", 25: "many", -3: "few"]
    ),
    (["one": "i = 0,1 or f != 0"], [0: "one", 1: "one", 2: "other"]),
  ])
  func `a language's rules say which form a number takes`(texts: [String: String], expected: [Int64: String]) throws {
    let rules = try PluralRules(texts)
    for (number, form) in expected { #expect(rules.form(of: number) == form, "\(number)") }
  }

  @Test(arguments: [
    ["some": "n = 1"], ["one": ""], ["one": "n is 1"], ["one": "n % 0 = 1"], ["one": "n = 4..2"], ["one": "n = 1 or"],
    ["one": "n = 99999999999999999999"],
  ])
  func `rules that are none are refused`(texts: [String: String]) {
    #expect(throws: PluralRules.Fault.self) { try PluralRules(texts) }
  }

  @Test func `a text has one form for each plural, and the words around it`() throws {
    #expect(try MessageText("Buy {title}, it's good") == .plain("Buy {title}, it's good"))
    #expect(
      try MessageText("{count, plural, one {# bid} other {# bids}}")
        == .counted(argument: "count", forms: ["one": "{count} bid", "other": "{count} bids"]))
    #expect(
      try MessageText("Hi {name}: {n,plural,=0{nothing}one {# of {all}} other{#}}.")
        == .counted(
          argument: "n",
          forms: ["=0": "Hi {name}: nothing.", "one": "Hi {name}: {n} of {all}.", "other": "Hi {name}: {n}."]))
  }

  @Test(arguments: [
    "{count", "{}", "a } b", "{count, select, a {b} other {c}}", "{count, plural, one {# bid}}",
    "{count, plural, other {#}",
    "{count, plural, one {a} one {b} other {c}}", "{count, plural, lots {a} other {b}}",
    "{a, plural, other {#}} {b, plural, other {#}}", "{a, plural, other {{b, plural, other {#}}}}", "{count, plural}",
  ])
  func `a text that is no message is refused, with its place`(text: String) {
    #expect { try MessageText(text) } throws: { "\($0)".contains("at character") }
  }

  @Test func `any further language is a file`() throws {
    let arabic = try Words(
      language: "ar",
      data: Data(
        """
        { "language": {"name": "العربية", "direction": "rtl", "locale": "ar-EG-u-nu-latn"},
          "plural": {"zero": "n = 0", "one": "n = 1", "two": "n = 2", "few": "n % 100 = 3..10", "many": "n % 100 = 11..99"},
          "auction": {"count": "{count, plural, =0 {لا مزايدات} one {مزايدة} two {مزايدتان} few {# مزايدات} many {# مزايدة} other {# مزايدة}}",
                      "won": "فاز {name}"} }
        """.utf8))
    #expect(arabic.direction == "rtl")
    #expect(
      [0, 1, 2, 7, 42, 1_00_000].map { arabic.plural("auction.count", $0) }
        == ["لا مزايدات", "مزايدة", "مزايدتان", "7 مزايدات", "42 مزايدة", "1,00,000 مزايدة"])
    #expect(arabic["auction.won", ["name": "Asha"]] == "فاز Asha")
    #expect(arabic.groups["auction"] == ["won": "فاز {name}"])
  }

  @Test(arguments: [
    #"{"language": {"direction": "up"}}"#, #"{"language": {"direction": "ltr"}, "plural": {"one": "x"}}"#,
    #"{"language": {"direction": "ltr"}, "a": {"b": "{c, plural, few {#} other {#}}"}}"#,
    #"{"language": {"direction": "ltr"}, "a": {"b": "{c"}}"#,
  ])
  func `a language file with a mistake is named with it`(json: String) {
    #expect { try Words(language: "xx", data: Data(json.utf8)) } throws: { "\($0)".hasPrefix("xx.json, ") }
  }
}
