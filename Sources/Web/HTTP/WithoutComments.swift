/// Scripts and style sheets as they are sent: comments that have lines of their own are left empty, so that readers of the
/// source pay nothing for them and an error's line number is still right. A comment beside code stays.
enum WithoutComments {
  static func text(_ source: String) -> String {
    var isInside = false
    return source.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if isInside || bare.hasPrefix("/*") {
        isInside = !bare.contains("*/")
        // What follows the end of a comment on its line is code.
        return isInside || bare.hasSuffix("*/") ? "" : line
      }
      return bare.hasPrefix("//") ? "" : line
    }.joined(separator: "\n")
  }
}
