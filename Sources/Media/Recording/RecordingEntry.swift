internal import NIOCore

/// One record of a recording's index: what lies where in its files, and when it plays. Written after the bytes it
/// speaks of, so that a record that is whole speaks of bytes that were written.
public struct RecordingEntry: Sendable, Equatable {
  public enum Kind: UInt8, Sendable {
    /// The head of a data file: what a decoder must know before the first segment in it.
    case initialization = 1
    case segment = 2
    /// Media that was on air and is not here, because the disk was full or too slow.
    case gap = 3
  }

  public var kind: Kind
  /// The number of the data file, from 1; 0 for a gap.
  public var file: UInt32 = 0
  /// Bytes from the beginning of the file.
  public var offset: Int64 = 0
  /// Bytes.
  public var length = 0
  /// Media time of the first frame, in ticks (1/90,000 s) on the show's clock.
  public var start: Int64 = 0
  /// Ticks.
  public var duration: Int64 = 0
  /// Begins with a keyframe.
  public var isIndependent = false
  /// Of a gap: how many segments are not here.
  public var lost: UInt32 = 0
  /// CRC-32 of the bytes.
  public var checksum: UInt32 = 0

  /// Every record is as long, so that a torn one is known by its length, and one that is not ours by its checksum.
  static let bytes = 48
  private static let magic: UInt16 = 0x4852  // "HR"
  /// A segment has no more; a length beyond it is not a record of ours.
  static let lengthMax: UInt32 = 1 << 30
  static let ticksMax = Int64(1) << 52

  /// The end of the bytes it speaks of, in its file.
  var end: Int64 { offset + Int64(length) }
}

extension RecordingEntry {
  func write(to buffer: inout ByteBuffer) {
    let start = buffer.writerIndex
    buffer.writeInteger(Self.magic)
    buffer.writeInteger(kind.rawValue)
    buffer.writeInteger(UInt8(isIndependent ? 1 : 0))
    buffer.writeInteger(file)
    buffer.writeInteger(offset)
    buffer.writeInteger(UInt32(clamping: length))
    buffer.writeInteger(self.start)
    buffer.writeInteger(duration)
    buffer.writeInteger(lost)
    buffer.writeInteger(checksum)
    let record = buffer.getSlice(at: start, length: Self.bytes - 4) ?? ByteBuffer()
    buffer.writeInteger(Checksum.of(record))
  }

  /// Takes one record off the front; nil, and nothing taken, for what is no whole record of ours. Never traps, whatever
  /// the bytes.
  static func read(from buffer: inout ByteBuffer) -> RecordingEntry? {
    var rest = buffer
    guard var record = rest.readSlice(length: bytes - 4), let sum = rest.readInteger(as: UInt32.self),
      Checksum.of(record) == sum, record.readInteger(as: UInt16.self) == magic,
      let kind = record.readInteger(as: UInt8.self).flatMap(Kind.init), let flags = record.readInteger(as: UInt8.self),
      let file = record.readInteger(as: UInt32.self), let offset = record.readInteger(as: Int64.self),
      let length = record.readInteger(as: UInt32.self), let start = record.readInteger(as: Int64.self),
      let duration = record.readInteger(as: Int64.self), let lost = record.readInteger(as: UInt32.self),
      let checksum = record.readInteger(as: UInt32.self)
    else { return nil }
    guard (0...ticksMax).contains(offset), length <= lengthMax, (0...ticksMax).contains(start),
      (0...ticksMax).contains(duration)
    else { return nil }
    buffer = rest
    return RecordingEntry(
      kind: kind, file: file, offset: offset, length: Int(length), start: start, duration: duration,
      isIndependent: flags & 1 == 1, lost: lost, checksum: checksum)
  }
}
