import Foundation
import TestKit
import Testing

/// Two of the real program: what is on air on the one is pushed on to the other.
@Suite struct SimulcastTests {
  @Test(.timeLimit(.minutes(4)))
  func `a show is seen on a second server, which may go and come back, while the host looks on`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve([
      "--simulcast-private-addresses", "--media-relay-retry-seconds-max", "1",
    ])
    let stall = try await Stall.setUp(at: addresses, stock: 3, isLive: false)
    let second = try HaatProgram()
    let there = try await second.serve()
    let theirs = try await Stall.setUp(at: there, stock: 1)

    let path = "/api/v1/shows/\(stall.show)/simulcast"
    let good = try await stall.host.call("POST", path, ["address": theirs.server, "key": theirs.key], expecting: 201)
    let dead = try await stall.host.call(
      "POST", path, ["address": "rtmp://127.0.0.1:1/live", "key": "dead-secret"], expecting: 201)
    #expect(try good.text("state") == "waiting" && dead.text("state") == "waiting")
    func state(_ index: Int) async throws -> String {
      try await stall.host.call("GET", path, expecting: 200).text("items.\(index).state")
    }
    func framesThere() async throws -> Double {
      let health = try await theirs.host.call("GET", "/api/v1/shows/\(theirs.show)/health")
      return health["framesPerSecond"] as? Double ?? 0
    }

    let encoder = try Encoder(server: stall.server, key: stall.key)
    defer { encoder.kill() }
    try await until("the preview comes in", within: 30) {
      let health = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/health")
      return (health["framesPerSecond"] as? Double ?? 0) > 20 ? true : nil
    }
    // A preview is nobody else's.
    #expect(try await state(0) == "waiting")
    try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "live"])
    try await until("the second server has it", within: 30) { try await framesThere() > 20 ? true : nil }
    #expect(try await state(0) == "live")
    try await until("the dead one is tried again", within: 20) { try await state(1) == "retrying" ? true : nil }

    try await withBrowsers(2, width: 390, height: 844) { browsers in
      let (host, viewer) = (browsers[0], browsers[1])
      try await viewer.open(there.web.absoluteString + "/watch/\(theirs.show)")
      try await OnAirTests.seeFramesAdvance(viewer)
      try await OnAirTests.signIn(host, at: addresses.web)
      try await host.open(addresses.web.absoluteString + "/studio/shows/\(stall.show)")
      try await host.wait(until: "document.querySelectorAll('simulcast-targets [data-state=live]').length === 1")
      try await host.wait(
        until: "document.querySelector('simulcast-targets li:nth-child(2)').textContent.includes('cannot be reached')")
      let page = try await host.run("return document.documentElement.outerHTML").string ?? ""
      #expect(page.contains("rtmp://127.0.0.1:1/live") && !page.contains("dead-secret") && !page.contains(theirs.key))
      _ = try await host.run("document.querySelector('simulcast-targets').closest('section').scrollIntoView()")
      try await host.click("simulcast-targets + details summary")
      try await Screenshots.keep(host, "simulcast-phone")
      try await host.resize(width: 1440, height: 900)
      _ = try await host.run("document.querySelector('simulcast-targets').closest('section').scrollIntoView()")
      try await Screenshots.keep(host, "simulcast-desktop")
      try await host.open(addresses.web.absoluteString + "/studio/shows/\(stall.show)?lang=hi")
      _ = try await host.run("document.querySelector('simulcast-targets').closest('section').scrollIntoView()")
      try await Screenshots.keep(host, "simulcast-desktop-hi")

      second.kill(SIGKILL)
      _ = try await second.ended(within: 5)
      try await until("the loss is seen", within: 20) { try await state(0) == "retrying" ? true : nil }
      try await second.serve(httpPort: there.httpPort, rtmpPort: there.rtmpPort)
      try await until("it is live again", within: 30) { try await state(0) == "live" ? true : nil }
      try await OnAirTests.seeFramesAdvance(viewer)
    }
    let health = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/health", expecting: 200)
    #expect(try health.integer("reconnects") == 0 && health.integer("droppedFrames") == 0)

    try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "ended"])
    try await until("the push ends with the show", within: 10) { try await state(0) == "waiting" ? true : nil }
    for secret in ["dead-secret", theirs.key] { #expect(!program.said.contains(secret)) }
    #expect(program.said.contains("rtmp://127.0.0.1:1/live"))
  }
}
