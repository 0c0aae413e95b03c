import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// What axe, which looks for what keeps people from using a page, finds in ours: nothing. `Scripts/axe/fetch.sh` fetches it.
@Suite(.serialized, .timeLimit(.minutes(6))) struct AccessBrowserTests {
  private struct Look {
    let browser: Browser
    let site: String
    let axe: String

    init(_ browser: Browser, _ web: RunningWeb) throws {
      self.browser = browser
      site = "http://localhost:\(web.port)"
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      let script = root.appending(path: ".build/axe/axe_core_python/axe.min.js")
      guard let axe = try? String(contentsOf: script, encoding: .utf8) else {
        throw BrowserFault("axe is not there: run Scripts/axe/fetch.sh")
      }
      self.axe = axe
    }

    func signIn(_ email: String) async throws {
      try await browser.open("\(site)/sign-in?lang=en")
      try await browser.type(email, into: "#email")
      try await browser.type(MarketSquare.password, into: "#password")
      try await browser.click("main form button")
      try await browser.wait(until: "location.pathname !== '/sign-in'")
    }

    /// What it finds in the page that is open, a line for each place.
    func findings() async throws -> [String] {
      try await browser.run(
        """
        \(axe);
        return axe.run().then((result) => result.violations.flatMap((found) =>
          found.nodes.map((node) => `${found.id} at ${node.target.join(" ")}: ${node.failureSummary}`)))
        """
      ).array.compactMap(\.string)
    }

    /// On a phone in light colours, and on a desktop in dark ones.
    func expectNothing(on paths: [String]) async throws {
      for (width, height, scheme) in [(390, 844, "light"), (1_440, 900, "dark")] {
        try await browser.resize(width: width, height: height)
        try await browser.chromium(
          "Emulation.setEmulatedMedia",
          [
            "features": [
              ["name": "prefers-color-scheme", "value": .string(scheme)],
              ["name": "prefers-reduced-motion", "value": "reduce"],
            ]
          ])
        for path in paths {
          try await browser.open(site + path)
          try await browser.wait(until: "document.readyState === 'complete'")
          let status = try await browser.run("return performance.getEntriesByType('navigation')[0].responseStatus")
          #expect(status == (path == "/nothing-here" ? 404 : 200), "\(path)")
          let found = try await findings()
          #expect(found == [], "\(path), \(width) × \(height), \(scheme)")
        }
      }
    }
  }

  @Test func `axe does find what is wrong`() async throws {
    try await RunningWeb.run { web in
      try await withBrowser { browser in
        let look = try Look(browser, web)
        try await browser.open(look.site + "/sign-in")
        _ = try await browser.run("document.querySelector('label').remove(); return 1")
        #expect(try await look.findings().contains { $0.hasPrefix("label at #email") })
      }
    }
  }

  @Test(arguments: [(390, 844), (1_440, 900)])
  func `three presses of Tab lead to Buy, and Enter opens what is bought`(width: Int, height: Int) async throws {
    try await RunningWeb.run { web in
      let square = web.square
      _ = try await square.commerce.startShow(by: square.owner, show: square.show.id, mediaTime: 0)
      try await square.commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
      try await withBrowser(width: width, height: height) { browser in
        func press(_ key: String, _ code: Int) async throws {
          for type in ["rawKeyDown", "char", "keyUp"] where type != "char" || key == "Enter" {
            try await browser.chromium(
              "Input.dispatchKeyEvent",
              [
                "type": .string(type), "key": .string(key), "code": .string(key),
                "windowsVirtualKeyCode": .number(Double(code)), "text": .string(type == "char" ? "\r" : ""),
              ])
          }
        }
        try await browser.open("http://localhost:\(web.port)/watch/\(square.show.id)?lang=en&market=IN")
        try await browser.wait(until: "customElements.get('pinned-card') && document.querySelector('pinned-card .buy')")
        // The first is the way past everything else.
        var tabs = 0
        while tabs < 3 {
          try await press("Tab", 9)
          tabs += 1
          if try await browser.run("return document.activeElement.matches('pinned-card .buy')") == true { break }
          if try await browser.run("return document.activeElement.matches('.skip')") == true {
            try await press("Enter", 13)
            try await browser.wait(until: "document.activeElement.matches('pinned-card')")
          }
        }
        #expect(
          try await browser.run("return document.activeElement.matches('pinned-card .buy')") == true, "\(tabs) tabs")
        try await press("Enter", 13)
        try await browser.wait(until: "document.querySelector('dialog.drawer')?.open")
      }
    }
  }

  @Test func `nothing keeps a viewer from what they see, with an account or without`() async throws {
    try await RunningWeb.run { web in
      let (square, order) = (web.square, try await web.placed())
      _ = try await square.person("Asha")
      try await withBrowser { browser in
        let look = try Look(browser, web)
        let pages = [
          "/", "/search?q=lamp", "/clips", "/products/\(square.lamp.id)", "/watch/\(square.show.id)",
          "/@\(square.channel.handle)", "/@\(square.channel.handle)/ratings", "/shows/\(square.show.id)/reminder",
          "/orders/\(order.id)?token=\(order.token)",
          "/sign-up", "/nothing-here", "/account/deleted", "/design", "/swipe", "/offline",
        ]
        try await look.expectNothing(on: pages + ["/sign-in"])
        try await look.signIn("asha@example.com")
        try await look.expectNothing(
          on: pages + ["/account", "/account/wallet", "/account/reminders", "/orders", "/studio"])
      }
    }
  }

  @Test func `nothing keeps a seller or a partner from theirs`() async throws {
    try await RunningWeb.run { web in
      let (square, commerce) = (web.square, web.square.commerce)
      let placed = try await web.placed()
      let paid = try await web.placed()
      let card = try await web.method("4242424242424242")
      _ = try await web.guest.post(
        "/api/v1/orders/\(paid.id)/payment", ["paymentMethod": .string(card)],
        headers: ["Order-Token": paid.token, "Idempotency-Key": "pay"])
      let customer = try #require(
        try await commerce.customers(of: square.channel.id, by: square.owner).items.first)
      let webhook = try await commerce.makeWebhook(
        commerce.makeID(), of: .channel(square.channel.id), by: square.owner,
        WebhookDraft(url: "https://shop.example/haat", kinds: [.orderPaid]))
      _ = try await commerce.say(
        commerce.makeID(), by: .nobody, show: square.show.id, name: "Ravi", text: "is it brass?", isQuestion: true)
      let partner = try await commerce.makePartner(
        commerce.makeID(), by: square.operator, PartnerDraft(name: "The Blog", via: "blog", rateBasisPoints: 2_500))
      try await commerce.addPartnerMember(of: partner.id, by: square.operator, email: MarketSquare.ownerEmail)
      try await withBrowser { browser in
        let look = try Look(browser, web)
        try await look.signIn(MarketSquare.ownerEmail)
        let (studio, show) = ("/studio/\(square.channel.handle)", "/studio/shows/\(square.show.id)")
        try await look.expectNothing(
          on: [
            "/studio", studio, "\(studio)?tab=products", "\(studio)?tab=orders", "\(studio)/coupons", "\(studio)/mails",
            "\(studio)/packing", "\(studio)/customers", "\(studio)/customers/\(customer.id)",
            "\(studio)/moderation", "\(studio)/affiliates", "\(studio)/admission", "\(studio)/money",
            "\(studio)/preorders", "\(studio)/products/new", "\(studio)/products/\(square.lamp.id)",
            "\(studio)/shows/new", "\(studio)/webhooks", "\(studio)/webhooks/\(webhook.webhook.id)", show,
            "\(show)/report", "\(show)/camera", "\(show)/prompter", "/orders/\(placed.id)", "/orders/\(paid.id)",
            "/partner/blog",
            "/partner/blog/access", "/partner/blog/embed", "/partner/blog/money", "/partner/blog/mails",
            "/partner/blog/webhooks",
          ])
      }
    }
  }

  @Test func `nothing keeps the operator from theirs`() async throws {
    try await RunningWeb.run { web in
      let (square, commerce) = (web.square, web.square.commerce)
      let partner = try await commerce.makePartner(
        commerce.makeID(), by: square.operator, PartnerDraft(name: "The Blog", via: "blog", rateBasisPoints: 2_500))
      try await withBrowser { browser in
        let look = try Look(browser, web)
        try await look.signIn(MarketSquare.operatorEmail)
        try await look.expectNothing(
          on: [
            "/operator", "/operator/plans", "/operator/payouts", "/operator/partners",
            "/operator/partners/\(partner.id)", "/operator/books", "/operator/returns", "/operator/admission",
            "/operator/invitations", "/operator/mails",
            "/operator/coupons", "/operator/flags", "/operator/status", "/operator/status?range=day",
            "/operator/switches", "/operator/backups",
          ])
        // And with something in them.
        try await commerce.flip(.checkout, to: false, by: square.operator, reason: "A test", notice: "Back at nine.")
        try await commerce.flag(
          .show(square.show.id), .scam, note: "It is no brass", by: .nobody, visitor: String(repeating: "v", count: 40))
        // Signed in once: asked anew for each look at a slow backup, sign-ins are too many at some time.
        let desk = try await web.operator
        _ = try await desk.post("/api/v1/operator/backups")
        _ = try await web.until(
          { try await desk.get("/api/v1/operator/backups").json["items"] }, is: { !$0.array.isEmpty })
        try await look.expectNothing(on: ["/operator/switches", "/operator/flags", "/operator/backups", "/sign-up"])
      }
    }
  }
}
