import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

/// A show's numbers in browsers: what viewers do tells them, and the host sees them change.
@Suite(.serialized, .timeLimit(.minutes(4))) struct NumbersScriptTests {
  @Test func `what viewers look at and put into the bag comes to the host's desk without a reload`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let show = web.square.show.id
      try await withBrowsers(2) { browsers in
        let (host, viewer) = (browsers[0], browsers[1])
        let base = "http://localhost:\(web.port)"
        try await host.open("\(base)/sign-in?lang=en")
        try await host.type(MarketSquare.ownerEmail, into: "[name=email]")
        try await host.type(MarketSquare.password, into: "[name=password]")
        try await host.click("main form .button")
        try await host.wait(until: "location.pathname !== '/sign-in'")
        try await host.open("\(base)/studio/shows/\(show)")
        try await host.wait(until: "document.querySelector('show-numbers svg.narrow')?.checkVisibility()")
        try await host.run("window.isSame = true; return true")
        try await viewer.open("\(base)/watch/\(show)?lang=en")
        try await viewer.wait(
          until:
            "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/show-interest.js')) && document.querySelector('.bag-button')?.checkVisibility()"
        )
        try await viewer.click(".bag-button")
        try await viewer.wait(until: "document.querySelector('.drawer[open] .shelf-row')")
        try await viewer.click(".drawer .shelf-row button")
        try await viewer.wait(until: "document.querySelector('.drawer-foot .button:not(.buy)')")
        try await viewer.click(".drawer-foot .button:not(.buy)")
        let cell = "document.querySelector('[data-live=products] tr td:nth-of-type"
        try await host.wait(until: "\(cell)(1)')?.textContent === '1' && \(cell)(2)').textContent === '1'")
        #expect(try await host.run("return window.isSame") == true, "the page is the same")
        // What somebody reads by keyboard is not taken away from them.
        #expect(try await host.run("return document.querySelector('[data-live=takings]').rows.length") == 1)
        let (order, token) = try await web.placed()
        let paid = try await web.guest.post(
          "/api/v1/orders/\(order)/payment", ["paymentMethod": .string(web.method("4242424242424242"))],
          headers: ["Idempotency-Key": "pay", "Order-Token": token])
        #expect(paid.status == 200)
        try await host.wait(until: "/₹1,299/.test(document.querySelector('[data-live=takings]').textContent)")
        try await host.wait(until: "document.querySelector('svg.narrow .chart-bars rect title') !== null")
      }
    }
  }
}
