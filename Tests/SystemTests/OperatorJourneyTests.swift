import Foundation
import TestKit
import Testing

/// An operator's day with the real program: lets a channel in, changes the commission, closes a market, looks how the
/// system does, makes a backup and stops orders; and what a buyer sees of it. With `HAAT_SCREENSHOTS` it is looked at on
/// both sizes, in both languages, in light and dark colours.
@Suite(.serialized, .timeLimit(.minutes(15))) struct OperatorJourneyTests {
  @Test(arguments: Look.all(otherwise: "hi"))
  func `an operator lets a channel in, changes the commission, closes a market and stops orders`(look: Look)
    async throws
  {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 5)
    let host = stall.host
    let seller = try await Self.applicant(at: addresses, host)
    let waiting = try await host.call(
      "POST", "/api/v1/orders", stall.order(by: "Early"), headers: ["Idempotency-Key": "early"], expecting: 201)
    var site = addresses.web.absoluteString
    if site.hasSuffix("/") { site.removeLast() }
    try await withBrowsers(2, width: look.screen.width, height: look.screen.height) { browsers in
      let desk = Person(browser: browsers[0], site: site, look: look)
      let buyer = Person(browser: browsers[1], site: site, look: look)
      try await desk.prefer()
      try await buyer.prefer()
      try await OnAirTests.signIn(desk.browser, at: addresses.web)

      try await desk.open("/operator", until: "document.querySelector('.guide-step.is-next') !== null")
      try await desk.keep("operator-guide")

      // The queue, and the channel that waits in it.
      try await desk.open("/operator/admission", until: "document.querySelector('.rows a.cover') !== null")
      try await desk.keep("operator-admission")
      try await desk.browser.click(".rows a.cover")
      try await desk.browser.wait(until: "document.querySelector('button[value=grant]') !== null")
      try await desk.keep("operator-review")
      try await desk.browser.click("button[value=grant]")
      try await desk.browser.wait(until: "document.querySelector('button[value=grant]') === null")
      let admitted = try await seller.call("GET", "/api/v1/channels/meera", expecting: 200)
      #expect(try admitted.text("state") == "approved")

      // The commission of orders from now on.
      try await desk.open("/operator")
      try await desk.browser.type("12.5", into: "#commission-IN")
      try await desk.save("form:has(#commission-IN) .button.strong")
      let markets = try await host.call("GET", "/api/v1/markets", expecting: 200)
      #expect(try markets.integer("items.0.commissionBasisPoints") == 1_250)

      try await Self.closeMarket(desk, buyer, stall, order: waiting)
      try await Self.lookAround(desk)
      try await Self.stopOrders(desk, buyer, stall)
    }
    let audit = try await program.run(["audit"])
    #expect(audit.status == 0, "\(audit.output)")
    // A copy of it, made while it runs, is as good elsewhere.
    let copied = try await program.run(["backup"])
    #expect(copied.status == 0, "\(copied.output)")
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
    let path = try #require(copied.output.split(separator: "\n").first { $0.hasSuffix(".sqlite") }.map(String.init))
    let fresh = program.directory.appending(path: "restored").path
    let restored = try await HaatProgram.run(
      ["restore", path, "--data-directory", fresh], in: program.directory)
    #expect(restored.status == 0 && restored.output.contains("vault-secret"), "\(restored.output)")
    let again = try await HaatProgram.run(["restore", path, "--data-directory", fresh], in: program.directory)
    #expect(again.status != 0 && again.output.contains("nothing is overwritten"), "\(again.output)")
  }

  /// Somebody who asks to sell where the operator decides.
  private static func applicant(at addresses: HaatProgram.Addresses, _ host: Client) async throws -> Client {
    try await host.call(
      "PUT", "/api/v1/markets/IN",
      [
        "name": "India", "currency": "INR", "languages": ["en", "hi"], "isOpen": true, "commissionBasisPoints": 1000,
        "taxIncludedBasisPoints": 1800, "shippingMinor": 4900, "shippingFreeFromMinor": 99_900,
        "admission": "application",
      ], expecting: 200)
    let seller = Client(addresses.web)
    try await seller.call(
      "POST", "/api/v1/accounts",
      ["email": "meera@example.com", "name": "Meera", "password": Stall.password], expecting: 201)
    try await seller.call(
      "POST", "/api/v1/session", ["email": "meera@example.com", "password": Stall.password])
    try await seller.call(
      "POST", "/api/v1/channels",
      [
        "handle": "meera", "name": "Meera Pottery", "market": "IN",
        "application": ["sells": "Blue pottery from Jaipur", "note": "Three kilns, ten years."],
      ], expecting: 201)
    return seller
  }

  /// Who watches is told at once; nothing new is ordered, and what was ordered is paid.
  private static func closeMarket(
    _ desk: Person, _ buyer: Person, _ stall: Stall, order: Client.Answer
  ) async throws {
    try await buyer.open(
      "/watch/\(stall.show)", until: "document.querySelector('[data-part=viewer-count]')?.textContent.trim() === '1'")
    try await desk.open("/operator")
    try await desk.browser.click("form:has(#commission-IN) input[name=isOpen]")
    try await desk.save("form:has(#commission-IN) .button.strong")
    try await buyer.browser.wait(until: "document.querySelector('.sales-stop span')?.textContent.length > 10")
    try await buyer.keep("watch-market-closed")
    let refused = try await stall.host.call(
      "POST", "/api/v1/orders", stall.order(by: "Late"), headers: ["Idempotency-Key": "late"], expecting: 409)
    #expect(try refused.text("code") == "market_closed")
    let method = try await stall.host.call(
      "POST", "/sandbox/v1/payment_methods",
      ["number": "4242424242424242", "expMonth": 12, "expYear": 2033, "cvc": "123"])
    let paid = try await stall.host.call(
      "POST", "/api/v1/orders/\(order.text("order.id"))/payment", ["paymentMethod": method.text("id")],
      headers: ["Idempotency-Key": "pay", "Order-Token": order.text("accessToken")], expecting: 200)
    #expect(try paid.text("state") == "paid")
    try await desk.browser.click("form:has(#commission-IN) input[name=isOpen]")
    try await desk.save("form:has(#commission-IN) .button.strong")
    try await buyer.browser.wait(until: "document.querySelector('.sales-stop') === null")
  }

  private static func lookAround(_ desk: Person) async throws {
    try await desk.open("/operator/status", until: "document.querySelectorAll('.status-chart').length === 10")
    // The provider and the disk are looked at meanwhile, and told without a reload.
    try await desk.browser.wait(
      until: "document.querySelectorAll('[data-live=checks] .badge.good').length >= 5", seconds: 30)
    try await desk.keep("operator-status")
    try await desk.browser.click(".status-card summary")
    try await desk.browser.wait(until: "document.querySelector('.status-card details').open")
    _ = try await desk.browser.run("document.getElementById('charts').scrollIntoView(); return 1")
    try await desk.keep("operator-status-charts")
    try await desk.open("/operator/status?range=day")
    try await desk.open("/operator/backups")
    try await desk.browser.click("main form .button.strong")
    try await desk.browser.wait(
      until: "document.querySelector('[data-live=list] .badge.good') !== null", seconds: 30)
    try await desk.keep("operator-backups")
  }

  private static func stopOrders(_ desk: Person, _ buyer: Person, _ stall: Stall) async throws {
    let words = "We count our stock. Back at nine."
    try await desk.open("/operator/switches")
    try await desk.browser.click("#checkout summary")
    try await desk.browser.type("Stock-taking", into: "#reason-checkout")
    try await desk.browser.type(words, into: "#notice-checkout")
    try await desk.keep("operator-switches")
    try await desk.save("#checkout .button.danger")
    try await buyer.browser.wait(until: "document.querySelector('.sales-stop')?.textContent.includes('Back at nine')")
    try await buyer.keep("watch-checkout-paused")
    let refused = try await stall.host.call(
      "POST", "/api/v1/orders", stall.order(by: "Late"), headers: ["Idempotency-Key": "later"], expecting: 409)
    #expect(try refused.text("detail") == words)
    try await desk.save("#checkout .button.strong")
    try await buyer.browser.wait(until: "document.querySelector('.sales-stop') === null")
    try await stall.host.call(
      "POST", "/api/v1/orders", stall.order(by: "Late"), headers: ["Idempotency-Key": "later"], expecting: 201)
  }
}

extension Person {
  fileprivate func save(_ button: String) async throws {
    try await browser.click(button)
    try await browser.wait(until: "location.search.includes('saved') && document.readyState === 'complete'")
  }
}
