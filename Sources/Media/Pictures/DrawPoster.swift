internal import Foundation
internal import NIOCore
internal import Subprocess

/// One keyframe in, two JPEGs out, by ffmpeg in a process of its own with a limit on its time and memory.
struct DrawPoster: Sendable {
  enum Fault: Error {
    case failed(String)
    case tookTooLong
    case tooLarge
  }

  let configuration: PosterConfiguration

  func draw(_ keyframe: Keyframe) async throws -> Poster {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-poster-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await run(keyframe.bytes.flatMap { Array($0.readableBytesView) }, in: directory)
    return Poster(
      mediaTimeMilliseconds: keyframe.mediaTimeMilliseconds, large: try read(.large, in: directory),
      small: try read(.small, in: directory))
  }

  private func run(_ picture: [UInt8], in directory: URL) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let result = try await Subprocess.run(
          .name("sh"), arguments: Arguments(shell + [configuration.ffmpeg] + arguments(directory)),
          platformOptions: Self.atOnce, input: .array(picture), output: .discarded,
          error: .string(limit: 4_096))
        guard result.terminationStatus.isSuccess else {
          throw Fault.failed("\(result.terminationStatus) \(result.standardError)")
        }
      }
      group.addTask {
        try await Task.sleep(for: .seconds(configuration.timeoutSeconds))
        throw Fault.tookTooLong
      }
      defer { group.cancelAll() }
      _ = try await group.next()
    }
  }

  /// Behind everything that serves viewers, and within bounds that the kernel keeps: CPU seconds and address space.
  private var shell: [String] {
    let limits = ProcessLimits.words(
      seconds: configuration.timeoutSeconds, mebibytes: configuration.memoryMebibytes)
    return ["-c", limits + "; exec nice -n 10 \"$0\" \"$@\""]
  }

  private func arguments(_ directory: URL) -> [String] {
    func output(_ label: String, _ size: Poster.Size) -> [String] {
      [
        "-map", "[\(label)]", "-frames:v", "1", "-q:v", "4", "-f", "mjpeg",
        directory.appending(path: size.rawValue).path,
      ]
    }
    func scaled(_ size: Poster.Size) -> String {
      let side = size.shorterSide
      let (width, height) = ("if(gt(iw,ih),-2,min(\(side),iw))", "if(gt(iw,ih),min(\(side),ih),-2)")
      return "scale=w='\(width)':h='\(height)':out_range=full,format=yuvj420p"
    }
    let filter = "[0:v]split=2[a][b];[a]\(scaled(.large))[large];[b]\(scaled(.small))[small]"
    return ["-hide_banner", "-nostdin", "-loglevel", "error", "-threads", "1", "-f", "mp4", "-i", "pipe:0", "-an"]
      + ["-filter_threads", "1", "-filter_complex_threads", "1", "-filter_complex", filter]
      + output("large", .large) + output("small", .small)
  }

  private func read(_ size: Poster.Size, in directory: URL) throws -> ByteBuffer {
    let data = try Data(contentsOf: directory.appending(path: size.rawValue))
    guard data.count <= configuration.bytesMax else { throw Fault.tooLarge }
    guard data.starts(with: [0xff, 0xd8]) else { throw Fault.failed("no JPEG came out") }
    return ByteBuffer(bytes: data)
  }

  /// One that is given up has nothing to save.
  private static var atOnce: PlatformOptions {
    var options = PlatformOptions()
    // Nothing before the kill that always comes last.
    options.teardownSequence = []
    return options
  }
}
