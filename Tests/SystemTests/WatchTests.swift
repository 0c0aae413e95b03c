import Foundation
import TestKit
import Testing

/// A real encoder, the real program, a real browser: the picture arrives, whichever way it takes and whatever stops.
@Suite struct WatchTests {
  @Test(.timeLimit(.minutes(3)))
  func `the picture comes as a stream, as parts and as the browser's own HLS, and goes on after each stop`()
    async throws
  {
    let program = try HaatProgram()
    var addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 10)
    var encoder = try Encoder(server: stall.server, key: stall.key)

    try await withBrowser { browser in
      try await browser.open(addresses.web.absoluteString + "/watch/\(stall.show)")
      try await plays(browser, way: "stream")
      for way in ["parts", "native", "stream"] {
        try await browser.run("document.querySelector('live-player').setAttribute('ways', arguments[0])", .string(way))
        try await plays(browser, way: way)
      }

      encoder.kill()
      try await browser.wait(until: "\(player).state === 'waiting'")
      encoder = try Encoder(server: stall.server, key: stall.key)
      try await plays(browser, way: "stream")

      program.kill(SIGKILL)
      _ = try await program.ended(within: 5)
      try await browser.wait(until: "\(player).state === 'offline'")
      let before = try await browser.run("return \(player).video.currentTime").number ?? 0
      addresses = try await program.serve(httpPort: addresses.httpPort, rtmpPort: addresses.rtmpPort)
      encoder.kill()
      encoder = try Encoder(server: stall.server, key: stall.key)
      try await plays(browser, way: "stream")
      let after = try await browser.run("return \(player).video.currentTime").number ?? 0
      #expect(after > before, "the show's clock goes on where it would be without the restart")

      try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "ended"])
      try await browser.wait(until: "\(player).state !== 'playing'")
    }
    program.kill(SIGTERM)
    #expect(try await program.ended(within: 5) == 0)
  }

  @Test(.timeLimit(.minutes(4)))
  func `on a weak network the picture becomes smaller by itself, and better again when that is over`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve(["--ladder-rungs", "240:250"])
    let stall = try await Stall.setUp(at: addresses, stock: 10)
    let encoder = try Encoder(server: stall.server, key: stall.key)
    defer { encoder.kill() }
    try await withBrowser { browser in
      try await browser.open(addresses.web.absoluteString + "/watch/\(stall.show)")
      try await plays(browser, way: "stream")
      let index = "fetch('/live/\(stall.show)/index.m3u8').then(answer => answer.text())"
      try await browser.wait(until: "\(index).then(text => text.includes('240p.m3u8'))", seconds: 30)
      // Chromium slows down what begins from now on.
      try await browser.limitNetwork(kilobitsPerSecond: 600)
      try await browser.open(addresses.web.absoluteString + "/watch/\(stall.show)")
      try await browser.wait(until: "\(player).playingQuality === '240p'", seconds: 60)
      try await plays(browser, way: "parts")
      try await browser.wait(until: "Math.min(\(player).video.videoWidth, \(player).video.videoHeight) === 240")
      // The viewer sees what plays, and may choose.
      try await browser.run("document.querySelector('[data-part=reach]').click()")
      try await browser.wait(until: "document.querySelector('live-controls option')?.textContent.includes('(240p)')")
      try await Screenshots.keep(browser, "quality-phone")
      try await browser.limitNetwork(kilobitsPerSecond: nil)
      try await plays(browser, way: "stream")
      try await browser.wait(until: "Math.min(\(player).video.videoWidth, \(player).video.videoHeight) > 240")
    }
    try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "ended"], expecting: 200)
    try await until("the recording is complete", within: 10) {
      let recording = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/recording")
      return recording["state"] as? String == "ready" ? true : nil
    }
    try await withBrowser { browser in try await chooseQuality(browser, of: stall.show, at: addresses.web) }
    let verified = try await program.run(["recordings", "verify"])
    #expect(verified.status == 0, "\(verified.output)")
  }

  /// In the replay: what the network carries, then what the viewer chooses.
  private func chooseQuality(_ browser: Browser, of show: String, at web: URL) async throws {
    let player = "document.querySelector('replay-player')"
    let lines = "Math.min(\(player).video.videoWidth, \(player).video.videoHeight)"
    func choose(_ quality: String) async throws {
      try await browser.run(
        """
        const select = document.querySelector("replay-controls select");
        select.value = arguments[0];
        select.dispatchEvent(new Event("change", { bubbles: true }));
        """, .string(quality))
    }
    try await browser.open(web.absoluteString + "/shop")
    try await browser.limitNetwork(kilobitsPerSecond: 600)
    try await browser.open(web.absoluteString + "/watch/\(show)?lang=en")
    try await browser.wait(until: "\(player)?.state === 'playing'", seconds: 30)
    try await browser.wait(until: "\(lines) === 240", seconds: 30)
    try await browser.wait(
      until: "document.querySelector('replay-controls option')?.textContent === 'Automatic (240p)'")
    #expect(
      try await browser.run(
        "return [...document.querySelectorAll('replay-controls option')].map(({ value }) => value).join(' ')")
        == " 720p 240p")
    try await Screenshots.keep(browser, "replay-quality-phone")
    try await browser.limitNetwork(kilobitsPerSecond: nil)
    try await choose("720p")
    try await browser.wait(until: "\(lines) > 240")
    let before = try await browser.run("return \(player).position").number ?? 0
    try await choose("240p")
    try await browser.wait(until: "\(lines) === 240")
    // It went on where it was, and at once.
    let after = try await browser.run("return \(player).position").number ?? 0
    #expect(after >= before && after < before + 8, "\(before) and then \(after)")
    try await browser.wait(until: "\(player).state === 'playing' || \(player).state === 'ended'")
    #expect(try await OnAirTests.complaints(of: browser) == [])
  }

  @Test(.timeLimit(.minutes(3)))
  func `the browser's own HLS goes on after a gap`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 10)
    var encoder = try Encoder(server: stall.server, key: stall.key)
    try await withBrowser { browser in
      try await browser.open(addresses.web.absoluteString + "/watch/\(stall.show)")
      try await browser.run("document.querySelector('live-player').setAttribute('ways', 'native')")
      try await plays(browser, way: "native")
      encoder.kill()
      let playlist = "fetch('/live/\(stall.show)/live.m3u8').then((answer) => answer.text())"
      try await browser.wait(until: "\(playlist).then((text) => text.includes('#EXT-X-GAP'))", seconds: 30)
      encoder = try Encoder(server: stall.server, key: stall.key)
      try await plays(browser, way: "native")
    }
    encoder.kill()
  }

  @Test(.timeLimit(.minutes(4)))
  func `captions that an encoder sends are on the screen when the viewer wants them, live and in the replay`()
    async throws
  {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 10)
    let sentence = "Mangoes of this morning"
    let encoder = try CaptionedEncoder(
      server: stall.server, key: stall.key, sentence: sentence, in: program.directory)
    defer { encoder.kill() }
    try await withBrowser(width: 390, height: 844) { browser in
      let page = addresses.web.absoluteString + "/watch/\(stall.show)?lang=en"
      try await browser.open(page)
      try await plays(browser, way: "stream")
      let button = "document.querySelector('live-controls [data-part=captions]')"
      try await browser.wait(
        until: "Array.from(\(player).video.textTracks).some((track) => track.kind === 'captions')")
      try await browser.run("document.querySelector('[data-part=reach]').click()")
      try await browser.wait(until: "\(button) && !\(button).hidden")
      try await browser.run("\(button).getAttribute('aria-pressed') === 'true' || \(button).click()")
      try await wait(browser, forCaption: sentence, in: "live-player")
      // They are there on the other ways too.
      try await browser.run("\(player).setAttribute('ways', 'parts')")
      try await plays(browser, way: "parts")
      try await wait(browser, forCaption: sentence, in: "live-player")
      try await Screenshots.keep(browser, "captions-phone")
      try await until("twelve seconds are recorded", within: 60) {
        let recording = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/recording")
        return recording["durationMilliseconds"] as? Int ?? 0 > 12_000 ? true : nil
      }
      try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "ended"], expecting: 200)
      try await until("the recording is complete", within: 5) {
        let recording = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/recording")
        return recording["state"] as? String == "ready" ? true : nil
      }
      try await browser.open(page)
      try await browser.wait(until: "document.querySelector('replay-player').state === 'playing'")
      // The wish is remembered.
      try await wait(browser, forCaption: sentence, in: "replay-player")
    }
  }

  /// Until the words are shown over the picture, as the browser sees it.
  private func wait(_ browser: Browser, forCaption sentence: String, in player: String) async throws {
    try await browser.wait(
      until: """
        Array.from(document.querySelector('\(player)').video.textTracks).some((track) => track.mode === 'showing' \
        && Array.from(track.activeCues ?? []).some((cue) => cue.text === '\(sentence)'))
        """)
  }

  private let player = "document.querySelector('live-player')"

  /// Two seconds of the picture are shown that way. The film has a keyframe every five seconds, and a browser's own HLS
  /// begins three segments back: that takes its time.
  private func plays(_ browser: Browser, way: String) async throws {
    try await browser.wait(until: "\(player).way === '\(way)' && \(player).state === 'playing'", seconds: 60)
    let shown = "\(player).video.getVideoPlaybackQuality().totalVideoFrames"
    let from = try await browser.run("return [\(player).video.currentTime, \(shown)]")
    try await browser.wait(
      until: """
        \(player).state === 'playing' && \(player).video.currentTime > \(from[0].number ?? 0) + 2 \
        && \(shown) > \(from[1].number ?? 0) + 10
        """)
  }
}
