internal import NIOCore

/// Opus's decoder set-up: the identification header of RFC 7845 §5.1, and what we need to know of it.
struct OpusConfiguration: Sendable, Equatable {
  static let headBytesMax = 19

  let channels: Int
  /// Samples at 48 kHz that the decoder throws away at the beginning.
  let preSkip: UInt16
  /// Of what was encoded; only told.
  let inputSampleRate: UInt32
  let outputGain: Int16
  /// Of each packet, at 48 kHz.
  let samplesPerFrame: Int

  /// Opus counts time at 48 kHz, whatever was encoded.
  static let sampleRate = 48_000

  private init(channels: Int, preSkip: UInt16, inputSampleRate: UInt32, outputGain: Int16, samplesPerFrame: Int) {
    self.channels = channels
    self.preSkip = preSkip
    self.inputSampleRate = inputSampleRate
    self.outputGain = outputGain
    self.samplesPerFrame = samplesPerFrame
  }

  init(head: [UInt8]) throws(CodecFault) {
    var bytes = ByteBuffer(bytes: head.prefix(Self.headBytesMax + 1))
    guard bytes.readString(length: 8) == "OpusHead", let version = bytes.readInteger(as: UInt8.self),
      let channels = bytes.readInteger(as: UInt8.self),
      let preSkip = bytes.readInteger(endianness: .little, as: UInt16.self),
      let rate = bytes.readInteger(endianness: .little, as: UInt32.self),
      let gain = bytes.readInteger(endianness: .little, as: Int16.self), let family = bytes.readInteger(as: UInt8.self)
    else { throw CodecFault(description: "an Opus header that is no OpusHead") }
    // §5.1: a version up to 15 is read alike.
    guard version < 16, family == 0, (1...2).contains(channels) else {
      throw CodecFault(description: "an Opus header that is neither mono nor stereo")
    }
    self.init(
      channels: Int(channels), preSkip: preSkip, inputSampleRate: rate, outputGain: gain, samplesPerFrame: 960)
  }

  func with(samplesPerFrame: Int) -> OpusConfiguration {
    OpusConfiguration(
      channels: channels, preSkip: preSkip, inputSampleRate: inputSampleRate, outputGain: outputGain,
      samplesPerFrame: samplesPerFrame)
  }

  /// How long a packet lasts at 48 kHz, from its first bytes (RFC 6716 §3.1); nil when it is no packet, or longer than
  /// the 120 ms that a packet may last.
  static func samples(in packet: ByteBuffer) -> Int? {
    guard let first = packet.getInteger(at: packet.readerIndex, as: UInt8.self) else { return nil }
    let configuration = Int(first >> 3)
    let frame =
      switch configuration {
      case 0..<12: [480, 960, 1920, 2880][configuration & 3]
      case 12..<16: [480, 960][configuration & 1]
      default: [120, 240, 480, 960][configuration & 3]
      }
    let frames: Int
    switch first & 3 {
    case 0: frames = 1
    case 1, 2: frames = 2
    default:
      guard let count = packet.getInteger(at: packet.readerIndex + 1, as: UInt8.self) else { return nil }
      frames = Int(count & 0x3f)
    }
    let samples = frame * frames
    return (1...5_760).contains(samples) ? samples : nil
  }
}
