import Commerce
import TestKit
import Testing

@testable import Web

/// What people type is text: in real browsers, on every page that shows it.
@Suite(.timeLimit(.minutes(3))) struct HostileTextScriptTests {
  private static let hostile = "</script><script>window.hit=1</script>\"'<img src=x onerror=window.hit=1>"

  @Test func `no name, message, poll, announcement or product's title is run`() async throws {
    try await RunningWeb.run { web in
      let (commerce, square) = (web.square.commerce, web.square)
      let (owner, show, hostile) = (square.owner, square.show.id, Self.hostile)
      let product = try await commerce.makeProduct(
        commerce.makeID(), by: owner, channel: square.channel.id,
        ProductDraft(
          title: hostile, description: hostile, variants: [VariantDraft(sku: "X", prices: ["IN": 9_900], onHand: 5)]))
      try await commerce.putRun(by: owner, show: show, [product.id, square.lamp.id])
      try await commerce.pin(by: owner, show: show, product: product.id)
      _ = try await commerce.openPoll(
        commerce.makeID(), by: owner, show: show,
        PollDraft(
          question: String(hostile.prefix(100)), answers: ["<img src=x onerror=window.hit=1>", "No"],
          durationSeconds: 300))
      _ = try await commerce.showBanner(
        commerce.makeID(), by: owner, show: show,
        BannerDraft(text: "<img src=x onerror=window.hit=1>", end: .after(seconds: 600)))
      _ = try await commerce.say(
        commerce.makeID(), by: .nobody, show: show, name: "<img src=x onerror=window.hit=1>", text: hostile)
      let site = "http://localhost:\(web.port)"
      try await withBrowser { browser in
        func isHarmless(_ path: String, until condition: String) async throws {
          try await browser.open(site + path)
          try await browser.wait(until: condition)
          #expect(try await browser.run("return window.hit ?? 0") == 0, "\(path)")
          #expect(
            try await browser.run("return document.querySelectorAll('img[onerror], [src=x]').length") == 0, "\(path)")
        }
        let said = "[...document.querySelectorAll('.message')].some((m) => m.textContent.includes('window.hit'))"
        try await isHarmless(
          "/watch/\(show)?lang=en&market=IN",
          until: "\(said) && document.querySelector('pinned-card')?.textContent.includes('window.hit')")
        try await isHarmless(
          "/products/\(product.id)?market=IN", until: "document.querySelector('h1').textContent.includes('window.hit')")
        try await isHarmless("/search?q=window", until: "document.readyState === 'complete'")
        try await isHarmless("/@lamps", until: "document.readyState === 'complete'")
        try await browser.open("\(site)/sign-in?lang=en")
        try await browser.type(MarketSquare.ownerEmail, into: "#email")
        try await browser.type(MarketSquare.password, into: "#password")
        try await browser.click("main form button")
        try await browser.wait(until: "location.pathname !== '/sign-in'")
        try await isHarmless(
          "/studio/shows/\(show)",
          until: "\(said) && document.querySelector('.deeds')?.textContent.includes('window.hit')")
      }
      for path in ["/watch/\(show)", "/products/\(product.id)", "/", "/search?q=window", "/@lamps"] {
        let policy = try #require(try await web.guest.get(path).header("content-security-policy"))
        #expect(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "\(path): \(policy)")
      }
    }
  }
}
