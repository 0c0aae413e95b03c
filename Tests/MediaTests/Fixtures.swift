import NIOCore
import Synchronization
import Testing

@testable import Media

/// Bytes written in hexadecimal; spaces are for the reader.
func bytes(_ hexadecimal: String) -> [UInt8] {
  let digits = hexadecimal.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Decoder set-ups as x264 and ffmpeg's AAC encoder wrote them.
enum Recorded {
  static let avc320x180 = bytes(
    "0142c00dffe100196742c00dd901419f9f0110000003001000000303c0f142a48001000568cb83cb20")
  static let avc1920x1080 = bytes(
    "01640028ffe1001b67640028acd940780227e5c044000003000400000300f03c60c65801000668ebe3cb22c0fdf8f800")
  /// Interlaced, 4:2:2.
  static let avc720x576 = bytes(
    "017a001effe10018677a001ebcd940b424d8088000000300800000190f8a14cb01000668fba3cb22c0fef8f800")
  /// x265, 322 × 182, Main.
  static let hevc322x182 = bytes(
    """
    0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c959809a10001002a
    42010101600000030090000003000003003ca00a480b9c9596566924caf0168080000003008000000f04a2000100074401c172b46240
    """)
  /// x265, 640 × 360, Main 10.
  static let hevc640x360 = bytes(
    """
    0102200000009000000000003ff000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003003f959809a10001002b
    42010102200000030090000003000003003fa005020169365959a4932bc05a020000030002000003003c10a2000100074401c172b46240
    """)
  /// libaom, 320 × 180, and SVT-AV1, 1280 × 720 with ten bits.
  static let av1320x180 = bytes("81000c000a0b000000043cfeccdaf90040")
  static let av11280x720 = bytes("81054c000a0b0000002d4cffb3c02f8404")
  static let aac44100 = bytes("1208")
  static let aac48000 = bytes("1190")
}

extension VideoConfiguration {
  static let small = recorded(Recorded.avc320x180)
  static let large = recorded(Recorded.avc1920x1080)

  private static func recorded(_ record: [UInt8]) -> VideoConfiguration {
    guard let avc = try? AVCConfiguration(record: record) else { preconditionFailure("CodecTests say why") }
    return .avc(avc)
  }
}

extension AudioConfiguration {
  static let aac48 = recorded(Recorded.aac48000)
  static let aac44 = recorded(Recorded.aac44100)

  private static func recorded(_ record: [UInt8]) -> AudioConfiguration {
    guard let aac = try? AACConfiguration(record: record) else { preconditionFailure("CodecTests say why") }
    return .aac(aac)
  }
}

extension AccessUnit {
  static func picture(_ time: UInt32, key: Bool = false, offset: Int32 = 0, size: Int = 100) -> AccessUnit {
    // One NAL unit: an IDR slice or another.
    var payload = ByteBuffer()
    payload.writeInteger(UInt32(size - 4))
    payload.writeInteger(UInt8(key ? 0x65 : 0x41))
    payload.writeRepeatingByte(0x55, count: size - 5)
    return AccessUnit(track: .video, timestamp: time, compositionOffset: offset, isKey: key, payload: payload)
  }

  static func sound(_ time: UInt32) -> AccessUnit {
    AccessUnit(
      track: .audio, timestamp: time, compositionOffset: 0, isKey: true,
      payload: ByteBuffer(repeating: 0x21, count: 20))
  }
}

/// A camera with a microphone, as an encoder sends them: 30 (or other) pictures a second and AAC at 48 kHz.
struct Camera {
  var framesPerSecond: Int64 = 30
  var keyEvery: Int64 = 30
  var hasSound = true
  /// What its clock shows at first; it wraps.
  var start: UInt32 = 0
  private var frame: Int64 = 0
  private var sound: Int64 = 0

  init(framesPerSecond: Int64 = 30, keyEvery: Int64 = 30, hasSound: Bool = true, start: UInt32 = 0) {
    self.start = start
    self.framesPerSecond = framesPerSecond
    self.keyEvery = keyEvery
    self.hasSound = hasSound
  }

  /// Milliseconds of the next picture.
  var time: Int64 { frame * 1000 / framesPerSecond }

  /// The next picture and the sound up to it.
  mutating func next() -> [AccessUnit] {
    var units: [AccessUnit] = []
    while hasSound, sound * 1024 / 48 < time {
      units.append(.sound(start &+ UInt32(sound * 1024 / 48)))
      sound += 1
    }
    units.append(.picture(start &+ UInt32(time), key: frame % keyEvery == 0))
    frame += 1
    return units
  }
}

extension Packager {
  static func running(startMilliseconds: Int64 = 0) -> Packager {
    var packager = Packager(startMilliseconds: startMilliseconds)
    packager.configure(VideoConfiguration.small)
    packager.configure(AudioConfiguration.aac48)
    return packager
  }

  /// As if it came in the moment it was made, and the source's clock began with the show's.
  mutating func receive(_ unit: AccessUnit) -> [Fragment] {
    receive(unit, at: .init(show: Int64(unit.timestamp), wall: 1_700_000_000_000 + Int64(unit.timestamp)))
  }
}

/// A clock that stands until it is moved.
final class TestClock: Sendable {
  private let reading = Mutex(MediaClock.Reading(steady: 1_000_000, wall: 1_700_000_000_000))

  var clock: MediaClock { MediaClock { self.reading.withLock { $0 } } }

  func advance(milliseconds: Int64) {
    reading.withLock {
      $0.steady += milliseconds
      $0.wall += milliseconds
    }
  }
}

/// What a test got is not even of the kind it expects.
struct Unexpected: Error {}

/// Numbers that are the same in every run: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
}
