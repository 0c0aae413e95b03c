import Foundation

/// A QR code (ISO/IEC 18004) of bytes, with 15 % of it to spare for damage (level M), as small as it can be.
struct QRCode: Sendable {
  /// Modules on a side.
  private(set) var size: Int
  /// Row after row; true is dark.
  private(set) var modules: [Bool]
  /// Those that are the same whatever the code says.
  private var isFixed: [Bool]
  private var version: Int

  /// Nil for more than 2 331 bytes, which no code of this level holds.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let version = (1...40).first(where: { Self.fits(bytes.count, $0) }) else { return nil }
    self.version = version
    size = 17 + 4 * version
    modules = Array(repeating: false, count: size * size)
    isFixed = modules
    drawPatterns()
    place(Self.codewords(of: bytes, version))
    let masked = (0..<8).map { mask in
      var code = self
      code.apply(mask)
      return code
    }
    self = masked.min { $0.penalty < $1.penalty } ?? masked[0]
  }

  subscript(x: Int, y: Int) -> Bool { modules[y * size + x] }

  /// A picture for a page, as a `data:` URL: black on white, with the margin that readers need.
  var dataURL: String {
    var path = ""
    for y in 0..<size {
      var x = 0
      while x < size {
        let start = x
        while x < size, self[x, y] { x += 1 }
        if x > start { path += "M\(start + 4) \(y + 4)h\(x - start)v1h-\(x - start)z" } else { x += 1 }
      }
    }
    let side = size + 8
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges">\
      <path fill="#fff" d="M0 0h\(side)v\(side)H0z"/><path d="\(path)"/></svg>
      """
    return "data:image/svg+xml;base64,\(Data(svg.utf8).base64EncodedString())"
  }

  // MARK: What it says

  private static func fits(_ count: Int, _ version: Int) -> Bool {
    4 + lengthBits(version) + count * 8 <= dataCodewords(version) * 8
  }

  private static func lengthBits(_ version: Int) -> Int { version < 10 ? 8 : 16 }

  /// Both kinds together: what is not fixed, in eights.
  static func allCodewords(_ version: Int) -> Int {
    var modules = (16 * version + 128) * version + 64
    if version >= 2 {
      let count = version / 7 + 2
      modules -= (25 * count - 10) * count - 55
      if version >= 7 { modules -= 36 }
    }
    return modules / 8
  }

  private static func dataCodewords(_ version: Int) -> Int {
    allCodewords(version) - spareCodewords[version] * blocks[version]
  }

  /// Error correction codewords of a block, by version.
  static let spareCodewords = [
    0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  ]

  static let blocks = [
    0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33,
    35, 37, 38, 40, 43, 45, 47, 49,
  ]

  /// The bytes with their mode, length and padding, in blocks with their error correction, interleaved.
  private static func codewords(of bytes: [UInt8], _ version: Int) -> [UInt8] {
    var bits: [Bool] = []
    func append(_ value: Int, _ count: Int) {
      for place in (0..<count).reversed() { bits.append(value >> place & 1 == 1) }
    }
    append(0b0100, 4)
    append(bytes.count, lengthBits(version))
    for byte in bytes { append(Int(byte), 8) }
    let room = dataCodewords(version) * 8
    append(0, min(4, room - bits.count))
    append(0, (8 - bits.count % 8) % 8)
    var data = stride(from: 0, to: bits.count, by: 8).map { start in
      bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
    }
    var pad: UInt8 = 0xEC
    while data.count < room / 8 {
      data.append(pad)
      pad ^= 0xEC ^ 0x11
    }
    let (count, spare) = (blocks[version], spareCodewords[version])
    let short = data.count / count
    let long = data.count % count
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    for block in 0..<count {
      let end = start + short + (block < count - long ? 0 : 1)
      parts.append(data[start..<end])
      start = end
    }
    let corrections = parts.map { correction(of: $0, count: spare) }
    var all: [UInt8] = []
    for place in 0...short { for part in parts where place < part.count { all.append(part[part.startIndex + place]) } }
    for place in 0..<spare { for correction in corrections { all.append(correction[place]) } }
    return all
  }

  /// What is left of the data, as a polynomial over GF(2⁸), after division by the generator (Reed and Solomon's code).
  private static func correction(of data: ArraySlice<UInt8>, count: Int) -> [UInt8] {
    var generator = [UInt8](repeating: 0, count: count)
    generator[count - 1] = 1
    var root: UInt8 = 1
    for _ in 0..<count {
      for place in 0..<count {
        generator[place] = product(generator[place], root)
        if place + 1 < count { generator[place] ^= generator[place + 1] }
      }
      root = product(root, 2)
    }
    var rest = [UInt8](repeating: 0, count: count)
    for byte in data {
      let factor = byte ^ rest.removeFirst()
      rest.append(0)
      for place in 0..<count { rest[place] ^= product(generator[place], factor) }
    }
    return rest
  }

  /// In GF(2⁸) modulo x⁸ + x⁴ + x³ + x² + 1.
  static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
    var result = 0
    for place in (0..<8).reversed() {
      result = result << 1 ^ (result >> 7) * 0x11D
      result ^= (Int(b) >> place & 1) * Int(a)
    }
    return UInt8(truncatingIfNeeded: result)
  }

  // MARK: How it looks

  private mutating func set(_ x: Int, _ y: Int, _ isDark: Bool) {
    modules[y * size + x] = isDark
    isFixed[y * size + x] = true
  }

  private mutating func drawPatterns() {
    for place in 0..<size {
      set(6, place, place.isMultiple(of: 2))
      set(place, 6, place.isMultiple(of: 2))
    }
    for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] { drawFinder(x, y) }
    let places = Self.alignments(version, size)
    let last = places.count - 1
    for (column, x) in places.enumerated() {
      for (row, y) in places.enumerated() {
        // There the finders are.
        guard ![(0, 0), (0, last), (last, 0)].contains(where: { $0 == (column, row) }) else { continue }
        for dy in -2...2 { for dx in -2...2 { set(x + dx, y + dy, max(abs(dx), abs(dy)) != 1) } }
      }
    }
    // Kept free of data until the mask is known.
    drawFormat(mask: 0)
    drawVersion()
  }

  private mutating func drawFinder(_ x: Int, _ y: Int) {
    for dy in -4...4 {
      for dx in -4...4 where (0..<size).contains(x + dx) && (0..<size).contains(y + dy) {
        let distance = max(abs(dx), abs(dy))
        set(x + dx, y + dy, distance != 2 && distance != 4)
      }
    }
  }

  private static func alignments(_ version: Int, _ size: Int) -> [Int] {
    guard version > 1 else { return [] }
    let count = version / 7 + 2
    let step = version == 32 ? 26 : (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
    return [6] + (0..<count - 1).map { size - 7 - $0 * step }.reversed()
  }

  /// The level and the mask, twice, with a code of their own.
  private mutating func drawFormat(mask: Int) {
    // Level M is 00.
    var rest = mask
    for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
    let bits = (mask << 10 | rest) ^ 0x5412
    func isDark(_ place: Int) -> Bool { bits >> place & 1 == 1 }
    for place in 0...5 { set(8, place, isDark(place)) }
    set(8, 7, isDark(6))
    set(8, 8, isDark(7))
    set(7, 8, isDark(8))
    for place in 9..<15 { set(14 - place, 8, isDark(place)) }
    for place in 0..<8 { set(size - 1 - place, 8, isDark(place)) }
    for place in 8..<15 { set(8, size - 15 + place, isDark(place)) }
    set(8, size - 8, true)
  }

  private mutating func drawVersion() {
    guard version >= 7 else { return }
    var rest = version
    for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
    let bits = version << 12 | rest
    for place in 0..<18 {
      let isDark = bits >> place & 1 == 1
      let (a, b) = (size - 11 + place % 3, place / 3)
      set(a, b, isDark)
      set(b, a, isDark)
    }
  }

  /// Up and down in pairs of columns from the right, around what is fixed.
  private mutating func place(_ codewords: [UInt8]) {
    var next = 0
    var right = size - 1
    while right >= 1 {
      if right == 6 { right = 5 }
      let isUp = (right + 1) & 2 == 0
      for step in 0..<size {
        let y = isUp ? size - 1 - step : step
        for x in [right, right - 1] where !isFixed[y * size + x] && next < codewords.count * 8 {
          modules[y * size + x] = codewords[next >> 3] >> (7 - next & 7) & 1 == 1
          next += 1
        }
      }
      right -= 2
    }
  }

  static func isMasked(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
    switch mask {
    case 0: (x + y) % 2 == 0
    case 1: y % 2 == 0
    case 2: x % 3 == 0
    case 3: (x + y) % 3 == 0
    case 4: (x / 3 + y / 2) % 2 == 0
    case 5: x * y % 2 + x * y % 3 == 0
    case 6: (x * y % 2 + x * y % 3) % 2 == 0
    default: ((x + y) % 2 + x * y % 3) % 2 == 0
    }
  }

  private mutating func apply(_ mask: Int) {
    drawFormat(mask: mask)
    for y in 0..<size {
      for x in 0..<size where !isFixed[y * size + x] && Self.isMasked(mask, x, y) { modules[y * size + x].toggle() }
    }
  }

  /// How hard it is to read: runs and blocks of one colour, what looks like a finder, and too much of one colour.
  private var penalty: Int {
    var sum = 0
    let finder = [true, false, true, true, true, false, true]
    for line in 0..<size {
      for isRow in [true, false] {
        let line = (0..<size).map { isRow ? self[$0, line] : self[line, $0] }
        var start = 0
        for place in 1...size where place == size || line[place] != line[start] {
          if place - start >= 5 { sum += place - start - 2 }
          start = place
        }
        for place in 0..<max(0, size - 10) {
          let isLight = line[place..<place + 4].allSatisfy { !$0 }
          if isLight, Array(line[place + 4..<place + 11]) == finder { sum += 40 }
          let isLightAfter = line[place + 7..<place + 11].allSatisfy { !$0 }
          if isLightAfter, Array(line[place..<place + 7]) == finder { sum += 40 }
        }
      }
    }
    for y in 0..<size - 1 {
      for x in 0..<size - 1 {
        let isDark = self[x, y]
        if self[x + 1, y] == isDark, self[x, y + 1] == isDark, self[x + 1, y + 1] == isDark { sum += 3 }
      }
    }
    let dark = modules.count { $0 }
    return sum + abs(dark * 20 - modules.count * 10) / modules.count * 10
  }
}
