import Foundation
import TestKit
import TestPrograms

/// Real ffmpeg with pictures of x264's that carry captions: CEA-608 in SEI (ATSC A/53), a pair of bytes a picture, the
/// sentence again every two seconds, for two and a half minutes.
final class CaptionedEncoder {
  private static let picturesPerSecond = 30
  private static let pictures = 60
  private static let rounds = 75

  private let process = TestProcess()

  /// - Parameter sentence: ASCII, 32 letters at most.
  init(server: String, key: String, sentence: String, in directory: URL) throws {
    let plain = directory.appending(path: "plain.h264")
    let maker = TestProcess()
    maker.executableURL = URL(filePath: "/usr/bin/env")
    maker.arguments = [
      "ffmpeg", "-y", "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30",
      "-frames:v", "\(Self.pictures)", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads",
      "1", "-bf", "0", "-g", "30", "-x264-params", "slices=1", "-pix_fmt", "yuv420p", "-f", "h264", plain.path,
    ]
    try maker.run()
    maker.waitUntilExit()
    let film = directory.appending(path: "captioned.h264")
    let round = Self.captioned(Array(try Data(contentsOf: plain)), Self.pairs(sentence))
    try Data(repeatElement(round, count: Self.rounds).joined()).write(to: film)

    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-r", "\(Self.picturesPerSecond)",
      "-f", "h264", "-i", film.path, "-c", "copy", "-f", "flv", "\(server)/\(key)",
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func kill() {
    guard process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { kill() }

  /// What pops on, is there for a while, and goes (CTA-608): a pair for each picture.
  private static func pairs(_ sentence: String) -> [[UInt8]] {
    func parity(_ byte: UInt8) -> UInt8 { byte.nonzeroBitCount % 2 == 0 ? byte | 0x80 : byte }
    func code(_ second: UInt8) -> [[UInt8]] { Array(repeating: [parity(0x14), parity(second)], count: 2) }
    let letters = Array(sentence.utf8)
    let text = stride(from: 0, to: letters.count, by: 2).map { index in
      [parity(letters[index]), parity(index + 1 < letters.count ? letters[index + 1] : 0)]
    }
    let (popOn, erase, bottom, show, clear) = (code(0x20), code(0x2e), code(0x70), code(0x2f), code(0x2c))
    let shown = popOn + erase + bottom + text + show
    let pause = Array(repeating: [UInt8(0x80), 0x80], count: pictures - shown.count - clear.count - 4)
    return shown + pause + clear
  }

  /// The same pictures, each with its pair before its slice. Finds NAL units by their start codes.
  private static func captioned(_ bytes: [UInt8], _ pairs: [[UInt8]]) -> [UInt8] {
    var out: [UInt8] = []
    var picture = 0
    var start = 0
    while start + 4 < bytes.count {
      let isLong = bytes[start..<start + 4] == [0, 0, 0, 1]
      let isStart = isLong || bytes[start..<start + 3] == [0, 0, 1]
      let kind = bytes[start + (isLong ? 4 : 3)] & 0x1f
      if isStart, kind == 1 || kind == 5 {
        if picture < pairs.count { out += [0, 0, 0, 1] + message(pairs[picture]) }
        picture += 1
      }
      let length = isStart ? (isLong ? 4 : 3) : 1
      out += bytes[start..<start + length]
      start += length
    }
    return out + bytes[start...]
  }

  private static func message(_ pair: [UInt8]) -> [UInt8] {
    let payload: [UInt8] = [0xb5, 0, 0x31, 0x47, 0x41, 0x39, 0x34, 3, 0x41, 0xff, 0xfc] + pair + [0xff]
    return [6, 4, UInt8(payload.count)] + payload + [0x80]
  }
}
