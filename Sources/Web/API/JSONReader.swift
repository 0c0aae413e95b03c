import Commerce

/// Reads a plain JSON document of a known shape, once, from front to back. It gives up on whatever it does not expect,
/// an escape or an unknown member as well as a mistake: `JSONDecoder` then reads the document again, and has the words
/// for what is wrong with it (docs/decisions/0007-an-order-is-read-and-written-by-hand.md).
struct JSONReader<Bytes: Collection<UInt8>> {
  private var rest: Bytes.SubSequence

  init(_ bytes: Bytes) { rest = bytes[...] }

  /// The members of an object in the order they come. `member` reads the value of each.
  mutating func object(_ member: (_ name: String, inout Self) throws -> Void) throws {
    try elements(from: "{", to: "}") { reader in
      let name = try reader.string()
      try reader.take(":")
      try member(name, &reader)
    }
  }

  mutating func list(_ element: (inout Self) throws -> Void) throws {
    try elements(from: "[", to: "]", element)
  }

  /// A string without escapes.
  mutating func string() throws -> String {
    try take("\"")
    guard let end = rest.firstIndex(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }),
      rest[end] == UInt8(ascii: "\""), let text = String(validating: rest[..<end], as: UTF8.self)
    else { throw NotPlain() }
    rest = rest[end...].dropFirst()
    return text
  }

  mutating func id<Entity>(_ entity: Entity.Type = Entity.self) throws -> ID<Entity> {
    guard let id = ID<Entity>(try string()) else { throw NotPlain() }
    return id
  }

  /// A natural number of at most 18 digits.
  mutating func number() throws -> Int64 {
    skipBlanks()
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest[digits.endIndex...]
    let isPlain = (1...18).contains(digits.count) && (digits.first != UInt8(ascii: "0") || digits.count == 1)
    guard isPlain, ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(rest.first) else {
      throw NotPlain()
    }
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
  }

  /// Nothing may follow the document.
  mutating func end() throws {
    skipBlanks()
    guard rest.isEmpty else { throw NotPlain() }
  }

  private mutating func elements(
    from start: Unicode.Scalar, to end: Unicode.Scalar, _ element: (inout Self) throws -> Void
  ) throws {
    try take(start)
    if taken(end) { return }
    repeat { try element(&self) } while taken(",")
    try take(end)
  }

  private mutating func take(_ sign: Unicode.Scalar) throws {
    guard taken(sign) else { throw NotPlain() }
  }

  private mutating func taken(_ sign: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard rest.first == UInt8(ascii: sign) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func skipBlanks() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
  }
}

/// What is read is no plain document of the expected shape, whether it is wrong or only unusual.
struct NotPlain: Error {}

extension Optional {
  /// Sets what must not have been there: of two members of one name, which counts is `JSONDecoder`'s to say.
  mutating func setOnce(_ value: Wrapped) throws {
    guard self == nil else { throw NotPlain() }
    self = value
  }
}
