internal import NIOCore

/// One frame ready to be sent: a `moof` and its `mdat`. Immutable, and shared by all who read it.
struct Fragment: Sendable {
  var bytes: ByteBuffer
  var initialization: Initialization
  var track: Track
  /// Whether time is measured by this track: the picture's, or the sound's where there is no picture.
  var leads: Bool
  /// Decoding can start here. False for sound beside a picture.
  var isKey: Bool
  /// Ticks (1/90,000 s) on the show's clock.
  var decodeTime: Int64
  var presentationTime: Int64
  var duration: Int64
  /// Its number in the `FragmentRing`; nil when it is in none.
  var number: Int?
}

extension Fragment {
  /// Bytes before the payload: `moof` 104 and the head of `mdat` 8.
  static let overheadBytes = 112
  static let producerTimeBytes = 32

  /// What one sample needs to become a fragment. Times are in the track's own timescale.
  struct Sample {
    var track: UInt32
    var decodeTime: UInt64
    var duration: UInt32
    var compositionOffset: Int32
    var flags: UInt32
    var payload: ByteBuffer
  }

  /// - Parameters:
  ///   - sequence: counts fragments within the stream; wraps, as the field does.
  ///   - wallClock: milliseconds since 1970 at which the frame came in, written as `prft`; nil for none.
  static func bytes(_ sample: Sample, sequence: UInt32, wallClock: Int64?) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(
      capacity: overheadBytes + sample.payload.readableBytes + (wallClock == nil ? 0 : producerTimeBytes))
    if let wallClock { buffer.writeProducerReferenceTime(sample, wallClock: wallClock) }
    let start = buffer.writerIndex
    var dataOffsetIndex = 0
    buffer.writeBox("moof") { moof in
      moof.writeFullBox("mfhd") { $0.writeInteger(sequence) }
      moof.writeBox("traf") { traf in
        // Offsets count from the moof.
        traf.writeFullBox("tfhd", flags: 0x02_0000) { $0.writeInteger(sample.track) }
        traf.writeFullBox("tfdt", version: 1) { $0.writeInteger(sample.decodeTime) }
        // Version 1: composition offsets are signed. Present: data offset, duration, size, flags, composition offset.
        traf.writeFullBox("trun", version: 1, flags: 0xf01) { trun in
          trun.writeInteger(UInt32(1))
          dataOffsetIndex = trun.writerIndex
          trun.writeInteger(UInt32(0))
          trun.writeInteger(sample.duration)
          trun.writeInteger(UInt32(truncatingIfNeeded: sample.payload.readableBytes))
          trun.writeInteger(sample.flags)
          trun.writeInteger(sample.compositionOffset)
        }
      }
    }
    let moofBytes = buffer.writerIndex - start
    buffer.setInteger(UInt32(truncatingIfNeeded: moofBytes + 8), at: dataOffsetIndex)
    buffer.writeInteger(UInt32(truncatingIfNeeded: 8 + sample.payload.readableBytes))
    buffer.writeStaticString("mdat")
    buffer.writeImmutableBuffer(sample.payload)
    return buffer
  }
}

extension ByteBuffer {
  /// `prft`, ISO/IEC 14496-12 §8.16.5: which wall-clock time belongs to which media time, for a latency read-out.
  fileprivate mutating func writeProducerReferenceTime(_ sample: Fragment.Sample, wallClock: Int64) {
    // Flags 0x000002: the time at which this fragment was made.
    writeFullBox("prft", version: 1, flags: 2) { prft in
      prft.writeInteger(sample.track)
      prft.writeInteger(Self.networkTime(wallClock))
      prft.writeInteger(sample.decodeTime &+ UInt64(bitPattern: Int64(sample.compositionOffset)))
    }
  }

  /// NTP's format (RFC 5905 §6): seconds since 1900, then a 32-bit fraction.
  private static func networkTime(_ milliseconds: Int64) -> UInt64 {
    let known = max(0, milliseconds)
    let seconds = UInt64(truncatingIfNeeded: known / 1000 &+ 2_208_988_800) & 0xffff_ffff
    let fraction = (UInt64(known % 1000) << 32) / 1000
    return seconds << 32 | fraction
  }
}
