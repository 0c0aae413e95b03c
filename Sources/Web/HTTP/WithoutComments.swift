/// Scripts and style sheets as they are sent: comments that have lines of their own are left empty, and lines begin
/// where their code does, so that readers of the source pay nothing for either and an error's line number is still right.
/// A comment beside code stays, and so does a text that goes over several lines.
enum WithoutComments {
  static func text(_ source: String) -> String {
    var isInside = false
    // Between backticks, a line's blanks are part of the text.
    var isText = false
    return source.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if !isText, isInside || bare.hasPrefix("/*") {
        isInside = !bare.contains("*/")
        // What follows the end of a comment on its line is code.
        return isInside || bare.hasSuffix("*/") ? "" : bare
      }
      if !isText, bare.hasPrefix("//") { return "" }
      let wasText = isText
      if !line.utf8.count(where: { $0 == UInt8(ascii: "`") }).isMultiple(of: 2) { isText.toggle() }
      return wasText ? line : bare
    }.joined(separator: "\n")
  }
}
