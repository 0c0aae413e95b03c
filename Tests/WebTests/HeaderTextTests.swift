import Testing

@testable import Web

struct HeaderTextTests {
  @Test(arguments: [
    ("", ""), ("  ", ""), ("\t a", "a"), ("a \t", "a"), (" a b ", "a b"), ("é", "é"), (" नमस्ते ", "नमस्ते"),
    ("\u{A0}a", "\u{A0}a"),
  ])
  func `only blanks around a field are dropped`(given: String, kept: String) {
    #expect(given[...].withoutBlanks == kept)
  }
}
