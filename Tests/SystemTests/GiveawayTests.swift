import Foundation
import TestKit
import Testing

/// A giveaway from the host's desk to the claim, in real browsers over a real stream, and in the replay.
@Suite struct GiveawayTests {
  @Test(.timeLimit(.minutes(5)))
  func `a viewer says the word and wins, and another viewer checks the draw`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 9)
    let encoder = try Encoder(server: stall.server, key: stall.key)
    defer { encoder.kill() }
    let web = addresses.web.absoluteString
    let watch = web + "/watch/\(stall.show)"

    try await withBrowsers(3, width: 390, height: 844) { browsers in
      let (host, viewer, other) = (browsers[0], browsers[1], browsers[2])
      try await OnAirTests.signIn(host, at: addresses.web)
      try await host.open(web + "/studio/shows/\(stall.show)")
      try await viewer.open(watch)
      try await other.open(watch)
      for one in [viewer, other] { try await OnAirTests.seeFramesAdvance(one) }

      try await host.click("giveaway-desk summary")
      try await host.type("A brass lamp", into: "#giveaway-prize")
      try await host.type("lamp", into: "#giveaway-keyword")
      try await host.run("document.querySelector('#giveaway-variant').selectedIndex = 1; return true")
      try await Screenshots.keep(host, "giveaway-desk")
      try await host.click("giveaway-desk [data-part=open] button")

      for one in [viewer, other] { try await Self.card(one, is: "open") }
      try await Screenshots.keep(viewer, "giveaway-open")
      try await viewer.click("giveaway-card .button")
      #expect(try await viewer.run("return document.querySelector('#text').value").string == "lamp")
      for _ in 0..<2 {
        try await viewer.run("document.querySelector('#text').value = 'a lamp!'; return true")
        try await viewer.click(".say button:not([type=button])")
      }
      try await viewer.wait(until: "document.querySelector('giveaway-card .badge.good')?.checkVisibility()")
      try await other.wait(until: "/^1 in/.test(document.querySelector('giveaway-card [data-part=count]').textContent)")
      try await Screenshots.keep(viewer, "giveaway-in")
      #expect(try await other.run("return document.querySelector('giveaway-card .badge.good')") == .null)

      let list = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/giveaways")
      let page = web + "/giveaways/\(try list.text("items.0.id"))"
      try await host.open(page + "?lang=en")
      try await host.wait(until: "document.querySelector('[data-part=mine]').checkVisibility()")
      try await host.open(web + "/studio/shows/\(stall.show)")
      try await host.click("giveaway-desk [data-do=end] button")
      for one in [viewer, other] { try await Self.card(one, is: "closed", seconds: 40) }
      try await host.wait(until: "document.querySelector('giveaway-desk [name=word]') !== null", seconds: 40)
      try await host.type("monsoon", into: "giveaway-desk [name=word]")
      try await host.click("giveaway-desk [data-do=draw] button")
      for one in [viewer, other] { try await Self.card(one, is: "drawn", seconds: 30) }
      try await viewer.wait(until: "document.querySelector('giveaway-card .won')?.checkVisibility()")
      #expect(try await other.run("return document.querySelector('giveaway-card .won')") == .null)
      try await Screenshots.keep(viewer, "giveaway-won")
      #expect(try await other.run("return document.querySelector('giveaway-card a').href").string == page)

      try await other.open(page + "?lang=en")
      try await other.click("[data-part=check]")
      try await other.wait(until: "document.querySelectorAll('[data-result=good]').length === 4")
      #expect(try await other.text("main").contains("monsoon"))
      #expect(try await other.run("return document.querySelector('[data-part=claim]').hidden").bool == true)
      try await Screenshots.keep(other, "giveaway-checked")

      try await viewer.open(page + "?lang=en#claim")
      try await viewer.wait(until: "document.querySelector('[data-part=claim]').checkVisibility()")
      for (field, text) in [("name", "Ravi Kumar"), ("email", "ravi@example.com"), ("address", "12 Park Street")] {
        try await viewer.type(text, into: "#claim-\(field)")
      }
      try await Screenshots.keep(viewer, "giveaway-claim")
      try await viewer.click("[data-part=claim] button")
      try await viewer.wait(until: "document.querySelector('[data-part=thanks]').checkVisibility()")
      try await host.open(page)
      try await host.wait(until: "/12 Park Street/.test(document.querySelector('main').textContent)")

      // In the replay it comes when the playhead gets there.
      try await stall.host.call("PUT", "/api/v1/shows/\(stall.show)/state", ["state": "ended"], expecting: 200)
      try await until("the recording is complete", within: 10) {
        try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/recording")["state"] as? String == "ready"
          ? true : nil
      }
      try await other.open(watch + "?lang=en")
      try await other.wait(until: "document.querySelector('replay-player').state === 'playing'", seconds: 30)
      #expect(try await other.run("return document.querySelector('giveaway-card article')") == .null)
      let told = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/moments?limit=1000")
      let moments = told["items"] as? [[String: Any]] ?? []
      let draw = try #require(moments.first { $0["kind"] as? String == "giveaway_drawn" }?["mediaTime"] as? Int)
      let start = try await stall.host.call("GET", "/api/v1/shows/\(stall.show)/recording").integer("startMediaTime")
      try await ReplayTests.seek(other, to: (draw - start) / 1000 + 1)
      try await Self.card(other, is: "drawn", seconds: 30)
      try await Screenshots.keep(other, "giveaway-replay")
      for browser in browsers { #expect(try await OnAirTests.complaints(of: browser) == []) }
    }
    let audit = try await program.run(["audit"])
    #expect(audit.status == 0 && audit.output.contains("Giveaways: 1."), "\(audit.output)")
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }

  private static func card(_ viewer: Browser, is state: String, seconds: Int = 20) async throws {
    try await viewer.wait(
      until: "document.querySelector('giveaway-card [data-state=\(state)]')?.checkVisibility()", seconds: seconds)
  }
}
