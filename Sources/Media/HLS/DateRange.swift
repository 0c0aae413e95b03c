/// Something that happened in a show, said in its playlists (`EXT-X-DATERANGE`, RFC 8216bis §4.4.5.1) so that every HLS
/// player can show it at its place. Media knows nothing of what it means.
public struct DateRange: Sendable, Equatable {
  /// Characters of an id, a class, and a value; longer ones are cut.
  public static let idLengthMax = 64
  public static let valueLengthMax = 256
  /// Over thirty years: what is later is cut, so that it can be added to a date.
  public static let millisecondsMax: Int64 = 1 << 40
  /// Client attributes of one range; more are left out.
  public static let attributesMax = 12

  /// What a player may show of it: a name in capitals, digits and hyphens that is written after `X-`.
  public struct Attribute: Sendable, Equatable {
    public let name: String
    public let value: String

    /// - Returns: nil when the name is not one.
    public init?(_ name: String, _ value: String) {
      guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy(Self.isOfName) else { return nil }
      self.name = name
      self.value = DateRange.quotable(value, max: DateRange.valueLengthMax)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
      (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
    }
  }

  /// Unique within the stream. Marking again with the same id replaces what was said, for example to add an end; what
  /// was said of the start and the class has to stay.
  public let id: String
  public let className: String
  /// On the show's clock.
  public let startMilliseconds: Int64
  /// Nil while it lasts; equal to the start for what has no length.
  public let endMilliseconds: Int64?
  /// When it is expected to end, while that is not sure (`PLANNED-DURATION`).
  public let plannedEndMilliseconds: Int64?
  public let attributes: [Attribute]

  public init(
    id: String, className: String, startMilliseconds: Int64, endMilliseconds: Int64? = nil,
    plannedEndMilliseconds: Int64? = nil, attributes: [Attribute] = []
  ) {
    self.id = Self.quotable(id, max: Self.idLengthMax)
    self.className = Self.quotable(className, max: Self.idLengthMax)
    let start = min(max(0, startMilliseconds), Self.millisecondsMax)
    self.startMilliseconds = start
    self.endMilliseconds = endMilliseconds.map { min(max($0, start), Self.millisecondsMax) }
    self.plannedEndMilliseconds = plannedEndMilliseconds.map { min(max($0, start), Self.millisecondsMax) }
    self.attributes = Array(attributes.prefix(Self.attributesMax))
  }

  /// A quoted string holds no quote and no control character (§4.2).
  private static func quotable(_ text: String, max limit: Int) -> String {
    let allowed = text.unicodeScalars.lazy.map { scalar -> Character in
      if scalar == "\"" { return "\u{201d}" }
      return scalar.properties.generalCategory == .control ? " " : Character(scalar)
    }
    return String(String(allowed).prefix(limit))
  }
}

/// The ranges of one stream that its playlists hold. Pure; `now` is steady milliseconds.
struct DateRangeTable {
  private struct Entry {
    var range: DateRange
    var since: Int64
  }

  private let countMax: Int
  private var entries: [Entry] = []
  private var removed: [(id: String, at: Int64)] = []

  init(countMax: Int) { self.countMax = max(1, countMax) }

  /// - Returns: whether that is news.
  mutating func mark(_ range: DateRange, now: Int64) -> Bool {
    if let index = entries.firstIndex(where: { $0.range.id == range.id }) {
      guard entries[index].range != range else { return false }
      entries[index] = Entry(range: range, since: now)
    } else {
      removed.removeAll { $0.id == range.id }
      entries.append(Entry(range: range, since: now))
      if entries.count > countMax { remove(at: 0, now: now) }
    }
    return true
  }

  /// Forgets what ended before the playlist begins.
  mutating func forget(before milliseconds: Int64, now: Int64) {
    while let index = entries.firstIndex(where: { $0.range.endMilliseconds.map { $0 < milliseconds } ?? false }) {
      remove(at: index, now: now)
    }
  }

  private mutating func remove(at index: Int, now: Int64) {
    removed.append((entries.remove(at: index).range.id, now))
    if removed.count > countMax { removed.removeFirst() }
  }

  func fill(_ playlist: inout MediaPlaylist, now: Int64) {
    playlist.dateRanges = entries.map(\.range).sorted { $0.startMilliseconds < $1.startMilliseconds }
    guard let until = playlist.skipUntil else { return }
    let boundary = now - until * 1000 / Initialization.ticksPerSecond
    playlist.dateRangesKnown = Set(entries.filter { $0.since < boundary }.map(\.range.id))
    playlist.dateRangesRemoved = removed.filter { $0.at >= boundary }.map(\.id)
  }
}
