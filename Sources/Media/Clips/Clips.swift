internal import Foundation
public import NIOCore
internal import NIOPosix
internal import Subprocess

/// The files of clips: an upright MP4 of 720 × 1280 and a picture of it for each, made by ffmpeg in a process of its own
/// with a limit on its time and memory, behind everything that serves viewers.
public struct Clips: Sendable {
  public enum Fault: Error {
    /// There is no such recording any more.
    case noRecording
    /// ffmpeg's words.
    case failed(String)
    case tookTooLong
  }

  public enum Part: String, Sendable {
    case video = "mp4"
    case poster = "jpg"
  }

  /// CPU seconds: a clip of a minute takes about a third of a minute of one core.
  private static let processorSeconds: Int64 = 240
  private static let timeoutSeconds: Int64 = 300
  private static let memoryMebibytes = 2_048
  private static let pieceBytes = 1 << 20

  private let recordings: Recordings
  private let directory: String
  /// The program, found on the path.
  private let ffmpeg: String

  public init(recordings: Recordings, directory: String, ffmpeg: String) {
    self.recordings = recordings
    self.directory = directory
    self.ffmpeg = ffmpeg
  }

  /// Whether a clip can be made of that stretch. Throws `ClipPlan.Fault`, or `Fault.noRecording`.
  /// - Parameters:
  ///   - from: milliseconds of media time; so is `until`, without it.
  @discardableResult
  public func plan(of recording: String, from: Int64, until: Int64) async throws -> ClipPlan {
    guard let index = try await recordings.index(of: recording) else { throw Fault.noRecording }
    return try ClipPlan(index, from: from, until: until)
  }

  /// Makes the files of a clip. Made already, they are made anew.
  /// - Returns: the bytes of the video.
  public func make(_ id: String, of recording: String, from: Int64, until: Int64) async throws -> Int64 {
    guard Self.isName(id) else { throw Fault.failed("no clip is named so") }
    let plan = try await plan(of: recording, from: from, until: until)
    let place = "\(directory)/.\(id)"
    try? FileManager.default.removeItem(atPath: place)
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let source = "\(place)/source.mp4"
    try await copy(plan, of: recording, to: source)
    let (video, poster) = ("\(place)/clip.mp4", "\(place)/clip.jpg")
    try await run(Self.cutting(source, plan, video))
    try await run(Self.picturing(video, plan, poster))
    guard let bytes = RecordingDisk.size(video), bytes > 0, RecordingDisk.size(poster) ?? 0 > 0 else {
      throw Fault.failed("nothing came out")
    }
    // The picture first: whoever sees the video finds it.
    for (made, part) in [(poster, Part.poster), (video, .video)] {
      guard rename(made, path(of: id, part)) == 0 else { throw DiskFault("keeping \(id)") }
    }
    return bytes
  }

  /// What the decoder needs and nothing else: the head, and the segments from a keyframe on.
  private func copy(_ plan: ClipPlan, of recording: String, to path: String) async throws {
    guard let head = try await recordings.bytes(of: plan.initialization, in: recording) else {
      throw Fault.noRecording
    }
    let data = RecordingFiles.dataPath(recordings.directory(of: recording), plan.file)
    try await recordings.blocking {
      let from = try RecordingDisk.open(data, O_RDONLY)
      defer { close(from) }
      let file = try RecordingDisk.open(path, O_WRONLY | O_CREAT | O_TRUNC)
      defer { close(file) }
      try RecordingDisk.system.write(file, head, 0)
      var (place, written) = (plan.bytes.lowerBound, Int64(head.readableBytes))
      while place < plan.bytes.upperBound {
        let piece = try RecordingDisk.read(
          from, place, Int(min(Int64(Self.pieceBytes), plan.bytes.upperBound - place)))
        guard piece.readableBytes > 0 else { throw Fault.noRecording }
        try RecordingDisk.system.write(file, piece, written)
        place += Int64(piece.readableBytes)
        written += Int64(piece.readableBytes)
      }
    }
  }

  private static func seconds(_ ticks: Int64) -> String {
    let thousandths = ticks * 1000 / Initialization.ticksPerSecond
    return "\(thousandths / 1000).\(String(thousandths % 1000 + 1000).dropFirst())"
  }

  /// The middle of the picture, upright. The lead is decoded and left out: a fragmented file is not sought in.
  private static func cutting(_ source: String, _ plan: ClipPlan, _ video: String) -> [String] {
    let upright = "crop='min(iw,ih*9/16)':'min(ih,iw*16/9)',scale=720:1280:flags=bicubic,setsar=1,format=yuv420p"
    return ["-f", "mp4", "-i", source, "-map", "0:v:0", "-map", "0:a:0?", "-ss", seconds(plan.lead)]
      + ["-t", seconds(plan.duration), "-vf", upright, "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high"]
      + ["-crf", "23", "-maxrate", "3M", "-bufsize", "6M", "-g", "60", "-fpsmax", "30", "-c:a", "aac", "-b:a", "128k"]
      + ["-ac", "2", "-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", video]
  }

  private static func picturing(_ video: String, _ plan: ClipPlan, _ poster: String) -> [String] {
    ["-ss", seconds(plan.duration / 3), "-f", "mp4", "-i", video, "-frames:v", "1", "-map_metadata", "-1"]
      + ["-vf", "scale=540:960,format=yuvj420p", "-q:v", "4", "-f", "mjpeg", poster]
  }

  private func run(_ arguments: [String]) async throws {
    let limits = ProcessLimits.words(seconds: Self.processorSeconds, mebibytes: Self.memoryMebibytes)
    let shell = ["-c", limits + "; exec nice -n 10 \"$0\" \"$@\"", ffmpeg]
    let general = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var options = PlatformOptions()
        // One that is given up has nothing to save.
        options.teardownSequence = []
        let result = try await Subprocess.run(
          .name("sh"), arguments: Arguments(shell + general + arguments), platformOptions: options,
          output: .discarded, error: .string(limit: 4_096))
        guard result.terminationStatus.isSuccess else {
          throw Fault.failed("\(result.terminationStatus) \(result.standardError.prefix(300))")
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

  /// A part of a clip, to be read; nil when it is not there.
  public func open(_ id: String, _ part: Part) async throws -> ClipFile? {
    guard Self.isName(id) else { return nil }
    let path = path(of: id, part)
    return try await recordings.blocking {
      guard let length = RecordingDisk.size(path), let file = try? RecordingDisk.open(path, O_RDONLY) else {
        return nil
      }
      return ClipFile(file, length: length, recordings)
    }
  }

  /// Removes a clip's files. When there are none, nothing happens.
  public func delete(_ id: String) async throws {
    guard Self.isName(id) else { return }
    let paths = [path(of: id, .video), path(of: id, .poster)]
    try await recordings.blocking {
      for path in paths where FileManager.default.fileExists(atPath: path) {
        try FileManager.default.removeItem(atPath: path)
      }
    }
  }

  /// The clips that have a file here, in the order of their names.
  public func all() async throws -> [String] {
    let directory = directory
    return try await recordings.blocking {
      guard FileManager.default.fileExists(atPath: directory) else { return [] }
      return Set(
        try FileManager.default.contentsOfDirectory(atPath: directory).compactMap { name in
          name.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init)
        }.filter(Self.isName)
      ).sorted()
    }
  }

  private func path(of id: String, _ part: Part) -> String { "\(directory)/\(id).\(part.rawValue)" }

  /// A name becomes a file's: nothing that leads out of ours.
  private static func isName(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
      && id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d }
  }
}

/// An open file of a clip: it is read to its end even when the clip is removed meanwhile.
public final class ClipFile: Sendable {
  /// Bytes.
  public let length: Int64
  private let file: Int32
  private let recordings: Recordings

  fileprivate init(_ file: Int32, length: Int64, _ recordings: Recordings) {
    self.file = file
    self.length = length
    self.recordings = recordings
  }

  deinit { close(file) }

  /// At most `count` bytes from `place` on; none at the end.
  public func read(at place: Int64, _ count: Int) async throws -> ByteBuffer {
    try await recordings.blocking { [self] in try RecordingDisk.read(file, place, count) }
  }
}
