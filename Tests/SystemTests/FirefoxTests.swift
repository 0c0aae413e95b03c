import Foundation
import TestKit
import Testing

/// A real encoder, the real program, a real Firefox: its Media Source Extensions are not Chromium's.
@Suite struct FirefoxTests {
  @Test(.timeLimit(.minutes(3)))
  func `Firefox plays the fragment stream, looks back, and plays on when the encoder comes back`()
    async throws
  {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 10)
    var encoder = try Encoder(server: stall.server, key: stall.key)

    try await withFirefox { firefox in
      try await firefox.open(addresses.web.absoluteString + "/watch/\(stall.show)")
      try await firefox.run("document.body.dataset.samePage = 'yes'")
      try await plays(firefox)
      try Screenshots.keep(await firefox.screenshot(), "watch-firefox")
      let recording = "/api/v1/shows/\(stall.show)/recording"
      try await until("fourteen seconds are recorded", within: 60) {
        try await stall.host.call("GET", recording)["durationMilliseconds"] as? Int ?? 0 > 14_000 ? true : nil
      }
      try await press("ArrowLeft", firefox)
      try await firefox.wait(
        until: "\(player).isLookingBack && \(player).getAttribute('state') === 'playing'", seconds: 30)
      let past = try await firefox.run("return \(video).currentTime").number ?? 0
      try await firefox.wait(until: "\(video).currentTime > \(past) + 1", seconds: 30)
      #expect(try await firefox.run("return \(player).liveMediaTime - \(player).mediaTime > 5000").bool == true)
      try await press("l", firefox)
      try await plays(firefox)
      let before = try await firefox.run("return \(video).currentTime").number ?? 0

      encoder.kill()
      try await firefox.wait(until: "\(player).getAttribute('state') === 'waiting'")
      encoder = try Encoder(server: stall.server, key: stall.key)
      try await plays(firefox)
      #expect(try await firefox.run("return \(video).currentTime").number ?? 0 > before)
      #expect(try await firefox.run("return document.body.dataset.samePage") == "yes", "the page was loaded again")
    }
    encoder.kill()
    program.kill(SIGTERM)
    #expect(try await program.ended(within: 5) == 0)
  }

  private let player = "document.querySelector('live-player')"
  private let video = "document.querySelector('live-player video')"

  private func press(_ key: String, _ firefox: Firefox) async throws {
    try await firefox.run(
      """
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "\(key)", bubbles: true, cancelable: true }));
      """)
  }

  /// Two seconds of the picture are shown by way of the stream.
  private func plays(_ firefox: Firefox) async throws {
    try await firefox.wait(
      until: "\(player)?.getAttribute('state') === 'playing' && \(player).way === 'stream'", seconds: 60)
    let shown = "\(video).getVideoPlaybackQuality().totalVideoFrames"
    let from = try await firefox.run("return [\(video).currentTime, \(shown)]")
    try await firefox.wait(
      until: """
        \(player).getAttribute('state') === 'playing' && \(video).currentTime > \(from[0].number ?? 0) + 2 \
        && \(shown) > \(from[1].number ?? 0) + 10
        """, seconds: 30)
  }
}
