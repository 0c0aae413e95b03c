internal import Foundation
internal import Subprocess

/// One run of ffmpeg that makes files, in a process of its own, behind everything that serves viewers and within bounds
/// that the kernel keeps.
struct FFmpegOnce: Sendable {
  enum Fault: Error {
    /// Its words.
    case failed(String)
    case tookTooLong
  }

  /// The program, found on the path.
  let ffmpeg: String
  /// Of the clock and of a processor.
  let seconds: Int64
  /// Address space.
  let mebibytes: Int
  /// How far behind, as `nice` takes it.
  let niceness: Int

  /// Runs it in a directory, so that no path has to be told within a filter.
  /// - Returns: what it said besides.
  func run(_ arguments: [String], in directory: URL) async throws -> String {
    let limits = ProcessLimits.words(seconds: seconds, mebibytes: mebibytes)
    let shell = [
      "-c", limits + "; cd \"$1\" && shift && exec nice -n \(niceness) \"$0\" \"$@\"", ffmpeg, directory.path,
    ]
    return try await withThrowingTaskGroup(of: String.self) { group in
      group.addTask {
        var options = PlatformOptions()
        // One that is given up has nothing to save.
        options.teardownSequence = []
        let result = try await Subprocess.run(
          .name("sh"), arguments: Arguments(shell + arguments), platformOptions: options, output: .discarded,
          error: .string(limit: 65_536))
        let words = String(result.standardError.prefix(8_000))
        guard result.terminationStatus.isSuccess else { throw Fault.failed(words) }
        return words
      }
      group.addTask {
        try await Task.sleep(for: .seconds(seconds))
        throw Fault.tookTooLong
      }
      defer { group.cancelAll() }
      return try await group.next() ?? ""
    }
  }
}
