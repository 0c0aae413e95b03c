import Foundation
import TestKit
import Testing

/// A live deal from the host's desk to the buyer's order, in real browsers over a real stream.
@Suite struct DealTests {
  @Test(.timeLimit(.minutes(4)))
  func `a host opens a deal, a viewer buys at its price, and it ends for everyone`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 9)
    let encoder = try Encoder(server: stall.server, key: stall.key)
    defer { encoder.kill() }

    try await withBrowsers(3, width: 390, height: 844) { browsers in
      let (host, buyer, bystander) = (browsers[0], browsers[1], browsers[2])
      let watch = addresses.web.absoluteString + "/watch/\(stall.show)"
      try await OnAirTests.signIn(host, at: addresses.web)
      try await host.open(addresses.web.absoluteString + "/studio/shows/\(stall.show)")
      try await buyer.open(watch)
      try await bystander.open(watch)
      for viewer in [buyer, bystander] { try await OnAirTests.seeFramesAdvance(viewer) }
      try await host.click(".run-item .pin-button")
      for viewer in [buyer, bystander] { try await Self.price(viewer, is: "₹1,299") }

      try await host.click("deal-desk summary")
      // The page says what the deal has to keep to, and the server holds it to that.
      try await host.wait(until: "/1,298.99/.test(document.querySelector('#deal-price-IN-terms').textContent)")
      try await host.type("1299", into: "#deal-price-IN")
      try await host.type("3", into: "#deal-units")
      try await host.type("2", into: "#deal-per-buyer")
      try await Self.choose(host, "#deal-countdown", "10")
      try await host.click("deal-desk [data-part=open] button")
      try await host.wait(until: "document.querySelector('control-room > [role=alert]')?.checkVisibility()")
      try await host.run("document.querySelector('#deal-price-IN').value = ''; return true")
      try await host.type("999", into: "#deal-price-IN")
      try await Screenshots.keep(host, "deal-desk")
      try await host.click("deal-desk [data-part=open] button")

      for viewer in [buyer, bystander] {
        try await viewer.wait(until: "/^₹999 in 0:0/.test(document.querySelector('.offer-flag')?.textContent)")
        try await Self.price(viewer, is: "₹1,299")
      }
      try await Screenshots.keep(buyer, "deal-soon")
      for viewer in [buyer, bystander] {
        try await Self.price(viewer, is: "₹999")
        try await viewer.wait(until: "/3/.test(document.querySelector('pinned-card .stock').textContent)")
      }
      try await Screenshots.keep(buyer, "deal-on")
      let order = try await OnAirTests.buy(buyer)
      try await bystander.wait(until: "/2/.test(document.querySelector('pinned-card .stock').textContent)")
      try await host.wait(until: "/^1 of 3/.test(document.querySelector('[data-taken]')?.textContent)")
      try await buyer.click(".drawer-foot .strong")

      try await host.run("window.confirm = () => true; return true")
      try await host.click("deal-desk [data-part=deals] button")
      for viewer in [buyer, bystander] {
        try await Self.price(viewer, is: "₹1,299")
        try await viewer.wait(until: "document.querySelector('.offer-flag').hidden")
      }
      try await buyer.open(addresses.web.absoluteString + order)
      #expect(try await buyer.text("main").contains("₹999"))
      for browser in browsers { #expect(try await OnAirTests.complaints(of: browser) == []) }
    }
    let audit = try await program.run(["audit"])
    #expect(audit.status == 0, "\(audit.output)")
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }

  private static func price(_ viewer: Browser, is text: String) async throws {
    try await viewer.wait(
      until: "document.querySelector('pinned-card .price')?.textContent === '\(text)'", seconds: 30)
  }

  private static func choose(_ browser: Browser, _ selector: String, _ value: String) async throws {
    try await browser.run("document.querySelector('\(selector)').value = '\(value)'; return true")
  }
}
