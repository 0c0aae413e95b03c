internal import NIOCore

/// A value of Action Message Format 0, in which RTMP speaks its commands.
indirect enum AMF0: Sendable, Equatable {
  case number(Double)
  case boolean(Bool)
  case string(String)
  /// Objects, typed objects and ECMA arrays alike: names in the order they came.
  case object([Property])
  case array([AMF0])
  case null

  struct Property: Sendable, Equatable {
    var name: String
    var value: AMF0

    init(_ name: String, _ value: AMF0) {
      self.name = name
      self.value = value
    }
  }

  var number: Double? {
    if case .number(let number) = self { number } else { nil }
  }

  var string: String? {
    if case .string(let string) = self { string } else { nil }
  }

  /// The first property of that name.
  subscript(_ name: String) -> AMF0? {
    guard case .object(let properties) = self else { return nil }
    return properties.first { $0.name == name }?.value
  }
}

enum AMF0Fault: Error, Equatable {
  case truncated
  case unknownMarker(UInt8)
  case tooDeep
  case tooManyValues
  case stringTooLong
}

// Markers of the AMF 0 specification, §2.1.
private enum Marker {
  static let number: UInt8 = 0
  static let boolean: UInt8 = 1
  static let string: UInt8 = 2
  static let object: UInt8 = 3
  static let null: UInt8 = 5
  static let undefined: UInt8 = 6
  static let ecmaArray: UInt8 = 8
  static let objectEnd: UInt8 = 9
  static let strictArray: UInt8 = 10
  static let date: UInt8 = 11
  static let longString: UInt8 = 12
  static let unsupported: UInt8 = 13
  static let xml: UInt8 = 15
  static let typedObject: UInt8 = 16
}

/// Reads values from bytes that nobody has vouched for.
struct AMF0Decoder {
  static let depthMax = 16
  static let valuesMax = 2_048
  static let stringBytesMax = 64 << 10

  private var buffer: ByteBuffer
  private var values = 0

  init(_ buffer: ByteBuffer) { self.buffer = buffer }

  /// Every value there is.
  static func values(_ buffer: ByteBuffer) throws(AMF0Fault) -> [AMF0] {
    var decoder = AMF0Decoder(buffer)
    var values: [AMF0] = []
    while decoder.buffer.readableBytes > 0 { values.append(try decoder.value(depth: 0)) }
    return values
  }

  private mutating func value(depth: Int) throws(AMF0Fault) -> AMF0 {
    guard depth < Self.depthMax else { throw .tooDeep }
    values += 1
    guard values <= Self.valuesMax else { throw .tooManyValues }
    let marker = try integer(UInt8.self)
    switch marker {
    case Marker.number: return .number(Double(bitPattern: try integer(UInt64.self)))
    case Marker.boolean: return .boolean(try integer(UInt8.self) != 0)
    case Marker.string: return .string(try string(length: Int(try integer(UInt16.self))))
    case Marker.longString, Marker.xml: return .string(try string(length: Int(try integer(UInt32.self))))
    case Marker.null, Marker.undefined, Marker.unsupported: return .null
    case Marker.object: return .object(try properties(depth: depth))
    case Marker.ecmaArray:
      // The count is a hint only; the end marker decides.
      _ = try integer(UInt32.self)
      return .object(try properties(depth: depth))
    case Marker.typedObject:
      _ = try string(length: Int(try integer(UInt16.self)))
      return .object(try properties(depth: depth))
    case Marker.strictArray:
      let count = try integer(UInt32.self)
      guard count <= Self.valuesMax else { throw .tooManyValues }
      var items: [AMF0] = []
      for _ in 0..<count { items.append(try value(depth: depth + 1)) }
      return .array(items)
    case Marker.date:
      let milliseconds = Double(bitPattern: try integer(UInt64.self))
      _ = try integer(UInt16.self)
      return .number(milliseconds)
    default: throw .unknownMarker(marker)
    }
  }

  private mutating func properties(depth: Int) throws(AMF0Fault) -> [AMF0.Property] {
    var properties: [AMF0.Property] = []
    while true {
      let length = Int(try integer(UInt16.self))
      if length == 0, buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) == Marker.objectEnd {
        buffer.moveReaderIndex(forwardBy: 1)
        return properties
      }
      let name = try string(length: length)
      properties.append(.init(name, try value(depth: depth + 1)))
    }
  }

  private mutating func string(length: Int) throws(AMF0Fault) -> String {
    guard length <= Self.stringBytesMax else { throw .stringTooLong }
    guard let string = buffer.readString(length: length) else { throw .truncated }
    return string
  }

  private mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(AMF0Fault) -> Number {
    guard let number = buffer.readInteger(as: type) else { throw .truncated }
    return number
  }
}

extension ByteBuffer {
  mutating func writeAMF0(_ values: [AMF0]) {
    for value in values { writeAMF0(value) }
  }

  /// Strings are ours and short; one beyond 65,535 bytes would be cut.
  mutating func writeAMF0(_ value: AMF0) {
    switch value {
    case .number(let number):
      writeInteger(Marker.number)
      writeInteger(number.bitPattern)
    case .boolean(let boolean):
      writeInteger(Marker.boolean)
      writeInteger(UInt8(boolean ? 1 : 0))
    case .string(let string):
      writeInteger(Marker.string)
      writeAMF0Text(string)
    case .object(let properties):
      writeInteger(Marker.object)
      for property in properties {
        writeAMF0Text(property.name)
        writeAMF0(property.value)
      }
      writeInteger(UInt16(0))
      writeInteger(Marker.objectEnd)
    case .array(let items):
      writeInteger(Marker.strictArray)
      writeInteger(UInt32(truncatingIfNeeded: items.count))
      for item in items { writeAMF0(item) }
    case .null:
      writeInteger(Marker.null)
    }
  }

  private mutating func writeAMF0Text(_ text: String) {
    let bytes = text.utf8.prefix(Int(UInt16.max))
    writeInteger(UInt16(truncatingIfNeeded: bytes.count))
    writeBytes(bytes)
  }
}
