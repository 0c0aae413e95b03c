import Foundation
import FoundationNetworking
import TestKit
import Testing

/// A show on air over a crash of the machine, and then as its replay: with nothing but real parts.
@Suite struct ReplayTests {
  @Test(.timeLimit(.minutes(5)))
  func `a show that has ended plays again, shows at each place what was pinned there, and sells`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 3)
    let recording = "/api/v1/shows/\(stall.show)/recording"
    let first = try Encoder(server: stall.server, key: stall.key)
    defer { first.kill() }
    try await Self.wait(until: 4_000, at: recording, stall.host)
    program.kill(SIGKILL)
    _ = try await program.ended(within: 5)
    first.kill()

    let again = try await program.serve(httpPort: addresses.httpPort, rtmpPort: addresses.rtmpPort)
    #expect(try await Self.length(recording, stall.host) ?? 0 >= 4_000, "what was written is there after kill -9")
    let second = try Encoder(server: again.rtmp, key: stall.key)
    defer { second.kill() }
    try await Self.wait(until: 8_000, at: recording, stall.host)
    try await stall.host.call(
      "PUT", "/api/v1/shows/\(stall.show)/pin", ["product": stall.product], expecting: 200)
    let lookBack = try await Self.text("/live/\(stall.show)/dvr.m3u8", at: addresses.web)
    #expect(lookBack.components(separatedBy: "#EXTINF").count > 2, "\(lookBack)")
    #expect(lookBack.contains("#EXT-X-DISCONTINUITY") && !lookBack.contains("#EXT-X-ENDLIST"))
    try await Self.wait(until: 30_000, at: recording, stall.host)
    try await Self.lookBack(at: addresses.web.absoluteString + "/watch/\(stall.show)?lang=en")
    try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "ended"], expecting: 200)
    try await until("the recording is complete", within: 5) {
      try await stall.host.call("GET", recording)["state"] as? String == "ready" ? true : nil
    }

    for (size, width, height) in [("phone", 390, 844), ("desktop", 1440, 900)] {
      try await withBrowser(width: width, height: height) { browser in
        try await browser.open(addresses.web.absoluteString + "/watch/\(stall.show)?lang=en")
        try await browser.wait(until: "document.querySelector('replay-player').state === 'playing'")
        try await OnAirTests.seeFramesAdvance(browser)
        try await browser.wait(until: "document.querySelectorAll('.seek-marks i').length === 1")
        #expect(try await browser.run("return document.querySelector('pinned-card h2')") == .null)

        try await Self.seek(browser, to: 12)
        try await browser.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Brass lamp'")
        #expect(try await browser.text("[data-part=chapter]") == "Brass lamp")
        try await OnAirTests.seeFramesAdvance(browser)
        try await Screenshots.keep(browser, "replay-\(size)")
        // Back over the place where the machine died.
        try await Self.seek(browser, to: 2)
        try await browser.wait(until: "document.querySelector('pinned-card h2') === null")
        try await Self.seek(browser, to: 12)
        try await browser.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Brass lamp'")
        if size == "phone" {
          _ = try await OnAirTests.buy(browser)
          let card = "document.querySelector('pinned-card .stock')?.textContent"
          try await browser.wait(until: "/2/.test(\(card))")
        }
        #expect(try await OnAirTests.complaints(of: browser) == [])
      }
    }

    try await Self.sellFromClip(of: stall, at: addresses.web)

    let verified = try await program.run(["recordings", "verify"])
    #expect(verified.status == 0, "\(verified.output)")
    #expect(verified.output.contains("1 recordings") && verified.output.contains("all as their indexes say"))
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)

    let media = program.directory.appending(path: "data/media/\(stall.show)/1.mp4")
    var bytes = try Data(contentsOf: media)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: media)
    let spoilt = try await program.run(["recordings", "verify"])
    #expect(spoilt.status == 1 && spoilt.output.contains("differs from its checksum"), "\(spoilt.output)")
  }

  /// A clip of the replay: not over the place where the machine died, upright, and sold from in the player.
  private static func sellFromClip(of stall: Stall, at web: URL) async throws {
    let recording = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/recording", expecting: 200)
    let start = recording["startMediaTime"] as? Int ?? 0
    let end = recording["endMediaTime"] as? Int ?? 0
    let clips = "/api/v1/shows/\(stall.show)/clips"
    let broken = try await stall.host.call(
      "POST", clips, ["product": stall.product, "fromMediaTime": start + 500, "untilMediaTime": start + 30_500],
      expecting: 422)
    #expect(broken["code"] as? String == "stream_interrupted")
    let clip = try await stall.host.call(
      "POST", clips, ["product": stall.product, "fromMediaTime": end - 12_300, "untilMediaTime": end - 2_300],
      expecting: 201
    ).text("id")
    try await until("the clip is ready", within: 90) {
      try await stall.host.call("GET", "/api/v1/clips/\(clip)")["state"] as? String == "ready" ? true : nil
    }
    try await withBrowser(width: 390, height: 844) { browser in
      try await browser.open(web.absoluteString + "/clips/\(clip)?lang=en")
      try await browser.wait(until: "document.querySelector('replay-player').state === 'playing'")
      let video = "document.querySelector('replay-player video')"
      #expect(
        try await browser.run("return [\(video).videoWidth, \(video).videoHeight]") == [720, 1280])
      #expect(try await browser.run("return Math.abs(\(video).duration - 10) < 0.15").bool == true)
      try await OnAirTests.seeFramesAdvance(browser)
      try await browser.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Brass lamp'")
      try await Screenshots.keep(browser, "clip-phone")
      _ = try await OnAirTests.buy(browser)
      #expect(try await OnAirTests.complaints(of: browser) == [])
    }
    let orders = try await stall.host.call("GET", "/api/v1/orders?channel=\(stall.channel)", expecting: 200)
    let sources = (orders["items"] as? [[String: Any]] ?? []).compactMap { $0["source"] as? [String: Any] }
    #expect(sources.contains { $0["clip"] as? String == clip }, "\(sources)")
  }

  /// While the show is on air: back to before the pin, over the place where the machine died, and live again.
  private static func lookBack(at watch: String) async throws {
    try await withBrowser(width: 390, height: 844) { browser in
      let player = "document.querySelector('live-player')"
      func press(_ key: String) async throws {
        try await browser.run(
          """
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key: arguments[0], bubbles: true, cancelable: true }));
          """, .string(key))
      }
      try await browser.open(watch)
      try await browser.wait(until: "\(player).state === 'playing'")
      try await browser.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Brass lamp'")
      try await press("ArrowLeft")
      try await browser.wait(until: "\(player).isLookingBack && \(player).state === 'playing'")
      try await browser.wait(until: "document.querySelectorAll('.seek-marks i').length === 1")
      #expect(try await browser.run("return \(player).liveMediaTime - \(player).mediaTime > 6000").bool == true)
      try await seek(browser, to: 2)
      try await browser.wait(until: "document.querySelector('pinned-card h2') === null")
      try await OnAirTests.seeFramesAdvance(browser)
      try await Screenshots.keep(browser, "look-back-phone")
      try await press("l")
      try await browser.wait(until: "\(player).way === 'stream' && \(player).state === 'playing'")
      try await browser.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Brass lamp'")
      #expect(try await OnAirTests.complaints(of: browser) == [])
    }
  }

  private static func length(_ recording: String, _ client: Client) async throws -> Int? {
    try await client.call("GET", recording)["durationMilliseconds"] as? Int
  }

  private static func wait(until milliseconds: Int, at recording: String, _ client: Client) async throws {
    try await SystemTests.until("\(milliseconds) ms are recorded", within: 60) {
      try await length(recording, client) ?? 0 >= milliseconds ? true : nil
    }
  }

  private static func text(_ path: String, at web: URL) async throws -> String {
    let (data, _) = try await URLSession.shared.data(from: web.appending(path: path))
    return String(decoding: data, as: UTF8.self)
  }

  /// As a finger on the bar does.
  static func seek(_ browser: Browser, to seconds: Int) async throws {
    try await browser.run(
      """
      const bar = document.querySelector(".seek input");
      bar.value = arguments[0];
      bar.dispatchEvent(new Event("input"));
      bar.dispatchEvent(new Event("change"));
      """, .number(Double(seconds)))
  }
}
