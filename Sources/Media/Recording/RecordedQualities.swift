public import NIOCore

/// A replay as it is asked for: one playlist where a recording has one picture, else a multivariant one and one for each
/// picture.
extension Recordings {
  private static let indexName = "index.m3u8"
  private static let wholeName = "whole.m3u8"
  /// Heads looked at to say what a variant takes to play: there is one for each time the encoder came back.
  private static let headsMax = 64

  /// A playlist of the recording, `index.m3u8` or one that this names; nil for none.
  /// - Parameter epoch: wall clock, milliseconds since 1970, at show time 0.
  public func replayPlaylist(_ name: String, of id: String, epoch: Int64) async throws -> String? {
    guard let index = try await index(of: id) else { return nil }
    var rungs: [(side: Int, index: RecordingIndex)] = []
    for side in try await self.rungs(of: id) {
      if let rung = try await self.index(ofRung: side, in: id) { rungs.append((side, rung)) }
    }
    if name == Self.wholeName || name == Self.indexName && rungs.isEmpty {
      return RecordingPlaylist.replay(index, epoch: epoch)
    }
    let own = try await heads(of: index) { [self] in try await bytes(of: $0, in: id) }
    if name == Self.indexName {
      var text = "#EXTM3U\n#EXT-X-VERSION:8\n" + Self.variant(index, codecs: own.codecs, own.size, Self.wholeName)
      for (side, rung) in rungs {
        let heads = try await heads(of: rung) { [self] in try await bytes(of: $0, ofRung: side, in: id) }
        // What stands in for a missing segment is part of the variant, and its codecs too.
        let isWhole = Set(rung.segments.map(\.entry.start)).isSuperset(of: index.segments.map(\.entry.start))
        let codecs = heads.codecs + (isWhole || !own.isAVC ? [] : own.codecs.filter { !heads.codecs.contains($0) })
        text += Self.variant(rung, codecs: codecs, heads.size, Self.name(ofRung: side))
      }
      return text
    }
    guard let (side, rung) = rungs.first(where: { Self.name(ofRung: $0.side) == name }) else { return nil }
    return RecordingPlaylist.replay(
      rung, in: Playlist.Names.folder(ofRung: side), beside: index, standsIn: own.isAVC, epoch: epoch)
  }

  /// The bytes at an address that a playlist of the recording names; nil for none.
  public func media(at path: String, of id: String) async throws -> ByteBuffer? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let side = Self.rung(ofFolder: parts[0]) {
      guard let index = try await index(ofRung: side, in: id),
        let entry = RecordingPlaylist.entry(named: parts[1], in: index)
      else { return nil }
      return try await bytes(of: entry, ofRung: side, in: id)
    }
    guard let index = try await index(of: id), let entry = RecordingPlaylist.entry(named: path, in: index) else {
      return nil
    }
    return try await bytes(of: entry, in: id)
  }

  private static func name(ofRung side: Int) -> String { Playlist.Names.media(.rung(side)) }

  private static func variant(
    _ index: RecordingIndex, codecs: [String], _ size: (width: Int, height: Int)?, _ name: String
  ) -> String {
    var rate = BitrateMeter()
    let longest = index.segments.map(\.entry.duration).max() ?? 0
    for segment in index.segments {
      rate.add(bytes: segment.entry.length, ticks: segment.entry.duration, target: longest)
    }
    let attributes = Playlist.attributes(rate.declared, codecs: codecs.sorted().joined(separator: ","), size: size)
    return Playlist.streamInfo(attributes, name)
  }

  /// What it takes to play a recording: every codec that occurs in it, and its largest picture.
  private struct Heads {
    var codecs: [String] = []
    var size: (width: Int, height: Int)?
    /// No other picture than AVC, as smaller pictures have.
    var isAVC: Bool { codecs.allSatisfy { $0.hasPrefix("avc1") || $0.hasPrefix("mp4a") } }
  }

  private func heads(
    of index: RecordingIndex, read: (RecordingEntry) async throws -> ByteBuffer?
  ) async throws -> Heads {
    var heads = Heads()
    let entries = index.initializations.values.sorted { $0.file < $1.file }
    let distinct = Dictionary(entries.map { ($0.checksum, $0) }) { first, _ in first }
    for entry in distinct.values.sorted(by: { $0.file < $1.file }).prefix(Self.headsMax) {
      guard let bytes = try await read(entry) else { continue }
      for track in (try? FragmentDecoder.tracks(in: bytes)) ?? [] {
        if let codec = track.codecString, !heads.codecs.contains(codec) { heads.codecs.append(codec) }
        let known = heads.size ?? (0, 0)
        if track.width * track.height > known.width * known.height { heads.size = (track.width, track.height) }
      }
    }
    return heads
  }
}
