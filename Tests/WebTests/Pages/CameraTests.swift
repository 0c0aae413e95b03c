import Commerce
import Foundation
import Media
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Going live from a browser, with Chromium's own moving picture for a camera.
@Suite(.serialized, .timeLimit(.minutes(4))) struct CameraTests {
  /// A host on the camera's page and a viewer on the show's; the media side runs too, for ffmpeg's sake.
  private func onAir(
    _ query: String = "", _ body: @Sendable (RunningWeb, _ host: Browser, _ viewer: Browser) async throws -> Void
  ) async throws {
    try await RunningWeb.run { web in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await web.media.run() }
        _ = await web.media.boundPort()
        try await withBrowsers(2, arguments: Browser.fakeCamera) { browsers in
          let (host, viewer) = (browsers[0], browsers[1])
          let site = "http://localhost:\(web.port)"
          try await host.open("\(site)/sign-in?lang=en")
          try await host.run(
            """
            return fetch("/api/v1/session", { method: "POST", headers: { "Content-Type": "application/json" },
              body: JSON.stringify({ email: arguments[0], password: arguments[1] }) }).then(({ status }) => status)
            """, .string(MarketSquare.ownerEmail), .string(MarketSquare.password))
          try await host.open("\(site)/studio/shows/\(web.square.show.id)/camera?lang=en\(query)")
          try await viewer.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
          try await body(web, host, viewer)
        }
        group.cancelAll()
      }
    }
  }

  private func frames(_ browser: Browser) async throws -> Double {
    try await browser.run("return document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames").number
      ?? 0
  }

  private func moves(_ viewer: Browser) async throws {
    let before = try await frames(viewer)
    try await viewer.wait(
      until: "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > \(before + 30)")
  }

  @Test func `a host goes live with a camera, and a lost network costs viewers nothing but a moment`() async throws {
    try await onAir { web, host, viewer in
      try await host.click("[data-part=turn-on]")
      try await host.wait(until: "document.querySelector('camera-desk').getAttribute('stage') === 'ready'")
      #expect(try await host.run("return document.querySelector('camera-desk').getAttribute('chosen-way')") == "frames")
      try await host.wait(until: "document.querySelector('[data-part=preview]').videoWidth > 0")
      try await host.wait(until: "document.querySelector('[data-part=level]').value > 0.1")
      #expect(web.media.stream("\(web.square.show.id)") == nil, "nobody sees the preview")

      try await host.click("[data-part=go]")
      try await host.wait(until: "document.querySelector('camera-desk').getAttribute('link') === 'accepted'")
      try await viewer.run("window.isTheSamePage = true")
      try await moves(viewer)
      let health = try #require(web.media.stream("\(web.square.show.id)")).health()
      #expect(health.videoCodec?.hasPrefix("avc1.42") == true && health.width > 0, "\(health)")
      #expect(health.audioCodec == "mp4a.40.2", "Opus has become AAC: \(health)")
      #expect(health.encoder.hasPrefix("Browser: Chrome"))
      try await host.wait(until: "/Mbit/.test(document.querySelector('[data-part=figures]').textContent)")
      #expect(try await viewer.run("return document.querySelector('live-player').way") == "stream")

      try await host.run("document.querySelector('camera-desk').drop()")
      try await host.wait(until: "document.querySelector('camera-desk').getAttribute('link') !== 'accepted'")
      try await host.wait(until: "document.querySelector('camera-desk').getAttribute('link') === 'accepted'")
      try await moves(viewer)
      #expect(try await viewer.run("return window.isTheSamePage") == true)
      #expect(web.media.stream("\(web.square.show.id)")?.health().reconnects == 1)

      // Another shape is another picture size, on the same page.
      try await host.run(
        """
        const shape = document.querySelector("[data-part=shape]");
        shape.value = "portrait";
        shape.dispatchEvent(new Event("change"));
        """)
      _ = try await web.until(
        { web.media.stream("\(web.square.show.id)")?.health() }, is: { ($0?.height ?? 0) > ($0?.width ?? 0) })
      try await viewer.wait(
        until: "(v => v.videoHeight > v.videoWidth)(document.querySelector('video'))")
      try await moves(viewer)
      let lines = try await host.consoleLines() + viewer.consoleLines()
      #expect(lines.filter { $0.contains("Content Security Policy") || $0.contains("Uncaught") }.isEmpty, "\(lines)")
    }
  }

  @Test func `a browser without an encoder of frames sends a recording`() async throws {
    try await onAir("&way=recording") { web, host, viewer in
      try await host.click("[data-part=turn-on]")
      try await host.wait(until: "document.querySelector('camera-desk').getAttribute('stage') === 'ready'")
      #expect(
        try await host.run("return document.querySelector('camera-desk').getAttribute('chosen-way')") == "recording")
      try await host.click("[data-part=go]")
      try await moves(viewer)
      let health = try #require(web.media.stream("\(web.square.show.id)")).health()
      #expect(health.videoCodec?.hasPrefix("avc1.") == true && health.audioCodec == "mp4a.40.2", "\(health)")
    }
  }

  @Test func `a camera that is not allowed is told in plain words`() async throws {
    try await RunningWeb.run { web in
      try await withBrowser(arguments: ["--deny-permission-prompts"]) { host in
        try await host.open("http://localhost:\(web.port)/sign-in?lang=en")
        try await host.run(
          """
          return fetch("/api/v1/session", { method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ email: arguments[0], password: arguments[1] }) }).then(({ status }) => status)
          """, .string(MarketSquare.ownerEmail), .string(MarketSquare.password))
        try await host.open("http://localhost:\(web.port)/studio/shows/\(web.square.show.id)/camera?lang=en")
        try await host.click("[data-part=turn-on]")
        try await host.wait(until: "!document.querySelector('[data-part=complaint]').hidden")
        let words = try await host.text("[data-part=complaint]")
        #expect(words.contains("may not use your camera") || words.contains("No camera was found"), "\(words)")
      }
    }
  }

  @Test func `the pace follows the network and the encoder, and does not waver`() async throws {
    try await RunningWeb.run { web in
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/?lang=en")
        let seen = try await browser.run(
          """
          return (async () => {
          const sheet = document.querySelector('link[href*="/css/base.css"]').href;
          const { Pace } = await import(sheet.replace("css/base.css", "js/lib/broadcast/pace.js"));
          const pace = new Pace(720);
          let now = 0;
          const look = (seen) => pace.look({ waitingBytes: 0, encoded: 15, skipped: 0, now: (now += 500), ...seen });
          const sizes = [pace.short];
          for (let turn = 0; turn < 20; turn += 1) look();
          sizes.push(pace.short, pace.bits);
          look({ waitingBytes: 400_000 });
          sizes.push(pace.bits);
          for (let turn = 0; turn < 6; turn += 1) look({ waitingBytes: 400_000 });
          sizes.push(pace.short, pace.bits >= 200_000);
          for (let turn = 0; turn < 200; turn += 1) look();
          sizes.push(pace.short, pace.bits);
          for (let turn = 0; turn < 4; turn += 1) look({ encoded: 5, skipped: 10 });
          sizes.push(pace.short);
          for (let turn = 0; turn < 200; turn += 1) look();
          sizes.push(pace.short);
          return sizes;
          })()
          """)
        #expect(seen == [720, 720, 2_500_000, 1_750_000, 270, true, 720, 2_500_000, 540, 540])
      }
    }
  }
}
