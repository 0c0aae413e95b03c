import Foundation
import Subprocess

/// The demo's moving picture: made once from the catalogue's pictures, then sent by ffmpeg as an encoder would.
struct DemoFilm: Sendable {
  let content: DemoContent
  /// Where the finished film is kept, so that the next start is quick.
  let path: String

  /// How long the film is, for the progress shown while it is made.
  static let seconds = 32.0

  /// Makes the film unless it is there. `progress` is told 0…100.
  func make(progress: @escaping @Sendable (Int) -> Void) async throws {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    let unfinished = path + ".part.mp4"
    let arguments = try content.filmArguments(out: unfinished)
    let result = try await run(
      .name("ffmpeg"),
      arguments: Arguments(["-progress", "pipe:1"] + arguments),
      platformOptions: Self.ending, input: .none, output: .sequence, error: .discarded
    ) { execution in
      var told = -1
      for try await line in execution.standardOutput.strings() {
        guard line.hasPrefix("out_time_us="), let time = Double(line.dropFirst(12).trimming(while: \.isWhitespace))
        else { continue }
        let percent = min(99, Int(time / Self.seconds / 10_000))
        if percent > told { progress(percent) }
        told = max(told, percent)
      }
    }
    guard result.terminationStatus.isSuccess else {
      throw StartFault(sentence: "ffmpeg could not make the demo's film (\(result.terminationStatus))")
    }
    try FileManager.default.moveItem(atPath: unfinished, toPath: path)
    progress(100)
  }

  /// Sends the film round and round, in its own time, to an RTMP address; returns when ffmpeg ends.
  func publish(to address: String) async throws {
    _ = try await run(
      .name("ffmpeg"),
      arguments: Arguments([
        "-hide_banner", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", path, "-c", "copy", "-f", "flv",
        address,
      ]),
      platformOptions: Self.ending, input: .none, output: .discarded, error: .discarded)
  }

  /// A cancelled ffmpeg gets a moment to say good-bye to the server.
  private static var ending: PlatformOptions {
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(700))]
    return options
  }
}

extension Substring {
  fileprivate func trimming(while isLeftOut: (Character) -> Bool) -> String {
    String(self.drop(while: isLeftOut).reversed().drop(while: isLeftOut).reversed())
  }
}
