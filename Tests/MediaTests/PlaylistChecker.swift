import NIOCore
import Testing

@testable import Media

/// Holds the playlists of one rendition of a running stream against the rules of RFC 8216bis, one reload after the
/// other. It knows nothing of how they are made.
final class PlaylistChecker {
  private(set) var problems: [String] = []
  private(set) var segments: [Int: ReadPlaylist.Segment] = [:]
  private(set) var discontinuities = 0
  private(set) var newest: ReadPlaylist?
  private var ranges: [String: [String: String]] = [:]

  /// Takes the next version as it was served, and tells of what is wrong with it.
  func take(_ text: String) -> [String] {
    let playlist = ReadPlaylist(text)
    var found = playlist.problems
    if playlist.skipped > 0 { found.append("a skip nobody asked for") }
    if let before = newest { found += changes(from: before, to: playlist) }
    for segment in playlist.segments {
      guard let known = segments[segment.sequence] else {
        if segment.isDiscontinuity { discontinuities += 1 }
        segments[segment.sequence] = segment
        continue
      }
      if Self.core(known) != Self.core(segment) { found.append("segment \(segment.sequence) has changed in place") }
      segments[segment.sequence]?.parts = segment.parts
    }
    for (id, range) in playlist.ranges {
      let known = ranges.updateValue(range, forKey: id) ?? range
      if known["START-DATE"] != range["START-DATE"] || known["CLASS"] != range["CLASS"] {
        found.append("range “\(id)” has moved")
      }
      if let length = known["DURATION"], range["DURATION"] != length { found.append("range “\(id)” has another end") }
    }
    newest = playlist
    problems += found
    return found
  }

  /// What may become of a playlist, §6.2.1 and §6.2.2.
  private func changes(from before: ReadPlaylist, to after: ReadPlaylist) -> [String] {
    var found: [String] = []
    func rule(_ name: String, _ isKept: Bool) { if !isKept { found.append(name) } }
    rule("the target has changed", before.target == after.target && before.partTarget == after.partTarget)
    rule("the server control has changed", before.control == after.control)
    rule("the media sequence falls", after.sequence >= before.sequence)
    rule("the discontinuity sequence falls", after.discontinuity >= before.discontinuity)
    rule(
      "what has ended goes on",
      !before.hasEnded || after.hasEnded && after.segments.count == before.segments.count)

    // Only what left from the front is gone, and each discontinuity that left is counted.
    let gone = before.segments.filter { $0.sequence < after.sequence }
    let counted = before.discontinuity + gone.filter(\.isDiscontinuity).count
    if after.sequence <= (before.segments.last?.sequence ?? after.sequence) + 1 {
      rule("the discontinuity sequence does not count what left", after.discontinuity == counted)
    }
    let all = after.segments + [after.open]
    for known in before.segments + [before.open] where known.sequence >= after.sequence {
      guard let now = all.first(where: { $0.sequence == known.sequence }) else {
        if !known.parts.isEmpty || !known.uri.isEmpty { found.append("segment \(known.sequence) has vanished") }
        continue
      }
      let isShorter = now.parts.count < known.parts.count
      let mayBeForgotten = now.parts.isEmpty && !now.uri.isEmpty
      if isShorter ? !mayBeForgotten : !now.parts.starts(with: known.parts) {
        if !known.parts.isEmpty { found.append("parts of segment \(known.sequence) have changed in place") }
      }
    }
    if !gone.isEmpty {
      let length = after.segments.reduce(0) { $0 + $1.duration }
      rule("less than three target durations are left", length >= Double(3 * after.target))
    }

    // What was hinted at is what came, unless it is hinted at still or the stream is over.
    let parts = all.flatMap(\.parts).map(\.uri)
    let known = Set((before.segments + [before.open]).flatMap(\.parts).map(\.uri))
    let edge = all.first { $0.sequence == before.last.sequence }
    // Not to be judged when it is so long ago that those parts are listed no more.
    if let hint = before.hint, after.hint != hint, !after.hasEnded, edge?.parts.isEmpty == false {
      rule("the hint was \(hint), and something else came", parts.first { !known.contains($0) } == hint)
    }
    return found
  }

  /// What never changes; parts do leave.
  private static func core(_ segment: ReadPlaylist.Segment) -> ReadPlaylist.Segment {
    var segment = segment
    segment.parts = []
    // What is not to be loaded has the set-up that happens to stand before it.
    if segment.isGap { segment.map = "" }
    return segment
  }
}

/// The checkers of every rendition of a stream, its delta updates, its reports and its bytes.
final class StreamChecker {
  let whole = PlaylistChecker()
  let sound = PlaylistChecker()
  /// What a client knows that has asked for delta updates only, by how it asks.
  private var merged: [String: ReadPlaylist] = [:]
  private var checked: [String: Int] = [:]
  private(set) var deltas = 0

  func check(_ stage: Stage) async throws {
    let text = try await stage.playlist()
    #expect(whole.take(text) == [], "\(text)")
    let playlist = try #require(whole.newest)
    try await checkBytes(of: whole, folder: "", stage)
    try await checkDeltas(playlist, stage)
    guard !playlist.reports.isEmpty else { return }
    let soundText = try await stage.playlist(of: "sound.m3u8")
    #expect(sound.take(soundText) == [], "\(soundText)")
    let other = try #require(sound.newest)
    #expect(playlist.reports == [report(other, "sound.m3u8")] && other.reports == [report(playlist, "live.m3u8")])
    #expect(other.sequence == playlist.sequence && other.discontinuity == playlist.discontinuity)
    #expect(other.control == playlist.control && other.target == playlist.target)
    for (one, two) in zip(other.segments, playlist.segments) {
      #expect(one.duration == two.duration && one.date == two.date && one.isDiscontinuity == two.isDiscontinuity)
      #expect(one.parts.map(\.duration) == two.parts.map(\.duration))
    }
    try await checkBytes(of: sound, folder: "sound/", stage)
  }

  private func report(_ playlist: ReadPlaylist, _ uri: String) -> ReadPlaylist.Report {
    ReadPlaylist.Report(uri: uri, sequence: playlist.last.sequence, part: playlist.last.part)
  }

  private func checkDeltas(_ full: ReadPlaylist, _ stage: Stage) async throws {
    for form in ["YES", "v2"] {
      let delta = ReadPlaylist(try await stage.playlist(["_HLS_skip": form]))
      #expect(delta.problems == [])
      #expect(delta.skipped == 0 || !delta.hasEnded && full.control["CAN-SKIP-UNTIL"] != nil)
      if delta.skipped > 0 { deltas += 1 }
      #expect((delta.removed != nil) == (form == "v2" && delta.skipped > 0))
      let known = merged[form] ?? full
      guard let whole = delta.merged(into: known) else {
        // A client that was away so long has to ask for the whole (§6.3.7).
        #expect((known.segments.last?.sequence ?? 0) < delta.sequence + delta.skipped - 1, "nothing was left out")
        merged[form] = full
        continue
      }
      #expect(whole.segments == full.segments && whole.open == full.open && whole.hint == full.hint)
      #expect(whole.ranges == full.ranges && whole.sequence == full.sequence && whole.reports == full.reports)
      #expect(whole.discontinuity == full.discontinuity)
      merged[form] = whole
    }
  }

  /// Each new segment: it can be had, its parts are its own bytes, and so is its map.
  private func checkBytes(of checker: PlaylistChecker, folder: String, _ stage: Stage) async throws {
    guard let playlist = checker.newest else { return }
    for segment in playlist.segments where segment.sequence > checked[folder, default: -1] {
      checked[folder] = segment.sequence
      #expect(segment.uri.hasPrefix("x7/" + folder))
      guard !segment.isGap else {
        #expect(await stage.status(segment.uri) == 404)
        for part in segment.parts { #expect(await stage.status(part.uri) == 404) }
        continue
      }
      let bytes = try #require(await stage.bytes(segment.uri), "\(segment)")
      var joined: [UInt8] = []
      for part in segment.parts where !part.isGap { joined += try #require(await stage.bytes(part.uri), "\(part)") }
      #expect(segment.parts.isEmpty || joined == bytes, "parts are the segment's own bytes")
      #expect(await stage.bytes(segment.map)?.starts(with: [0, 0, 0]) == true)
      let tracks = Set(FragmentTime.all(bytes).map(\.track))
      #expect(folder.isEmpty ? tracks.contains(1) || tracks == [2] : tracks == [2])
    }
    // What has left may still be read by a client that is a little late.
    if let gone = checker.segments[playlist.sequence - 1], !gone.isGap {
      #expect(await stage.status(gone.uri) == 200)
    }
  }
}
