import Foundation
import TestKit
import Testing

@testable import Commerce

/// Paying by UPI as a buyer sees it, in a browser.
@Suite(.serialized, .timeLimit(.minutes(4))) struct RazorpayBrowserTests {
  /// Where `HAAT_SCREENSHOTS` names a folder; nothing otherwise.
  private func keep(_ browser: Browser, _ name: String) async throws {
    guard let folder = ProcessInfo.processInfo.environment["HAAT_SCREENSHOTS"].map({ URL(filePath: $0) }) else {
      return
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await browser.screenshot().write(to: folder.appending(path: "\(name).png"))
  }

  /// A finger is no mouse: that is how pages know that there may be an app to open.
  private func emulatePhone(_ browser: Browser) async throws {
    try await browser.resize(width: 390, height: 844, isTouch: true)
    _ = try await browser.chromium("Emulation.setTouchEmulationEnabled", ["enabled": true, "maxTouchPoints": 5])
  }

  @Test(arguments: [true, false])
  func `the player shows a code, opens an app on a phone, and goes on by itself once it is paid`(
    isPhone: Bool
  ) async throws {
    let stall = try await RazorpayStall(.sqlite)
    try await stall.serve { port in
      let (square, commerce) = (stall.square, stall.commerce)
      try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
      try await withBrowser { browser in
        if isPhone {
          try await emulatePhone(browser)
        } else {
          try await browser.resize(width: 1440, height: 900)
        }
        let language = isPhone ? "hi" : "en"
        try await browser.open("http://localhost:\(port)/watch/\(square.show.id)?lang=\(language)&market=IN")
        try await browser.wait(until: "document.querySelector('pinned-card button')")
        try await browser.click("pinned-card button")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('upi-way p')")
        #expect(try await browser.run("return document.querySelectorAll('.drawer input').length") == 0)
        try await browser.wait(until: "!document.querySelector('.drawer-foot .buy').disabled")
        try await keep(browser, "upi-review-\(language)")
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(
          until: "document.querySelector('.drawer img[src^=\"data:image/svg\"]')?.naturalWidth > 0")
        let links = try await browser.run("return document.querySelectorAll('.drawer a[href^=\"upi://pay?\"]').length")
        #expect(links == (isPhone ? 1 : 0), "a link that nothing opens is no button")
        try await keep(browser, "upi-code-\(language)")
        let code = try #require(stall.razorpay.codes.first?["id"].string)
        try await stall.deliver("qr_code.credited", stall.shown(code, stall.razorpay.pay(code)))
        try await browser.wait(until: "document.querySelector('.done')", seconds: 30)
        try await keep(browser, "upi-done-\(language)")
        #expect(try await stall.commerce.orders(of: square.channel.id, by: square.owner).items.map(\.state) == [.paid])
      }
      #expect(try await stall.audit() == [])
    }
  }

  @Test func `the order's page shows a code, and the paid order once there is news`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    try await stall.serve { port in
      let placed = try await stall.place()
      try await withBrowser { browser in
        try await emulatePhone(browser)
        try await browser.open(
          "http://localhost:\(port)/orders/\(placed.order.id)?token=\(placed.access.text)")
        try await browser.wait(until: "document.querySelector('[value=upi]')")
        try await browser.run("document.querySelector('[value=upi]').form.scrollIntoView()")
        try await keep(browser, "upi-order-before")
        try await browser.click("form [name=method][value=upi] ~ p button")
        try await browser.wait(until: "document.querySelector('upi-code img')?.naturalWidth > 0")
        #expect(try await browser.run("return document.querySelector('.upi-link').checkVisibility()") == true)
        try await browser.run("document.querySelector('upi-code').scrollIntoView()")
        try await keep(browser, "upi-order-phone")
        try await browser.resize(width: 1440, height: 900)
        try await keep(browser, "upi-order-wide")
        stall.razorpay.pay(try #require(stall.razorpay.codes.first?["id"].string))
        try await browser.wait(until: "!document.querySelector('upi-code')", seconds: 30)
        #expect(try await stall.order(placed).state == .paid)
        #expect(try await browser.consoleLines().isEmpty)
      }
    }
  }
}
