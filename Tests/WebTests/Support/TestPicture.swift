import Foundation
import TestKit
import TestPrograms

/// Pictures as cameras and drawing programs make them, by ffmpeg.
enum TestPicture {
  enum Kind: String { case jpeg = "mjpeg", png, webp = "libwebp" }

  /// Red on the left and blue on the right.
  static func make(_ kind: Kind, _ width: Int, _ height: Int) throws -> [UInt8] {
    let half = "color=red:size=\(width / 2)x\(height)[l];color=blue:size=\(width - width / 2)x\(height)[r];[l][r]hstack"
    return try run(
      "ffmpeg",
      [
        "-loglevel", "error", "-f", "lavfi", "-i", half, "-frames:v", "1", "-c:v", kind.rawValue, "-f", "image2pipe",
        "-",
      ])
  }

  /// The same JPEG with an Exif segment that says how it is turned, and where it was taken.
  static func tagged(_ jpeg: [UInt8], orientation: UInt8, place: String) -> [UInt8] {
    var exif = Array("Exif".utf8) + [0, 0] + Array("II".utf8) + [0x2A, 0, 8, 0, 0, 0]
    exif += [1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0] + Array(place.utf8)
    let length = exif.count + 2
    return Array(jpeg.prefix(2)) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + exif + jpeg.dropFirst(2)
  }

  /// Its width and height, as ffprobe reads them.
  static func size(_ picture: [UInt8]) throws -> [Int] {
    try read(picture) { file in
      let said = try run(
        "ffprobe", ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", file])
      return String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        .split(separator: ",").compactMap { Int($0) }
    }
  }

  /// Whether a place of it, in hundredths of its width and height, is red rather than blue.
  static func isRed(_ picture: [UInt8], _ across: Int, _ down: Int) throws -> Bool {
    let size = try size(picture)
    let pixels = try read(picture) { file in
      try run(
        "ffmpeg", ["-loglevel", "error", "-i", file, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
    }
    let at = 3 * (size[1] * down / 100 * size[0] + size[0] * across / 100)
    return pixels[at] > pixels[at + 2]
  }

  private static func read<T>(_ picture: [UInt8], _ body: (String) throws -> T) throws -> T {
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-test-picture-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(picture).write(to: file)
    return try body(file.path)
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> [UInt8] {
    let process = TestProcess()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw FixtureFault("\(program) ended with \(process.terminationStatus)")
    }
    return [UInt8](bytes)
  }
}
