import NIOCore

/// What a picture is and how large, read from its first bytes. The sender's word for it counts for nothing.
struct PictureHeader: Equatable {
  let contentType: String
  let width: Int64
  let height: Int64
  /// How what is stored is turned and mirrored, 1…8 (Exif 2.32, tag 0x0112): 1 is as it is seen.
  let orientation: Int

  /// Nil unless the bytes begin like a JPEG, PNG or WebP picture that says its size.
  init?(_ bytes: ByteBuffer) {
    let reader = Reader(bytes: bytes)
    let found: (type: String, size: (Int64, Int64)?)?
    if reader.holds([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) {
      found = ("image/png", Self.png(reader))
    } else if reader.holds([0xFF, 0xD8, 0xFF], at: 0) {
      found = ("image/jpeg", Self.jpeg(reader))
    } else if reader.holds(Array("RIFF".utf8), at: 0), reader.holds(Array("WEBP".utf8), at: 8) {
      found = ("image/webp", Self.webp(reader))
    } else {
      found = nil
    }
    guard let found, let size = found.size, size.0 > 0, size.1 > 0 else { return nil }
    contentType = found.type
    (width, height) = size
    orientation = found.type == "image/jpeg" ? Self.orientation(reader) : 1
  }

  /// Of the first Exif segment (APP1) before the picture; 1 without one, and when it cannot be read.
  private static func orientation(_ reader: Reader) -> Int {
    var at = 2
    for _ in 0..<100 {
      guard reader.byte(at: at) == 0xFF, let marker = reader.byte(at: at + 1),
        (0xE0...0xEF).contains(marker) || marker == 0xFE,
        let length = reader.big16(at: at + 2), length >= 2
      else { return 1 }
      if marker == 0xE1, reader.holds(Array("Exif".utf8) + [0, 0], at: at + 4) {
        return orientation(reader, tiff: at + 10) ?? 1
      }
      at += 2 + Int(length)
    }
    return 1
  }

  /// Of the first directory of a TIFF structure (TIFF 6.0, §2).
  private static func orientation(_ reader: Reader, tiff: Int) -> Int? {
    let isLittle = reader.holds([0x49, 0x49, 0x2A, 0], at: tiff)
    guard isLittle || reader.holds([0x4D, 0x4D, 0, 0x2A], at: tiff) else { return nil }
    func number16(_ at: Int) -> Int? {
      (isLittle ? reader.little16(at: at) : reader.big16(at: at)).map(Int.init)
    }
    func number32(_ at: Int) -> Int? {
      (isLittle ? reader.little32(at: at) : reader.big32(at: at)).map(Int.init)
    }
    guard let offset = number32(tiff + 4), offset < 1 << 20, let count = number16(tiff + offset) else { return nil }
    for entry in 0..<min(count, 200) {
      let at = tiff + offset + 2 + 12 * entry
      guard let tag = number16(at) else { return nil }
      guard tag == 0x0112 else { continue }
      guard number16(at + 2) == 3, let value = number16(at + 8), (1...8).contains(value) else { return nil }
      return value
    }
    return nil
  }

  /// The IHDR chunk comes first (PNG, §11.2.2).
  private static func png(_ reader: Reader) -> (Int64, Int64)? {
    guard reader.holds(Array("IHDR".utf8), at: 12), let width = reader.big32(at: 16), let height = reader.big32(at: 20)
    else { return nil }
    return (width, height)
  }

  /// Segments up to the first start of frame (ITU-T T.81, §B.2.2).
  private static func jpeg(_ reader: Reader) -> (Int64, Int64)? {
    var at = 2
    // A segment has at least two bytes, so this ends; a picture with more segments than this is no product's.
    for _ in 0..<1_000 {
      guard reader.byte(at: at) == 0xFF, let marker = reader.byte(at: at + 1) else { return nil }
      switch marker {
      case 0xFF: at += 1
      case 0x01, 0xD0...0xD8: at += 2
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        guard let height = reader.big16(at: at + 5), let width = reader.big16(at: at + 7) else { return nil }
        return (width, height)
      case 0xD9, 0xDA: return nil
      default:
        guard let length = reader.big16(at: at + 2), length >= 2 else { return nil }
        at += 2 + Int(length)
      }
    }
    return nil
  }

  /// The three forms of WebP (RFC 9649 §2): lossy, lossless, extended.
  private static func webp(_ reader: Reader) -> (Int64, Int64)? {
    if reader.holds(Array("VP8X".utf8), at: 12) {
      guard let width = reader.little24(at: 24), let height = reader.little24(at: 27) else { return nil }
      return (width + 1, height + 1)
    }
    if reader.holds(Array("VP8L".utf8), at: 12), reader.byte(at: 20) == 0x2F {
      guard let low = reader.little24(at: 21), let high = reader.byte(at: 24) else { return nil }
      let bits = low | Int64(high) << 24
      return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    }
    if reader.holds(Array("VP8 ".utf8), at: 12), reader.holds([0x9D, 0x01, 0x2A], at: 23) {
      guard let width = reader.little24(at: 26), let height = reader.little24(at: 28) else { return nil }
      return (width & 0x3FFF, height & 0x3FFF)
    }
    return nil
  }

  /// Reads at places that may lie outside.
  private struct Reader {
    let bytes: ByteBuffer

    func byte(at index: Int) -> UInt8? {
      bytes.getInteger(at: bytes.readerIndex + index)
    }

    func holds(_ pattern: [UInt8], at index: Int) -> Bool {
      bytes.getBytes(at: bytes.readerIndex + index, length: pattern.count) == pattern
    }

    func big16(at index: Int) -> Int64? {
      bytes.getInteger(at: bytes.readerIndex + index, as: UInt16.self).map(Int64.init)
    }

    func big32(at index: Int) -> Int64? {
      bytes.getInteger(at: bytes.readerIndex + index, as: UInt32.self).map(Int64.init)
    }

    func little16(at index: Int) -> Int64? {
      bytes.getInteger(at: bytes.readerIndex + index, endianness: .little, as: UInt16.self).map(Int64.init)
    }

    func little32(at index: Int) -> Int64? {
      bytes.getInteger(at: bytes.readerIndex + index, endianness: .little, as: UInt32.self).map(Int64.init)
    }

    func little24(at index: Int) -> Int64? {
      guard let low: UInt16 = bytes.getInteger(at: bytes.readerIndex + index, endianness: .little),
        let high = byte(at: index + 2)
      else { return nil }
      return Int64(low) | Int64(high) << 16
    }
  }
}
