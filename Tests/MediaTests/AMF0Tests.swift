import NIOCore
import Testing

@testable import Media

@Suite struct AMF0Tests {
  private static let connect: [AMF0] = [
    .string("connect"), .number(1),
    .object([
      .init("app", .string("live")), .init("flashVer", .string("FMLE/3.0")), .init("fpad", .boolean(false)),
      .init("nested", .object([.init("list", .array([.number(-1.5), .null, .string("é")]))])),
    ]),
  ]

  private func encoded(_ values: [AMF0]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeAMF0(values)
    return buffer
  }

  @Test func `what is written is read again`() throws {
    #expect(try AMF0Decoder.values(encoded(Self.connect)) == Self.connect)
  }

  @Test func `a command has the bytes of the specification`() {
    let buffer = encoded([.string("_result"), .number(4), .null, .object([.init("a", .boolean(true))])])
    #expect(
      Array(buffer.readableBytesView)
        == bytes("02 0007 5f726573756c74 00 4010000000000000 05 03 0001 61 01 01 0000 09"))
  }

  @Test func `every kind of value an encoder sends is read`() throws {
    // undefined, a date, an ECMA array with a wrong count, a typed object, a long string
    let all = bytes(
      "06 0b 4024000000000000 0000 08 000000ff 0001 77 00 4084000000000000 000009 10 0001 54 0001 78 05 000009 0c 00000002 6869"
    )
    #expect(
      try AMF0Decoder.values(ByteBuffer(bytes: all)) == [
        .null, .number(10), .object([.init("w", .number(640))]), .object([.init("x", .null)]), .string("hi"),
      ])
  }

  @Test func `every truncation is refused, and none traps`() {
    let whole = Array(encoded(Self.connect).readableBytesView)
    let ends = [0, 10, 19]  // where a value ends, the rest may be missing
    for length in 0..<whole.count {
      let read = try? AMF0Decoder.values(ByteBuffer(bytes: whole.prefix(length)))
      #expect((read != nil) == ends.contains(length), "\(length) bytes")
    }
  }

  @Test func `depth, count and length are bounded`() {
    let deep = [UInt8](repeating: 0, count: 0) + (0..<40).flatMap { _ in bytes("03 0001 61") } + [5]
    #expect(throws: AMF0Fault.tooDeep) { try AMF0Decoder.values(ByteBuffer(bytes: deep)) }
    let many = [UInt8](repeating: 5, count: AMF0Decoder.valuesMax + 1)
    #expect(throws: AMF0Fault.tooManyValues) { try AMF0Decoder.values(ByteBuffer(bytes: many)) }
    #expect(throws: AMF0Fault.tooManyValues) { try AMF0Decoder.values(ByteBuffer(bytes: bytes("0a ffffffff"))) }
    let long = bytes("0c 00010001") + [UInt8](repeating: 0x61, count: 0x10001)
    #expect(throws: AMF0Fault.stringTooLong) { try AMF0Decoder.values(ByteBuffer(bytes: long)) }
    #expect(throws: AMF0Fault.unknownMarker(0x11)) { try AMF0Decoder.values(ByteBuffer(bytes: [0x11])) }
  }
}
