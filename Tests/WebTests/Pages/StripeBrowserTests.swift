import Commerce
import Foundation
import TestKit
import Testing

/// Paying by Stripe as a buyer sees it, with a stand-in for its script and its server, in a browser.
@Suite(.serialized, .timeLimit(.minutes(4))) struct StripeBrowserTests {
  private static let complaint = "(document.querySelector('.drawer .notice.bad:not([hidden])')?.innerText ?? '')"

  private func onReview(_ body: @Sendable (StripeStall, Browser, Int) async throws -> Void) async throws {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      let (square, commerce) = (stall.square, stall.commerce)
      try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(port)/watch/\(square.show.id)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('pinned-card button')")
        try await browser.click("pinned-card button")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('stripe-card [data-stripe=number]')")
        try await body(stall, browser, port)
      }
    }
  }

  private func pay(_ browser: Browser, _ number: String) async throws {
    try await browser.type(number, into: "[data-stripe=number]")
    try await browser.type("12/30", into: "[data-stripe=exp]")
    try await browser.type("123", into: "[data-stripe=cvc]")
    try await browser.click(".drawer-foot .buy")
  }

  @Test func `a card goes into Stripe's fields, is declined once, and then pays one order`() async throws {
    try await onReview { stall, browser, _ in
      try await browser.click(".drawer-foot .buy")
      try await browser.wait(until: "document.querySelector('[data-stripe=fault]').textContent.includes('incomplete')")
      #expect(try await stall.stripe.requests().filter { $0.method == "POST" }.isEmpty, "nothing is asked before")
      try await pay(browser, "4000000000000069")
      try await browser.wait(until: "\(Self.complaint).includes('has expired')")
      try await pay(browser, "4000000000000341")
      try await browser.wait(until: "\(Self.complaint).includes('declined')")
      try await pay(browser, "4242424242424242")
      try await browser.wait(until: "document.querySelector('.done')")
      let orders = try await stall.commerce.orders(of: stall.square.channel.id, by: stall.square.owner).items
      #expect(orders.map(\.state) == [.paid])
      let asked = try await stall.stripe.requests().filter { $0.path == "/v1/payment_intents" }
      #expect(asked.count == 2 && asked.allSatisfy { $0["confirmation_token"]?.hasPrefix("ctoken_") == true })
      #expect(try await stall.audit() == [])
    }
  }

  @Test(arguments: [true, false])
  func `the bank's page is in the drawer, and leads back by itself`(isApproved: Bool) async throws {
    try await onReview { stall, browser, _ in
      try await pay(browser, "4000002500003155")
      _ = try await browser.find("iframe.second-step")
      try await browser.within("iframe.second-step") {
        try await browser.click(isApproved ? "#approve" : "#refuse")
      }
      if isApproved {
        try await browser.wait(until: "document.querySelector('.done')")
        #expect(try await browser.text(".done").contains("paid"))
      } else {
        try await browser.wait(until: "\(Self.complaint).includes('second step')")
        try await pay(browser, "4242424242424242")
        try await browser.wait(until: "document.querySelector('.done')")
      }
      let orders = try await stall.commerce.orders(of: stall.square.channel.id, by: stall.square.owner).items
      #expect(orders.map(\.state) == [.paid])
      #expect(try await stall.audit() == [])
    }
  }

  @Test func `who cannot see the bank's page confirms on the order's page, and the drawer notices`() async throws {
    try await onReview { stall, browser, _ in
      try await pay(browser, "4000002500003155")
      _ = try await browser.find("iframe.second-step")
      let link = try await browser.run("return document.querySelector('.second-step + a').href").string ?? ""
      try await withBrowser { other in
        try await other.open(link)
        #expect(try await other.text("main a.buy") == "Confirm with your bank")
        try await other.click("main a.buy")
        try await other.click("#approve")
        try await other.wait(until: "document.querySelector('h1')?.innerText.includes('Thank you')")
      }
      try await browser.wait(until: "document.querySelector('.done')")
    }
  }

  @Test func `a form that does not load says so, and loads when it can`() async throws {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      let (square, commerce) = (stall.square, stall.commerce)
      try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(port)/watch/\(square.show.id)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('pinned-card button')")
        let script = try await browser.run(
          "return JSON.parse(document.querySelector('.room-data').textContent).own.script")
        #expect(script.string == "\(stall.stripe.url)/_config/stripe.js")
        _ = try await browser.chromium("Network.enable", [:])
        _ = try await browser.chromium("Network.setBlockedURLs", ["urls": ["*/_config/stripe.js"]])
        try await browser.click("pinned-card button")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('stripe-card button')")
        #expect(try await browser.text("stripe-card").contains("could not be loaded"))
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "\(Self.complaint).includes('could not be loaded')")
        _ = try await browser.chromium("Network.setBlockedURLs", ["urls": []])
        try await browser.click("stripe-card button")
        try await pay(browser, "4242424242424242")
        try await browser.wait(until: "document.querySelector('.done')")
      }
    }
  }
}
