/// A media playlist as a strict reader takes it: what it says, and everything that is wrong with it by itself.
struct ReadPlaylist {
  struct Part: Equatable {
    var uri = ""
    var duration = 0.0
    var isIndependent = false
    var isGap = false
  }
  struct Segment: Equatable {
    var sequence = 0
    var duration = 0.0
    var uri = ""
    var parts: [Part] = []
    var isDiscontinuity = false
    var isGap = false
    var map = ""
    /// Seconds since 1970.
    var date = 0.0
  }
  struct Report: Equatable {
    var uri: String
    var sequence: Int
    var part: Int?
  }

  private(set) var problems: [String] = []
  private(set) var version = 0
  private(set) var target = 0
  private(set) var partTarget = 0.0
  private(set) var control: [String: String] = [:]
  private(set) var sequence = 0
  private(set) var discontinuity = 0
  private(set) var skipped = 0
  private(set) var removed: [String]?
  private(set) var segments: [Segment] = []
  /// The one being written; its parts may be none.
  private(set) var open = Segment()
  private(set) var hint: String?
  private(set) var hasEnded = false
  private(set) var ranges: [String: [String: String]] = [:]
  private(set) var reports: [Report] = []

  /// What a value looks like, RFC 8216bis §4.2.
  private enum Form {
    case nothing, integer, decimal, length, text, date, word(String)
    /// Attributes in this order; those with a question mark may be missing.
    case list([(String, Form)])
  }

  /// Each tag that may stand in our playlists.
  private static let grammar: [String: Form] = [
    "EXT-X-VERSION": .integer, "EXT-X-TARGETDURATION": .integer, "EXT-X-MEDIA-SEQUENCE": .integer,
    "EXT-X-DISCONTINUITY-SEQUENCE": .integer, "EXT-X-INDEPENDENT-SEGMENTS": .nothing,
    "EXT-X-DISCONTINUITY": .nothing, "EXT-X-GAP": .nothing, "EXT-X-ENDLIST": .nothing, "EXTINF": .length,
    "EXT-X-PROGRAM-DATE-TIME": .date,
    "EXT-X-SERVER-CONTROL": .list([
      ("CAN-BLOCK-RELOAD", .word("YES")), ("CAN-SKIP-UNTIL?", .decimal), ("CAN-SKIP-DATERANGES?", .word("YES")),
      ("HOLD-BACK", .decimal), ("PART-HOLD-BACK", .decimal),
    ]),
    "EXT-X-PART-INF": .list([("PART-TARGET", .decimal)]), "EXT-X-MAP": .list([("URI", .text)]),
    "EXT-X-PART": .list([
      ("DURATION", .decimal), ("URI", .text), ("INDEPENDENT?", .word("YES")), ("GAP?", .word("YES")),
    ]),
    "EXT-X-SKIP": .list([("SKIPPED-SEGMENTS", .integer), ("RECENTLY-REMOVED-DATERANGES?", .text)]),
    "EXT-X-PRELOAD-HINT": .list([("TYPE", .word("PART")), ("URI", .text)]),
    "EXT-X-RENDITION-REPORT": .list([("URI", .text), ("LAST-MSN", .integer), ("LAST-PART?", .integer)]),
    "EXT-X-DATERANGE": .list([
      ("ID", .text), ("CLASS", .text), ("START-DATE", .text), ("DURATION?", .decimal),
      ("PLANNED-DURATION?", .decimal), ("X-*", .text),
    ]),
  ]

  /// - Returns: what was read of a list, and whether the value has the form.
  private static func fits(_ value: Substring, _ form: Form) -> (isRight: Bool, attributes: [String: String]) {
    func digits(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    switch form {
    case .nothing: return (value.isEmpty, [:])
    case .integer: return (digits(value), [:])
    case .decimal:
      let halves = value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      return (halves.allSatisfy(digits), [:])
    case .length: return (value.hasSuffix(",") && fits(value.dropLast(), .decimal).isRight, [:])
    case .text:
      return (
        value.utf8.count >= 2 && value.first == "\"" && value.last == "\""
          && !value.dropFirst().dropLast().contains("\""), [:]
      )
    case .date: return (value.utf8.count == 24 && value.hasSuffix("Z") && seconds(value) > 0, [:])
    case .word(let word): return (value == word, [:])
    case .list(let forms):
      var found: [String: String] = [:]
      var place = 0
      for piece in pieces(value) {
        guard let equals = piece.firstIndex(of: "=") else { return (false, found) }
        let (name, value) = (piece[..<equals], piece[piece.index(after: equals)...])
        while place < forms.count, !isNamed(name, forms[place].0), forms[place].0.hasSuffix("?") { place += 1 }
        guard place < forms.count, isNamed(name, forms[place].0), fits(value, forms[place].1).isRight,
          found.updateValue(
            value.first == "\"" ? String(value.dropFirst().dropLast()) : String(value), forKey: String(name)) == nil
        else { return (false, found) }
        if !forms[place].0.hasSuffix("*") { place += 1 }
      }
      return (forms[place...].allSatisfy { $0.0.hasSuffix("?") || $0.0.hasSuffix("*") }, found)
    }
  }

  private static func isNamed(_ name: Substring, _ pattern: String) -> Bool {
    pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern || name + "?" == pattern
  }

  /// At commas that are not within quotes.
  private static func pieces(_ list: Substring) -> [Substring] {
    var isQuoted = false
    return list.split(omittingEmptySubsequences: false) { character in
      if character == "\"" { isQuoted.toggle() }
      return character == "," && !isQuoted
    }
  }

  private static let once = [
    "EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-SERVER-CONTROL", "EXT-X-PART-INF",
  ]
  private static let ofSegments: Set<String> = [
    "EXTINF", "EXT-X-PART", "EXT-X-MAP", "EXT-X-DISCONTINUITY", "EXT-X-GAP", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-SKIP",
  ]

  init(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    if !text.hasSuffix("\n") || lines.first != "#EXTM3U" { problems.append("it is no playlist") }
    if text.utf8.contains(where: { $0 < 0x20 && $0 != 0x0a && $0 != 0x09 || $0 == 0x7f }) {
      problems.append("a control character")
    }
    var counts: [String: Int] = [:]
    var map = ""
    var hasLength = false
    var hasBegun = false
    for line in lines.dropFirst() {
      guard line.hasPrefix("#") else {
        if !hasLength { problems.append("\(line) has no EXTINF") }
        if line.isEmpty || line.contains(" ") { problems.append("“\(line)” is no address") }
        open.uri = String(line)
        finish(&map)
        hasLength = false
        continue
      }
      let name = String(line.dropFirst().prefix { $0 != ":" })
      let value = line.dropFirst(name.utf8.count + 2)
      guard let form = Self.grammar[name], case let read = Self.fits(value, form), read.isRight else {
        problems.append("“\(line)” is not well-formed")
        continue
      }
      counts[name, default: 0] += 1
      if Self.ofSegments.contains(name) { hasBegun = true }
      if Self.once.contains(name), hasBegun { problems.append("\(name) comes after a segment") }
      if hint != nil || hasEnded, Self.ofSegments.contains(name) { problems.append("\(name) comes after the end") }
      if name == "EXTINF" { hasLength = true }
      take(name, value, read.attributes, map: &map)
    }
    open.map = map
    for name in Self.once where counts[name] != 1 { problems.append("\(name) is there \(counts[name] ?? 0) times") }
    if counts["EXT-X-SKIP", default: 0] > 1 { problems.append("two skips") }
    if counts["EXT-X-PRELOAD-HINT", default: 0] != (hasEnded ? 0 : 1) {
      problems.append("not one hint, or one at the end")
    }
    checkValues()
  }

  private mutating func finish(_ map: inout String) {
    open.map = map
    segments.append(open)
    open = Segment(sequence: open.sequence + 1)
  }

  private mutating func take(_ name: String, _ value: Substring, _ attributes: [String: String], map: inout String) {
    switch name {
    case "EXT-X-VERSION": version = Int(value) ?? 0
    case "EXT-X-TARGETDURATION": target = Int(value) ?? 0
    case "EXT-X-PART-INF": partTarget = Double(attributes["PART-TARGET"] ?? "") ?? 0
    case "EXT-X-SERVER-CONTROL": control = attributes
    case "EXT-X-MEDIA-SEQUENCE":
      sequence = Int(value) ?? 0
      open.sequence = sequence
    case "EXT-X-DISCONTINUITY-SEQUENCE": discontinuity = Int(value) ?? 0
    case "EXT-X-SKIP":
      skipped = Int(attributes["SKIPPED-SEGMENTS"] ?? "") ?? 0
      open.sequence = sequence + skipped
      removed = attributes["RECENTLY-REMOVED-DATERANGES"].map { $0.split(separator: "\t").map(String.init) }
      if skipped == 0 { problems.append("a skip of nothing") }
      if version < (removed == nil ? 9 : 10) { problems.append("version \(version) knows no such skip") }
    case "EXT-X-DISCONTINUITY":
      if !open.parts.isEmpty { problems.append("a discontinuity after a part of its segment") }
      open.isDiscontinuity = true
    case "EXT-X-GAP": open.isGap = true
    case "EXT-X-MAP":
      if !open.parts.isEmpty { problems.append("a map after a part of its segment") }
      map = attributes["URI"] ?? ""
    case "EXT-X-PROGRAM-DATE-TIME":
      if !open.parts.isEmpty { problems.append("a date after a part of its segment") }
      open.date = Self.seconds(value)
    case "EXTINF": open.duration = Double(value.dropLast()) ?? 0
    case "EXT-X-PART":
      open.parts.append(
        Part(
          uri: attributes["URI"] ?? "", duration: Double(attributes["DURATION"] ?? "") ?? 0,
          isIndependent: attributes["INDEPENDENT"] == "YES", isGap: attributes["GAP"] == "YES"))
    case "EXT-X-PRELOAD-HINT": hint = attributes["URI"]
    case "EXT-X-ENDLIST": hasEnded = true
    case "EXT-X-RENDITION-REPORT":
      reports.append(
        Report(
          uri: attributes["URI"] ?? "", sequence: Int(attributes["LAST-MSN"] ?? "") ?? 0,
          part: attributes["LAST-PART"].flatMap { Int($0) }))
    case "EXT-X-DATERANGE":
      let id = attributes["ID"] ?? ""
      if ranges.updateValue(attributes, forKey: id) != nil { problems.append("two ranges “\(id)”") }
    default: break
    }
  }

  /// What one playlist may say, RFC 8216bis §4.4.
  private mutating func checkValues() {
    func least(_ name: String, _ value: Double) {
      if let said = control[name].flatMap(Double.init), said < value - 0.00001 { problems.append("\(name) \(said)") }
    }
    least("HOLD-BACK", 3 * Double(target))
    least("PART-HOLD-BACK", 3 * partTarget)
    least("CAN-SKIP-UNTIL", 6 * Double(target))
    if removed != nil, control["CAN-SKIP-DATERANGES"] != "YES" { problems.append("skips what it may not") }
    let end = segments.reduce(0) { $0 + $1.duration } + open.parts.reduce(0) { $0 + $1.duration }
    var position = 0.0
    var hasParts = false
    for (index, segment) in segments.enumerated() {
      position += segment.duration
      let name = "segment \(segment.sequence)"
      if Int(segment.duration.rounded()) > target { problems.append("\(name) is longer than the target") }
      // What is not to be loaded needs no set-up.
      if segment.map.isEmpty, !segment.isGap, skipped == 0 { problems.append("\(name) has no map") }
      if segment.date == 0 { problems.append("\(name) has no date") }
      if !segment.parts.isEmpty {
        hasParts = true
        let length = segment.parts.reduce(0) { $0 + $1.duration }
        if abs(length - segment.duration) > 0.0002 { problems.append("\(name)'s parts last \(length)") }
        if end - position > 3 * Double(target) + 0.001 { problems.append("\(name) lists parts far from the edge") }
        if segment.isGap != segment.parts.allSatisfy(\.isGap) { problems.append("\(name) is no gap as its parts are") }
      } else if hasParts {
        problems.append("\(name) has no parts, one before it has")
      }
      checkParts(of: segment, isWhole: true)
      guard index > 0, case let before = segments[index - 1], !segment.isDiscontinuity else { continue }
      if before.map != segment.map, !before.isGap { problems.append("\(name) has another map and no discontinuity") }
      if abs(before.date + before.duration - segment.date) > 0.002 { problems.append("\(name)'s date jumps") }
    }
    checkParts(of: open, isWhole: hasEnded)
    if !ranges.isEmpty, segments.isEmpty, open.date == 0 { problems.append("ranges without a date") }
  }

  private mutating func checkParts(of segment: Segment, isWhole: Bool) {
    for (index, part) in segment.parts.enumerated() {
      if part.duration > partTarget + 0.000_011 { problems.append("\(part.uri) is longer than the part target") }
      let isLast = index == segment.parts.count - 1
      let isBeforeGap = !isLast && segment.parts[index + 1].isGap
      if isLast && isWhole || part.isIndependent || part.isGap || isBeforeGap { continue }
      if part.duration < 0.85 * partTarget { problems.append("\(part.uri) is shorter than 85 % of the part target") }
    }
  }

  /// Where the newest part is.
  var last: Report {
    if !open.parts.isEmpty { return Report(uri: "", sequence: open.sequence, part: open.parts.count - 1) }
    guard let segment = segments.last else { return Report(uri: "", sequence: open.sequence, part: nil) }
    return Report(uri: "", sequence: segment.sequence, part: segment.parts.isEmpty ? nil : segment.parts.count - 1)
  }

  /// What a client that has `known` makes of this delta update; nil when it lacks something.
  func merged(into known: ReadPlaylist) -> ReadPlaylist? {
    guard skipped > 0 else { return self }
    let missing = (sequence..<sequence + skipped).map { number in known.segments.first { $0.sequence == number } }
    guard !missing.contains(where: { $0 == nil }) else { return nil }
    var whole = self
    whole.segments = missing.compactMap(\.self) + segments
    whole.skipped = 0
    var map = ""
    for index in whole.segments.indices {
      if whole.segments[index].map.isEmpty { whole.segments[index].map = map }
      map = whole.segments[index].map
    }
    if whole.open.map.isEmpty { whole.open.map = map }
    // §6.2.2: what lies far back has no parts any more, whatever was known of it.
    for index in whole.segments.indices.prefix(skipped) { whole.segments[index].parts = [] }
    if let removed {
      whole.ranges = known.ranges.filter { !removed.contains($0.key) }.merging(ranges) { $1 }
      whole.removed = nil
    }
    return whole
  }

  /// `2023-11-14T22:13:20.000Z` as seconds since 1970; 0 when it is none.
  private static func seconds(_ date: Substring) -> Double {
    let digits = Array(date.utf8)
    func number(_ range: Range<Int>) -> Int? { Int(String(decoding: digits[range], as: UTF8.self)) }
    guard digits.count == 24, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      let thousandth = number(20..<23), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
      second < 60
    else { return 0 }
    // The calendar, once more and in another way than in what is tested: days of the years and months before.
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && year % 100 != 0 || year % 400 == 0 }
    let years = (1970..<max(1970, year)).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
    let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    let days = years + lengths.prefix(month - 1).reduce(0, +) + day - 1
    return Double(days * 86_400 + hour * 3_600 + minute * 60 + second) + Double(thousandth) / 1000
  }
}
