/// What a path and a query ask for, before it is known whether there is such a thing.
enum LiveRequest: Equatable {
  case want(LiveState.Want)
  case malformed
  case unknown

  init(_ path: String, query: [String: String], names: Playlist.Names) {
    switch path {
    case "index.m3u8": self = .want(.multivariant)
    case "stream": self = .want(.stream)
    case Playlist.Names.media(.whole): self = Self.playlist(.whole, query)
    case Playlist.Names.media(.sound): self = Self.playlist(.sound, query)
    default:
      if path.hasSuffix(".m3u8"), let rung = Self.rung(path.dropLast(5)) {
        self = Self.playlist(rung, query)
      } else {
        self = Self.file(path, names: names)
      }
    }
  }

  /// RFC 8216bis §6.2.5: delivery directives are decimal integers; a part is named only together with its segment.
  private static func playlist(_ rendition: Rendition, _ query: [String: String]) -> LiveRequest {
    // A directive that is not understood is as good as none.
    let skip: MediaPlaylist.Skip =
      switch query["_HLS_skip"] {
      case "YES": .segments
      case "v2": .segmentsAndDateRanges
      default: .nothing
      }
    guard let sequenceText = query["_HLS_msn"] else {
      guard query["_HLS_part"] == nil else { return .malformed }
      return .want(.playlist(rendition, sequence: nil, part: nil, skip: skip))
    }
    guard let sequence = integer(sequenceText) else { return .malformed }
    guard let partText = query["_HLS_part"] else {
      return .want(.playlist(rendition, sequence: sequence, part: nil, skip: skip))
    }
    guard let part = integer(partText) else { return .malformed }
    return .want(.playlist(rendition, sequence: sequence, part: part, skip: skip))
  }

  private static func file(_ path: String, names: Playlist.Names) -> LiveRequest {
    var pieces = path.split(separator: "/", omittingEmptySubsequences: false)[...]
    guard pieces.popFirst().map({ $0 == names.prefix }) ?? false else { return .unknown }
    var rendition = Rendition.whole
    if pieces.count == 2, let folder = pieces.first {
      guard let named = folder == Playlist.Names.sound ? .sound : Self.rung(folder) else { return .unknown }
      rendition = named
      pieces.removeFirst()
    }
    guard pieces.count == 1, let name = pieces.first, let kind = name.first, name.hasSuffix(".mp4"),
      let number = integer(name.dropFirst().dropLast(4))
    else { return .unknown }
    switch kind {
    case "i": return .want(.initialization(rendition, number))
    case "s": return .want(.segment(rendition, number))
    case "p": return .want(.part(rendition, number))
    default: return .unknown
    }
  }

  /// `480p`
  private static func rung(_ folder: some StringProtocol) -> Rendition? {
    guard folder.hasSuffix("p"), folder.utf8.count <= 6, let side = integer(folder.dropLast()) else { return nil }
    return .rung(side)
  }

  private static func integer(_ text: some StringProtocol) -> Int? {
    guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
