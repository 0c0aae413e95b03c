import Commerce
import Media

/// One thing an operator can set: its name, what it may be, and what it is for.
///
/// The same name gives the flag (`http.port` → `--http-port`), the environment variable (`HAAT_HTTP_PORT`) and the place
/// in the configuration file (`http:` / `port:`). The table in the README, `--help` and `haat config check` are all made
/// from these.
struct Setting: Sendable {
  let key: String
  let kind: Kind
  /// What holds when nobody says anything, in the form it would be written.
  let fallback: String
  let help: String
  var isSecret = false

  enum Kind: Sendable, Equatable {
    case integer(ClosedRange<Int>)
    case powerOfTwo(ClosedRange<Int>)
    case text(maxBytes: Int)
    case choice([String])
    case flag
    /// Smaller pictures, `LadderRung.ladder`.
    case ladder
    /// A range of ports, or nothing.
    case ports(countMax: Int)
    /// Whose pages may hold our frames, `EmbedSites`.
    case sites
  }

  /// `limits.chatPerMinute` → `--limits-chat-per-minute`.
  var flag: String { "--" + words.joined(separator: "-") }

  /// `limits.chatPerMinute` → `HAAT_LIMITS_CHAT_PER_MINUTE`.
  var environmentVariable: String { "HAAT_" + words.map { $0.uppercased() }.joined(separator: "_") }

  private var words: [String] {
    key.split(separator: ".").flatMap { component -> [String] in
      var words = [""]
      for character in component {
        if character.isUppercase { words.append("") }
        words[words.count - 1].append(contentsOf: character.lowercased())
      }
      return words
    }
  }

  /// What the value may be, in words: for the table and for the sentence that refuses another.
  var bounds: String {
    switch kind {
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .powerOfTwo(let range): "a power of two from \(range.lowerBound) to \(range.upperBound)"
    case .text(let maxBytes): "text of at most \(maxBytes) bytes"
    case .choice(let words): "one of " + words.joined(separator: ", ")
    case .flag: "true or false"
    case .sites:
      "* for anybody, or at most \(EmbedSites.countMax) origins such as https://blog.example with commas between, or "
        + "nothing for nobody"
    case .ports(let countMax): "at most \(countMax) ports such as 20000-20019, or nothing"
    case .ladder:
      "at most \(LadderRung.countMax) sides in pixels with their kbit/s, such as 720:2500,480:1200,360:700, or nothing"
    }
  }

  /// `20000-20019`; nil for anything else.
  static func ports(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], (1...65535).contains(first), first <= last,
      last <= 65535
    else { return nil }
    return first...last
  }

  /// Whether `text` may be the value.
  func accepts(_ text: String) -> Bool {
    switch kind {
    case .integer(let range): Int(text).map(range.contains) ?? false
    case .powerOfTwo(let range): Int(text).map { range.contains($0) && $0.nonzeroBitCount == 1 } ?? false
    case .text(let maxBytes): text.utf8.count <= maxBytes
    case .choice(let words): words.contains(text)
    case .flag: text == "true" || text == "false"
    case .ports(let countMax): text.isEmpty || (Self.ports(text)?.count).map { $0 <= countMax } ?? false
    case .ladder: LadderRung.ladder(text) != nil
    case .sites: EmbedSites(text) != nil
    }
  }
}
