internal import Foundation
internal import Subprocess

/// A picture as it is kept: made anew from its pixels, so that nothing else that was in the file is left (where it was
/// taken, with what, by whom), upright, and in smaller sizes.
public struct PictureSizes: Sendable {
  public struct Size: Sendable {
    /// In pixels.
    public let width: Int64
    public let webp: [UInt8]
    /// For a picture that came as JPEG; nil for one that may be seen through.
    public let jpeg: [UInt8]?
  }

  /// In the kind that it came in.
  public let whole: [UInt8]
  public let width: Int64
  public let height: Int64
  /// Those that are smaller than the whole, the smallest first.
  public let sizes: [Size]

  /// The widths that are made of a picture that has more.
  public static let widths: [Int64] = [320, 640, 1_280]
}

/// One picture in, all its sizes out, by ffmpeg in a process of its own with a limit on its time and memory.
public struct DrawSizes: Sendable {
  public enum Kind: String, Sendable {
    case jpeg, png, webp

    var ending: String { self == .jpeg ? "jpg" : rawValue }
  }

  public enum Fault: Error {
    /// What was in the file is no picture of its kind; ffmpeg's words.
    case unreadable(String)
    case tookTooLong
  }

  /// Pixels of the longer side of what is kept.
  public static let sideMax: Int64 = 2_560
  private static let timeoutSeconds: Int64 = 20
  private static let memoryMebibytes = 2_048

  /// The program, found on the path.
  let ffmpeg: String

  public init(ffmpeg: String) { self.ffmpeg = ffmpeg }

  /// - Parameters:
  ///   - width: in pixels, as they are stored; so is `height`.
  ///   - orientation: how they are turned and mirrored, 1…8 (Exif 2.32, tag 0x0112).
  public func draw(
    _ picture: [UInt8], _ kind: Kind, width: Int64, height: Int64, orientation: Int
  ) async throws -> PictureSizes {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-picture-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let source = directory.appending(path: "source")
    try Data(picture).write(to: source)
    let isTurned = (5...8).contains(orientation)
    let (upright, tall) = isTurned ? (height, width) : (width, height)
    let whole = Self.fitted(upright, tall, side: Self.sideMax)
    let sizes = PictureSizes.widths.filter { $0 < whole.width }
      .map { (width: $0, height: max(1, (tall * $0 + upright / 2) / upright)) }
    try await run(
      arguments(source, directory, kind, [whole] + sizes, turn: Self.turn(orientation)), in: directory)
    func read(_ index: Int, _ ending: String) throws -> [UInt8] {
      let data = try? Data(contentsOf: directory.appending(path: "\(index).\(ending)"))
      guard let data, !data.isEmpty else { throw Fault.unreadable("no picture came out") }
      return [UInt8](data)
    }
    return PictureSizes(
      whole: try read(0, kind.ending), width: whole.width, height: whole.height,
      sizes: try sizes.enumerated().map { index, size in
        PictureSizes.Size(
          width: size.width, webp: try read(index + 1, "webp"), jpeg: kind == .jpeg ? try read(index + 1, "jpg") : nil)
      })
  }

  /// What it is shown in, within a square of that side.
  private static func fitted(_ width: Int64, _ height: Int64, side: Int64) -> (width: Int64, height: Int64) {
    let longer = max(width, height)
    guard longer > side else { return (width, height) }
    return (max(1, width * side / longer), max(1, height * side / longer))
  }

  /// From how it is stored to how it is seen.
  private static func turn(_ orientation: Int) -> String {
    switch orientation {
    case 2: "hflip,"
    case 3: "hflip,vflip,"
    case 4: "vflip,"
    case 5: "transpose=cclock_flip,"
    case 6: "transpose=clock,"
    case 7: "transpose=clock_flip,"
    case 8: "transpose=cclock,"
    default: ""
    }
  }

  private func arguments(
    _ source: URL, _ directory: URL, _ kind: Kind, _ sizes: [(width: Int64, height: Int64)], turn: String
  ) -> [String] {
    let endings = sizes.indices.map { index in
      index == 0 ? [kind.ending] : ["webp"] + (kind == .jpeg ? ["jpg"] : [])
    }
    var filter = "[0:v]\(turn)split=\(sizes.count)" + sizes.indices.map { "[s\($0)]" }.joined()
    var outputs: [String] = []
    for (index, size) in sizes.enumerated() {
      filter += ";[s\(index)]scale=\(size.width):\(size.height):flags=lanczos"
      filter += ",split=\(endings[index].count)" + endings[index].map { "[\($0)\(index)]" }.joined()
      for ending in endings[index] {
        let file = directory.appending(path: "\(index).\(ending)").path
        outputs += ["-map", "[\(ending)\(index)x]", "-frames:v", "1", "-map_metadata", "-1"]
        switch ending {
        case "jpg":
          filter += ";[jpg\(index)]scale=out_range=full,format=yuvj420p[jpg\(index)x]"
          outputs += ["-c:v", "mjpeg", "-q:v", index == 0 ? "2" : "4"]
        case "webp":
          filter += ";[webp\(index)]format=\(kind == .jpeg ? "yuv420p" : "yuva420p")[webp\(index)x]"
          outputs += ["-c:v", "libwebp", "-quality", index == 0 ? "90" : "80", "-preset", "picture"]
        default:
          filter += ";[png\(index)]null[png\(index)x]"
          outputs += ["-c:v", "png"]
        }
        outputs += ["-f", "image2", "-update", "1", file]
      }
    }
    // The kind is told, so that no file is read as something else than what its first bytes are.
    return ["-hide_banner", "-nostdin", "-loglevel", "error", "-threads", "1", "-noautorotate"]
      + ["-f", "\(kind.rawValue)_pipe", "-i", source.path, "-filter_complex_threads", "1", "-filter_complex", filter]
      + outputs
  }

  private func run(_ arguments: [String], in directory: URL) async throws {
    let limits = ProcessLimits.words(seconds: Self.timeoutSeconds, mebibytes: Self.memoryMebibytes)
    let shell = ["-c", limits + "; exec nice -n 5 \"$0\" \"$@\"", ffmpeg]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var options = PlatformOptions()
        // One that is given up has nothing to save.
        options.teardownSequence = []
        let result = try await Subprocess.run(
          .name("sh"), arguments: Arguments(shell + arguments), platformOptions: options, output: .discarded,
          error: .string(limit: 4_096))
        guard result.terminationStatus.isSuccess else {
          throw Fault.unreadable(String(result.standardError.prefix(300)))
        }
      }
      group.addTask {
        try await Task.sleep(for: .seconds(Self.timeoutSeconds))
        throw Fault.tookTooLong
      }
      defer { group.cancelAll() }
      _ = try await group.next()
    }
  }
}
