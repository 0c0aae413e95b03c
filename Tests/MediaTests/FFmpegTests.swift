import Foundation
import NIOCore
import Testing

@testable import Media

/// The whole way with an encoder and a demuxer that nobody here wrote.
@Suite(.serialized) struct FFmpegTests {
  private static func publish(_ port: Int, key: String, seconds: Int = 60, sound: Bool = true) -> [String] {
    let picture = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30"]
    let tone = sound ? ["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"] : []
    return ["-hide_banner", "-loglevel", "error"] + picture + tone + [
      "-t", "\(seconds)", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p",
      "-c:a", "aac", "-b:a", "96k", "-f", "flv", "rtmp://127.0.0.1:\(port)/live/\(key)?token=1",
    ]
  }

  @Test(.timeLimit(.minutes(1))) func `the fragment stream of a real encoder is read by ffprobe without a warning`()
    async throws
  {
    let (bytes, codecs) = try await withServer { server, port, news in
      try await whileRunning("/usr/bin/ffmpeg", Self.publish(port, key: "good-lamp")) { _ in
        await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        let answer = await stream.answer("stream")
        guard case .endless(let fragments) = answer.body else { throw Unexpected() }
        var bytes: [UInt8] = []
        for await piece in fragments {
          bytes += piece.readableBytesView
          if stream.mediaTimeMilliseconds() > 8_000 { break }
        }
        return (bytes, answer.headers.first { $0.0 == "haat-codecs" }?.1 ?? "")
      }
    }
    #expect(codecs.hasPrefix("avc1.") && codecs.hasSuffix(",mp4a.40.2"))
    let scratch = try Scratch()
    let path = try scratch.write(bytes, to: "stream.mp4")
    let probe = try await run("/usr/bin/ffprobe", ["-v", "warning", "-show_packets", "-of", "csv", path])
    #expect(probe.errors == "")
  }
}

struct Unexpected: Error {}
