import Commerce
import Foundation
import TestKit
import Testing

/// Paying in another site's page by providers that bring their own way, with third-party cookies blocked, in a browser.
@Suite(.serialized, .timeLimit(.minutes(4))) struct EmbedPaymentBrowserTests {
  /// Opens the show in another site's page, and its checkout up to where the card would be.
  private func onReview(
    _ square: MarketSquare, port: Int, _ body: @Sendable (Browser) async throws -> Void
  ) async throws {
    try await square.commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
    try await OuterSite.run { outer in
      outer.put(
        "page",
        """
        <!doctype html><meta charset="utf-8"><script type="module" src="http://localhost:\(port)/embed.js"></script>
        <haat-show show="\(square.show.id)" lang="en" market="IN"></haat-show>
        <script>window.orders = []; addEventListener("haat:order", ({ detail }) => orders.push(detail))</script>
        """)
      try await withBrowser(preferences: ["profile.cookie_controls_mode": 1]) { browser in
        try await browser.open("\(outer.origin)/page")
        try await browser.within("iframe", of: "haat-show") {
          try await browser.wait(until: "document.querySelector('pinned-card button')")
          try await browser.click("pinned-card button")
          try await browser.click(".drawer-foot .buy")
          for (name, text) in [
            ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
            ("postalCode", "411001"), ("city", "Pune"),
          ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
          try await browser.click(".drawer-foot .buy")
        }
        try await body(browser)
        try await browser.wait(until: "window.orders.length === 1", seconds: 30)
        let told = try await browser.run("return orders[0]")
        #expect(told["total"] == 129_900 && told["currency"] == "INR" && told["isPaid"] == true, "\(told)")
      }
    }
    let orders = try await square.commerce.orders(of: square.channel.id, by: square.owner).items
    #expect(orders.map(\.state) == [.paid] && orders.first?.source.kind == .embed)
  }

  @Test func `Stripe's fields and a bank's page work within the frame, also after a no`() async throws {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      try await onReview(stall.square, port: port) { browser in
        try await browser.within("iframe", of: "haat-show") {
          try await browser.wait(until: "document.querySelector('stripe-card [data-stripe=number]')")
          try await browser.type("4000002500003155", into: "[data-stripe=number]")
          try await browser.type("12/30", into: "[data-stripe=exp]")
          try await browser.type("123", into: "[data-stripe=cvc]")
          try await browser.click(".drawer-foot .buy")
          // The bank is another site again, and leads back to a page of ours that has both around it.
          try await browser.within("iframe.second-step") { try await browser.click("#refuse") }
        }
        try await browser.within("iframe", of: "haat-show") {
          try await browser.wait(
            until: "document.querySelector('.drawer .notice.bad:not([hidden])')?.innerText.includes('second step')")
          try await browser.type("4242424242424242", into: "[data-stripe=number]")
          try await browser.type("12/30", into: "[data-stripe=exp]")
          try await browser.type("123", into: "[data-stripe=cvc]")
          try await browser.click(".drawer-foot .buy")
        }
      }
      #expect(try await stall.audit() == [])
    }
  }

  @Test func `a code for UPI is shown within the frame, and is paid with an app`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    try await stall.serve { port in
      try await onReview(stall.square, port: port) { browser in
        try await browser.within("iframe", of: "haat-show") {
          try await browser.wait(until: "document.querySelector('upi-way p')")
          try await browser.wait(until: "!document.querySelector('.drawer-foot .buy').disabled")
          try await browser.click(".drawer-foot .buy")
          try await browser.wait(
            until: "document.querySelector('.drawer img[src^=\"data:image/svg\"]')?.naturalWidth > 0")
        }
        let code = try #require(stall.razorpay.codes.first?["id"].string)
        try await stall.deliver("qr_code.credited", stall.shown(code, stall.razorpay.pay(code)))
      }
      #expect(try await stall.audit() == [])
    }
  }
}
