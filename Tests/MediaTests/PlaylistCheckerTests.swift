import Testing

@testable import Media

/// The checker is only worth something if it sees mistakes.
@Suite struct PlaylistCheckerTests {
  /// Made once: every mistake is made in a copy.
  private static let made = Task { try await film() }

  private static func playlists() async throws -> (before: String, after: String) { try await made.value }

  private static func film() async throws -> (before: String, after: String) {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 24_000)
    stage.connect(video: .large)
    stage.film(milliseconds: 4_100)
    stage.stream.mark(DateRange(id: "a", className: "x", startMilliseconds: 90_000))
    let before = try await stage.playlist()
    stage.film(milliseconds: 1_300)
    return (before, try await stage.playlist())
  }

  @Test func `what is right is found right`() async throws {
    let (before, after) = try await Self.playlists()
    let checker = PlaylistChecker()
    #expect(checker.take(before) == [])
    #expect(checker.take(after) == [])
    #expect(checker.take(after) == [])
  }

  /// Each mistake as what to look for and what to put in its place, in the second of two playlists.
  @Test(
    arguments: [
      (#"#EXTM3U\n"#, ""), (#"(?m)^#EXT-X-VERSION.*\n"#, ""), (#"TARGETDURATION:2"#, "TARGETDURATION:1"),
      (#"TARGETDURATION:2"#, "TARGETDURATION:3"), (#"TARGETDURATION:2"#, "TARGETDURATION:2.0"),
      (#"(,HOLD-BACK=)\d"#, "$1" + "5"), (#"(PART-HOLD-BACK=0.)\d"#, "$1" + "5"),
      (#"(CAN-SKIP-UNTIL=1)\d"#, "$1" + "1"),
      (#"CAN-BLOCK-RELOAD=YES"#, "CAN-BLOCK-RELOAD=MAYBE"), (#"PART-TARGET=0.2\d+"#, "PART-TARGET=0.1"),
      (#"PART-TARGET=0.2\d+"#, "PART-TARGET=0.24"), (#"(MEDIA-SEQUENCE:)\d+"#, "$1" + "3"),
      (#"(DISCONTINUITY-SEQUENCE:)\d"#, "$1" + "0"), (#"(DISCONTINUITY-SEQUENCE:)\d"#, "$1" + "9"),
      (#"#EXT-X-DISCONTINUITY\n"#, ""), (#"(?m)^#EXT-X-MAP.*\n"#, ""), (#"(#EXT-X-MAP:URI=")x7/i1"#, "$1" + "x7/i3"),
      (#"(?m)^#EXT-X-PROGRAM-DATE-TIME.*\n"#, ""), (#"(PROGRAM-DATE-TIME:.*:)\d\d(\.\d+Z)"#, "$1" + "59" + "$2"),
      (#"(?m)^#EXTINF.*\n"#, ""), (#"#EXTINF:\d"#, "#EXTINF:4"), (#"(?m)^x7/s\d+.mp4\n"#, ""),
      (#"(?m)^(x7/s)\d+"#, "$1" + "1"), (#"(EXT-X-PART:DURATION=)0.2"#, "$1" + "0.3"),
      (#"(EXT-X-PART:DURATION=)0.2"#, "$1" + "0.1"), (#"(?m)^#EXT-X-PART:.*\n"#, ""),
      (#",INDEPENDENT=YES"#, ",INDEPENDENT=NO"), (#",INDEPENDENT=YES"#, ",GAP=YES"), (#"(URI="x7/p)\d+"#, "$1" + "7"),
      (#"(?m)^#EXT-X-PRELOAD-HINT.*\n"#, ""), (#"(?m)^(#EXT-X-PRELOAD-HINT.*\n)"#, "$1$1"),
      (#"(?m)^#EXT-X-PRELOAD-HINT.*\n"#, "#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n$0"), (#"$"#, "#EXT-X-ENDLIST\n"),
      (#"(START-DATE="\d+-\d+-\d+T\d+:\d+:)\d\d"#, "$1" + "59"), (#"(CLASS=")x"#, "$1" + "y"),
      (#"(?m)^(#EXT-X-DATERANGE.*\n)"#, "$1$1"), (#"ID="a""#, "ID=a"), (#"(?m)^#EXT-X-INDEP.*\n"#, "$0\n"),
      (#"(?m)^#EXTINF"#, "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n#EXTINF"), (#"(?m)^#EXTINF"#, "#EXT-X-GAP\n#EXTINF"),
      (#"(?m)^(#EXT-X-PART:.*\n)(#EXTINF)"#, "$1#EXT-X-DISCONTINUITY\n$2"), (#"LAST-MSN=\d+"#, "LAST-MSN=x"),
      (#"\n"#, "\r\n"), (#"#EXT-X-PART:"#, "#EXT-X-PARTS:"),
    ] as [(String, String)])
  func `a mistake is found`(search: String, replacement: String) async throws {
    let (before, after) = try await Self.playlists()
    let checker = PlaylistChecker()
    #expect(checker.take(before) == [])
    let regex = try Regex(search)
    let match = try #require(after.firstMatch(of: regex) ?? after.matches(of: regex).last, "nothing to spoil")
    var replaced = replacement
    for index in match.output.indices.reversed() {
      replaced = replaced.replacing("$\(index)", with: match.output[index].substring.map(String.init) ?? "")
    }
    var spoiled = after
    spoiled.replaceSubrange(match.range, with: replaced)
    #expect(spoiled != after)
    #expect(checker.take(spoiled) != [], "\(spoiled)")
  }

  @Test func `what is taken back, or served again as it was, is found`() async throws {
    let (before, after) = try await Self.playlists()
    let checker = PlaylistChecker()
    _ = checker.take(after)
    #expect(checker.take(before) != [])
  }
}
