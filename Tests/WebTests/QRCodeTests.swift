import Testing

@testable import Web

/// Codes are read back here by the standard's rules, block by block.
@Suite struct QRCodeTests {
  @Test(arguments: [1, 14, 15, 100, 180, 320, 700, 1_500, 2_331])
  func `a code says what it was made of, in every size`(count: Int) throws {
    let text = String((0..<count).map { Character(UnicodeScalar(UInt8(33 + $0 * 7 % 90))) })
    let code = try #require(QRCode(text))
    #expect(try read(code) == text)
  }

  @Test func `what is too long has no code`() {
    #expect(QRCode(String(repeating: "x", count: 2_332)) == nil)
  }

  @Test func `the finders, the timing and the format are where readers look for them`() throws {
    let code = try #require(QRCode("upi://pay?pa=lamps@icic&am=1299.00&cu=INR"))
    for (x, y) in [(0, 0), (code.size - 7, 0), (0, code.size - 7)] {
      #expect((0..<7).allSatisfy { code[x + $0, y] && code[x + $0, y + 6] && code[x, y + $0] && code[x + 6, y + $0] })
      #expect(code[x + 3, y + 3] && !code[x + 1, y + 1])
    }
    #expect((8..<code.size - 8).allSatisfy { code[$0, 6] == $0.isMultiple(of: 2) })
    #expect(code[8, code.size - 8])
    #expect(code.dataURL.hasPrefix("data:image/svg+xml;base64,"))
  }

  private struct Unreadable: Error {}

  private func read(_ code: QRCode) throws -> String {
    let version = (code.size - 17) / 4
    let fixed = fixedModules(version, code.size)
    // The mask is in the format, beside the upper left finder: bits 10 to 12, under the standard's pattern.
    var format = 0
    for (place, (x, y)) in [
      (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8), (5, 8), (4, 8), (3, 8), (2, 8), (1, 8),
      (0, 8),
    ].enumerated() where code[x, y] { format |= 1 << place }
    let mask = (format ^ 0x5412) >> 10 & 7
    #expect((format ^ 0x5412) >> 13 == 0, "level M")
    var bits: [Bool] = []
    var right = code.size - 1
    while right > 0 {
      if right == 6 { right -= 1 }
      let isUp = (right + 1) & 2 == 0
      for step in 0..<code.size {
        let y = isUp ? code.size - 1 - step : step
        for x in [right, right - 1] where !fixed[y * code.size + x] {
          bits.append(code[x, y] != QRCode.isMasked(mask, x, y))
        }
      }
      right -= 2
    }
    let words = (0..<bits.count / 8).map { word in bits[word * 8..<word * 8 + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) } }
    #expect(words.count == QRCode.allCodewords(version))
    let (count, spare) = (QRCode.blocks[version], QRCode.spareCodewords[version])
    let data = words.count - count * spare
    let (short, long) = (data / count, data % count)
    var blocks = Array(repeating: [Int](), count: count)
    var next = 0
    for place in 0...short {
      for block in 0..<count where place < short || block >= count - long {
        blocks[block].append(words[next])
        next += 1
      }
    }
    var says: [Int] = []
    for block in blocks { says += block }
    for _ in 0..<spare {
      for block in 0..<count {
        blocks[block].append(words[next])
        next += 1
      }
    }
    // A right block is a multiple of the generator: it is 0 at each of its roots.
    for block in blocks {
      var root: UInt8 = 1
      for _ in 0..<spare {
        let value = block.reduce(UInt8(0)) { QRCode.product($0, root) ^ UInt8($1) }
        guard value == 0 else { throw Unreadable() }
        root = QRCode.product(root, 2)
      }
    }
    let stream = says.flatMap { word in (0..<8).reversed().map { word >> $0 & 1 } }
    func number(_ start: Int, _ length: Int) -> Int { stream[start..<start + length].reduce(0) { $0 << 1 | $1 } }
    guard number(0, 4) == 4 else { throw Unreadable() }
    let length = version < 10 ? 8 : 16
    let bytes = (0..<number(4, length)).map { UInt8(number(4 + length + $0 * 8, 8)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Finders, timing, alignment, format and version, by the standard's figures.
  private func fixedModules(_ version: Int, _ size: Int) -> [Bool] {
    var fixed = Array(repeating: false, count: size * size)
    func fill(_ xs: Range<Int>, _ ys: Range<Int>) { for y in ys { for x in xs { fixed[y * size + x] = true } } }
    fill(0..<9, 0..<9)
    fill(size - 8..<size, 0..<9)
    fill(0..<9, size - 8..<size)
    fill(6..<7, 0..<size)
    fill(0..<size, 6..<7)
    if version >= 7 {
      fill(size - 11..<size - 8, 0..<6)
      fill(0..<6, size - 11..<size - 8)
    }
    let centres: [Int: [Int]] = [
      1: [], 2: [6, 18], 6: [6, 34], 8: [6, 24, 42], 12: [6, 32, 58], 14: [6, 26, 46, 66], 20: [6, 34, 62, 90],
      32: [6, 34, 60, 86, 112, 138], 31: [6, 30, 56, 82, 108, 134], 40: [6, 30, 58, 86, 114, 142, 170],
    ]
    let places = centres[version] ?? computed(version)
    let last = places.count - 1
    for (column, x) in places.enumerated() {
      for (row, y) in places.enumerated()
      where !(column == 0 && row == 0 || column == 0 && row == last || column == last && row == 0) {
        fill(x - 2..<x + 3, y - 2..<y + 3)
      }
    }
    return fixed
  }

  /// Evenly from the far side, in even steps, the first one the odd one.
  private func computed(_ version: Int) -> [Int] {
    let count = version / 7 + 2
    let last = 4 * version + 10
    let step = Int((Double(last - 6) / Double(count - 1) / 2).rounded(.up)) * 2
    return [6] + (0..<count - 1).reversed().map { last - $0 * step }
  }
}
