/// What a path and a query ask for, before it is known whether there is such a thing.
enum LiveRequest: Equatable {
  case want(LiveState.Want)
  case malformed
  case unknown

  init(_ path: String, query: [String: String], names: Playlist.Names) {
    switch path {
    case "index.m3u8": self = .want(.multivariant)
    case "stream": self = .want(.stream)
    case Playlist.Names.media: self = Self.playlist(query)
    default: self = Self.file(path, names: names)
    }
  }

  /// RFC 8216bis §6.2.5: delivery directives are decimal integers; a part is named only together with its segment.
  private static func playlist(_ query: [String: String]) -> LiveRequest {
    let skips = query["_HLS_skip"].map { $0 == "YES" || $0 == "v2" } ?? false
    guard let sequenceText = query["_HLS_msn"] else {
      return query["_HLS_part"] == nil ? .want(.playlist(sequence: nil, part: nil, skips: skips)) : .malformed
    }
    guard let sequence = integer(sequenceText) else { return .malformed }
    guard let partText = query["_HLS_part"] else {
      return .want(.playlist(sequence: sequence, part: nil, skips: skips))
    }
    guard let part = integer(partText) else { return .malformed }
    return .want(.playlist(sequence: sequence, part: part, skips: skips))
  }

  private static func file(_ path: String, names: Playlist.Names) -> LiveRequest {
    let pieces = path.split(separator: "/", omittingEmptySubsequences: false)
    guard pieces.count == 2, pieces[0] == names.prefix, let kind = pieces[1].first, pieces[1].hasSuffix(".mp4"),
      let number = integer(pieces[1].dropFirst().dropLast(4))
    else { return .unknown }
    switch kind {
    case "i": return .want(.initialization(number))
    case "s": return .want(.segment(number))
    case "p": return .want(.part(number))
    default: return .unknown
    }
  }

  private static func integer(_ text: some StringProtocol) -> Int? {
    guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
