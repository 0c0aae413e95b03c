import NIOCore
import Testing

@testable import Media

/// Holds the playlists of a running stream against the rules of RFC 8216bis, one after the other.
final class PlaylistChecker {
  struct Part: Equatable {
    var uri: String
    var duration: Double
    var isGap: Bool
  }
  struct Segment {
    var sequence: Int
    var duration = 0.0
    var uri = ""
    var parts: [Part] = []
    var isDiscontinuity = false
    var map = ""
    var date = ""
  }

  private(set) var segments: [Int: Segment] = [:]
  private(set) var discontinuities = 0
  private var last: (sequence: Int, discontinuity: Int, target: Int, partTarget: Double)?
  private var hints: [String] = []

  func check(_ stage: Stage) async throws {
    let text = try await stage.playlist()
    let lines = text.split(separator: "\n").map(String.init)
    func value(_ tag: String) -> String? {
      lines.first { $0.hasPrefix(tag + ":") }.map { String($0.dropFirst(tag.count + 1)) }
    }
    let target = try #require(value("#EXT-X-TARGETDURATION").flatMap { Int($0) })
    let partTarget = try #require(value("#EXT-X-PART-INF").flatMap { Double($0.dropFirst("PART-TARGET=".count)) })
    let sequence = try #require(value("#EXT-X-MEDIA-SEQUENCE").flatMap { Int($0) })
    let discontinuity = try #require(value("#EXT-X-DISCONTINUITY-SEQUENCE").flatMap { Int($0) })
    if let last {
      #expect(target == last.target && partTarget == last.partTarget, "targets never change")
      #expect(sequence >= last.sequence && discontinuity >= last.discontinuity, "sequences never fall")
    }
    last = (sequence, discontinuity, target, partTarget)

    var whole: [Segment] = []
    var open = Segment(sequence: sequence)
    var map = ""
    for line in lines {
      if line == "#EXT-X-DISCONTINUITY" { open.isDiscontinuity = true }
      if line.hasPrefix("#EXT-X-MAP:URI=") { map = line.components("\"")[1] }
      if line.hasPrefix("#EXT-X-PROGRAM-DATE-TIME:") { open.date = line }
      if line.hasPrefix("#EXT-X-PART:") {
        let duration = line.components("DURATION=")[1].prefix { $0 != "," }
        open.parts.append(
          Part(uri: line.components("\"")[1], duration: Double(duration) ?? 0, isGap: line.contains("GAP=YES")))
      }
      if line.hasPrefix("#EXTINF:") { open.duration = Double(line.dropFirst(8).dropLast()) ?? 0 }
      if !line.hasPrefix("#") {
        open.uri = line
        open.map = map
        whole.append(open)
        open = Segment(sequence: open.sequence + 1)
      }
    }
    open.map = map
    for segment in whole { try await check(segment, target: target, partTarget: partTarget, stage) }
    checkParts(of: open, isWhole: false, partTarget: partTarget)
    let length = whole.reduce(0) { $0 + $1.duration }
    if sequence > 60 { #expect(length >= Double(3 * target), "§6.2.2: three target durations stay") }

    // The hint is the part after the last one, and one that was hinted at is what comes.
    let parts = (whole + [open]).flatMap(\.parts).map(\.uri)
    let numbers = parts.compactMap { Int($0.dropFirst("x7/p".count).dropLast(".mp4".count)) }
    #expect(numbers.count == parts.count)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 1 }, "one counter through the whole stream")
    if let hint = lines.last(where: { $0.hasPrefix("#EXT-X-PRELOAD-HINT:") }) {
      let name = hint.components("\"")[1]
      if let newest = numbers.last { #expect(name == "x7/p\(newest + 1).mp4") }
      if hints.last != name { hints.append(name) }
    } else {
      #expect(lines.last == "#EXT-X-ENDLIST")
    }
  }

  private func check(_ segment: Segment, target: Int, partTarget: Double, _ stage: Stage) async throws {
    #expect(Int(segment.duration.rounded()) <= target)
    #expect(!segment.map.isEmpty)
    checkParts(of: segment, isWhole: true, partTarget: partTarget)
    if let known = segments[segment.sequence] {
      #expect(known.uri == segment.uri && known.duration == segment.duration && known.map == segment.map)
      #expect(
        known.isDiscontinuity == segment.isDiscontinuity && known.date == segment.date, "what was said stays said")
      return
    }
    segments[segment.sequence] = segment
    if segment.isDiscontinuity { discontinuities += 1 }
    #expect(!segment.date.isEmpty)
    let bytes = try #require(await stage.bytes(segment.uri))
    if !segment.parts.isEmpty {
      var joined: [UInt8] = []
      for part in segment.parts where !part.isGap { joined += try #require(await stage.bytes(part.uri)) }
      #expect(joined == bytes, "parts are the segment's own bytes")
      #expect(abs(segment.parts.reduce(0) { $0 + $1.duration } - segment.duration) < 0.0002)
    }
    #expect(await stage.bytes(segment.map)?.starts(with: [0, 0, 0]) == true)
    if let before = segments[segment.sequence - 1] {
      #expect(segment.isDiscontinuity == (before.map != segment.map), "a new map comes with a discontinuity")
      #expect(await stage.bytes(before.uri) != nil)
    }
  }

  private func checkParts(of segment: Segment, isWhole: Bool, partTarget: Double) {
    for (index, part) in segment.parts.enumerated() {
      #expect(part.duration <= partTarget + 0.000_011)
      let isLast = isWhole && index == segment.parts.count - 1
      if !isLast, !part.isGap { #expect(part.duration >= 0.85 * partTarget, "\(part)") }
    }
  }
}
