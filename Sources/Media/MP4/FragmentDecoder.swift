public import NIOCore

/// One frame or packet of sound as a fragmented MP4 tells of it. Times are in its track's timescale.
public struct MediaSample: Sendable, Equatable {
  public var track: UInt32
  public var decodeTime: Int64
  public var duration: Int64
  public var compositionOffset: Int32
  public var isSync: Bool
  /// Where its bytes are, from the beginning of what was decoded.
  public var offset: Int
  public var size: Int
}

/// A track as an initialization segment describes it.
public struct MediaTrack: Sendable, Equatable {
  public var id: UInt32
  /// `vide` or `soun`.
  public var handler: String
  public var timescale: UInt32
  /// Pixels; 0 for sound.
  public var width: Int
  public var height: Int
  /// The whole box of the first sample entry, as it was written.
  public var sampleEntry: ByteBuffer
}

/// Why bytes are no fragmented MP4 of the kind we write.
public struct MalformedMP4: Error, Equatable {
  public let reason: String
}

/// Reads fragmented MP4 (ISO/IEC 14496-12): pure functions over bytes, which never trap whatever the bytes are.
public enum FragmentDecoder {
  /// Samples of one fragment; ours have one each.
  static let samplesMax: UInt32 = 100_000

  /// Every sample of whole fragments that stand one after the other.
  public static func samples(in bytes: ByteBuffer) throws(MalformedMP4) -> [MediaSample] {
    var samples: [MediaSample] = []
    var rest = bytes
    while let box = try rest.readBox() {
      guard box.type == "moof" else { continue }
      let start = box.start - bytes.readerIndex
      var moof = box.content
      while let child = try moof.readBox() {
        guard child.type == "traf" else { continue }
        try readTrack(child.content, fragmentStart: start, limit: bytes.readableBytes, into: &samples)
      }
    }
    return samples
  }

  /// The tracks of an initialization segment.
  public static func tracks(in bytes: ByteBuffer) throws(MalformedMP4) -> [MediaTrack] {
    var tracks: [MediaTrack] = []
    var rest = bytes
    while let box = try rest.readBox() {
      guard box.type == "moov" else { continue }
      var moov = box.content
      while let child = try moov.readBox() {
        if child.type == "trak" { tracks.append(try track(child.content)) }
      }
    }
    return tracks
  }

  private static func track(_ trak: ByteBuffer) throws(MalformedMP4) -> MediaTrack {
    let media = try trak.box("mdia")
    let table = try media.box("minf").box("stbl")
    var header = try trak.box("tkhd")
    let isLong = try header.version().version == 1
    header.moveReaderIndex(forwardBy: min(header.readableBytes, isLong ? 16 : 8))
    guard let id = header.readInteger(as: UInt32.self) else { throw MalformedMP4(reason: "a track without an id") }
    header.moveReaderIndex(forwardBy: min(header.readableBytes, (isLong ? 12 : 8) + 8 + 8 + 36))
    let width = header.readInteger(as: UInt32.self) ?? 0
    let height = header.readInteger(as: UInt32.self) ?? 0
    var times = try media.box("mdhd")
    let isLongTimes = try times.version().version == 1
    times.moveReaderIndex(forwardBy: min(times.readableBytes, isLongTimes ? 16 : 8))
    guard let timescale = times.readInteger(as: UInt32.self), timescale > 0 else {
      throw MalformedMP4(reason: "a track without a timescale")
    }
    var handler = try media.box("hdlr")
    handler.moveReaderIndex(forwardBy: min(handler.readableBytes, 8))
    var descriptions = try table.box("stsd")
    descriptions.moveReaderIndex(forwardBy: min(descriptions.readableBytes, 8))
    let before = descriptions
    guard let kind = handler.readString(length: 4), let entry = try descriptions.readBox(),
      let whole = before.getSlice(at: entry.start, length: entry.content.readableBytes + 8)
    else { throw MalformedMP4(reason: "a track without a sample entry") }
    return MediaTrack(
      id: id, handler: kind, timescale: timescale, width: Int(width >> 16), height: Int(height >> 16),
      sampleEntry: whole)
  }

  /// A `traf`, §8.8.6: what its `tfhd` leaves to the `trex` of the initialization segment is taken as ours says.
  private static func readTrack(
    _ traf: ByteBuffer, fragmentStart: Int, limit: Int, into samples: inout [MediaSample]
  ) throws(MalformedMP4) {
    var header = try traf.box("tfhd")
    let flags = try header.version().flags
    guard flags & 1 == 0, let track = header.readInteger(as: UInt32.self) else {
      throw MalformedMP4(reason: "a fragment with an offset of its own")
    }
    if flags & 2 != 0 { header.moveReaderIndex(forwardBy: min(4, header.readableBytes)) }
    let defaults = (
      duration: flags & 8 != 0 ? header.readInteger(as: UInt32.self) ?? 0 : 0,
      size: flags & 0x10 != 0 ? header.readInteger(as: UInt32.self) ?? 0 : 0,
      flags: flags & 0x20 != 0 ? header.readInteger(as: UInt32.self) ?? 0 : 0
    )
    var decode = try traf.box("tfdt")
    let isLong = try decode.version().version == 1
    let first = isLong ? decode.readInteger(as: UInt64.self) : decode.readInteger(as: UInt32.self).map(UInt64.init)
    guard let first, first <= UInt64(RecordingEntry.ticksMax) else {
      throw MalformedMP4(reason: "a fragment without a time")
    }
    var time = Int64(first)
    var rest = traf
    while let box = try rest.readBox() {
      guard box.type == "trun" else { continue }
      var run = box.content
      let runFlags = try run.version().flags
      guard let count = run.readInteger(as: UInt32.self), count <= samplesMax, runFlags & 1 != 0,
        let dataOffset = run.readInteger(as: Int32.self)
      else { throw MalformedMP4(reason: "a run of samples without a place") }
      let firstFlags = runFlags & 4 != 0 ? run.readInteger(as: UInt32.self) : nil
      var offset = fragmentStart + Int(dataOffset)
      for number in 0..<count {
        let duration = runFlags & 0x100 != 0 ? run.readInteger(as: UInt32.self) : defaults.duration
        let size = runFlags & 0x200 != 0 ? run.readInteger(as: UInt32.self) : defaults.size
        let own = runFlags & 0x400 != 0 ? run.readInteger(as: UInt32.self) : defaults.flags
        let composition = runFlags & 0x800 != 0 ? run.readInteger(as: Int32.self) : 0
        guard let duration, let size, let own, let composition, offset >= 0, offset <= limit,
          Int(size) <= limit - offset
        else { throw MalformedMP4(reason: "a sample outside its fragment") }
        let sampleFlags = number == 0 ? firstFlags ?? own : own
        samples.append(
          MediaSample(
            track: track, decodeTime: time, duration: Int64(duration), compositionOffset: composition,
            isSync: sampleFlags & 0x1_0000 == 0, offset: offset, size: Int(size)))
        time += Int64(duration)
        offset += Int(size)
      }
    }
  }
}

extension ByteBuffer {
  struct Box {
    var type: String
    /// The reader index of its head.
    var start: Int
    /// Without the head.
    var content: ByteBuffer
  }

  /// Takes a box off the front; nil at the end. Throws for one that claims more than there is.
  fileprivate mutating func readBox() throws(MalformedMP4) -> Box? {
    guard readableBytes > 0 else { return nil }
    let start = readerIndex
    guard let size = readInteger(as: UInt32.self), let type = readString(length: 4), size >= 8,
      let content = readSlice(length: Int(size) - 8)
    else { throw MalformedMP4(reason: "a box that is not whole") }
    return Box(type: type, start: start, content: content)
  }

  /// The content of the first box of that type.
  func box(_ type: String) throws(MalformedMP4) -> ByteBuffer {
    var rest = self
    while let box = try rest.readBox() {
      if box.type == type { return box.content }
    }
    throw MalformedMP4(reason: "no \(type)")
  }

  fileprivate mutating func version() throws(MalformedMP4) -> (version: UInt8, flags: UInt32) {
    guard let word = readInteger(as: UInt32.self) else { throw MalformedMP4(reason: "a box that is too short") }
    return (UInt8(word >> 24), word & 0xff_ffff)
  }
}
