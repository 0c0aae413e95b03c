internal import NIOCore

/// What H.264 and H.265 have in common: pictures made of NAL units.
enum NALUnits {
  /// Drops each 03 of 00 00 03 (ITU-T H.264 §7.4.1, H.265 §7.4.2).
  static func withoutEmulationPrevention(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var zeros = 0
    for byte in bytes {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      plain.append(byte)
    }
    return plain
  }

  /// Whether decoding can start at a sample of length-prefixed units. Stops at the first slice, and at a length that
  /// leads out of the sample.
  /// - Parameter starts: is given the first byte of each unit; nil for what is no slice.
  static func firstPicture(in sample: ByteBuffer, lengthSize: Int, starts: (UInt8) -> Bool?) -> Bool {
    let bytes = sample.readableBytesView
    var position = bytes.startIndex
    // A picture's slices are preceded by at most a few delimiters, parameter sets and messages.
    for _ in 0..<64 {
      guard bytes.endIndex - position > lengthSize else { return false }
      var length = 0
      for offset in 0..<lengthSize { length = length << 8 | Int(bytes[position + offset]) }
      position += lengthSize
      guard length >= 1, length <= bytes.endIndex - position else { return false }
      if let answer = starts(bytes[position]) { return answer }
      position += length
    }
    return false
  }
}
