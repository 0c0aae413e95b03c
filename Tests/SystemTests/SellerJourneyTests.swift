import Foundation
import TestKit
import Testing

/// A seller's whole day, by browser: a file of products comes in, an order comes, it is packed, labelled and sent, a part
/// of it is refunded, and its buyer sees all of it. `make screenshots` looks at every step at both sizes, in both
/// languages, by day and by night.
@Suite(.serialized) struct SellerJourneyTests {
  private static let screens = Screenshots.folder == nil ? [ScreenshotTests.Screen.all[0]] : ScreenshotTests.Screen.all
  private static let languages = Screenshots.folder == nil ? ["en"] : ["en", "hi"]

  private static let products = """
    Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price
    copper-bottle,Copper bottle,<p>Hammered by hand.</p>,Size,600 ml,CB-600,450,12,899
    copper-bottle,,,,1 litre,CB-1000,620,8,1199
    clay-pot,Clay pot,,Title,Default Title,CP-1,1200,5,not a price
    """

  private struct Sold {
    let id: String
    let number: String
    let token: String
  }

  @Test(.timeLimit(.minutes(5)), arguments: screens, languages)
  func `a seller imports, packs, sends and refunds, and the buyer sees it`(
    screen: ScreenshotTests.Screen, language: String
  ) async throws {
    let program = try HaatProgram()
    let demo = try await program.demo()
    let file = program.directory.appending(path: "products.csv")
    try Self.products.write(to: file, atomically: true, encoding: .utf8)
    try await withBrowsers(2, width: screen.width, height: screen.height) { browsers in
      let (seller, buyer) = (browsers[0], browsers[1])
      let site = URL(string: "/", relativeTo: demo.watch)?.absoluteString.dropLast() ?? ""
      func keep(_ browser: Browser, _ step: String) async throws {
        let fits = try await browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
        #expect(fits == true, "\(step) is wider than the screen")
        try await Screenshots.keep(browser, "seller-\(step)-\(screen.suffix)-\(language)")
      }
      for browser in browsers {
        try await browser.chromium(
          "Emulation.setEmulatedMedia",
          ["features": [["name": "prefers-color-scheme", "value": .string(screen.isDark ? "dark" : "light")]]])
        try await browser.open("\(site)/sign-in?lang=\(language)")
      }
      try await seller.type(demo.email, into: "#email")
      try await seller.type(demo.password, into: "#password")
      try await seller.click("main form button")
      try await seller.wait(until: "location.pathname !== '/sign-in'")

      // The file is only compared at first: nothing of it is there, and the row that is wrong says why.
      try await seller.open("\(site)/studio/aangan?tab=products&import")
      try await seller.find("#csv").type(file.path)
      try await seller.wait(until: "location.pathname.includes('/imports/')")
      try await seller.wait(until: "document.querySelector('import-progress:not([moving]) .button.buy') !== null")
      #expect(try await seller.run("return document.querySelectorAll('.changes .why').length") == 1)
      try await keep(seller, "1-import-checked")
      try await seller.click("import-progress .button.buy")
      try await seller.wait(until: "document.querySelector('.found a[href*=\"/products/\"]') !== null")
      try await seller.wait(until: "document.querySelector('import-progress:not([moving])') !== null")
      try await keep(seller, "2-imported")

      let sold = try await Self.order(of: "Copper bottle", on: Client(demo.watch))
      try await seller.open("\(site)/studio/aangan?tab=orders")
      #expect(try await seller.run("return document.body.innerText").string?.contains(sold.number) == true)
      try await keep(seller, "3-orders")

      // What is chosen is what is printed, and what is in the file.
      try await seller.click("main a[href$='/packing']")
      try await seller.wait(until: "document.querySelector('packing-list .slip') !== null")
      let slip = "[...document.querySelectorAll('.slip')].find((slip) => slip.innerText.includes('\(sold.number)'))"
      let shown = try await seller.run("return \(slip).innerText").string ?? ""
      for wanted in ["Copper bottle", "CB-600", "CB-1000", "12 Lamp Lane", "411001"] {
        #expect(shown.contains(wanted), "\(wanted) in \(shown)")
      }
      try await keep(seller, "4-packing-list")
      try await seller.run("window.print = () => { window.printed = true }")
      try await seller.click("[data-part=print]")
      #expect(try await seller.run("return window.printed === true") == true)
      let labels =
        try await seller.run(
          """
          const button = document.querySelector("[formaction$='/labels']");
          const query = new URLSearchParams(new FormData(button.form));
          return fetch(`${button.formAction}?${query}`).then((answer) => answer.text())
          """
        ).string ?? ""
      #expect(labels.contains("\(sold.number),Asha Rao,,12 Lamp Lane,"), "\(labels)")
      #expect(labels.contains("+919876543210,asha@example.com,1520,3,"), "\(labels)")

      // What the carrier gave back, and a number that is no order's.
      try await seller.click("details:has(parcel-rows) > summary")
      try await seller.type("\(sold.number), Blue Dart, BD123\nH-0000-0000, Blue Dart, BD124", into: "#rows")
      try await seller.click("parcel-rows .button.strong")
      try await seller.wait(until: "document.querySelector('#refused') !== null")
      #expect(try await seller.run("return document.querySelectorAll('[role=alert] li').length") == 1)
      #expect(try await seller.run("return document.querySelector('#rows').value") == "H-0000-0000,Blue Dart,BD124")
      try await keep(seller, "5-sent")

      let page = "\(site)/orders/\(sold.id)"
      try await buyer.open("\(page)?token=\(sold.token)")
      let parcel = try await buyer.run("return document.querySelector('.parcel').innerText").string ?? ""
      #expect(parcel.contains("Blue Dart") && parcel.contains("BD123"), "\(parcel)")
      try await keep(buyer, "6-buyer-sent")

      try await seller.open(page)
      try await seller.run(
        "document.querySelector('[name=refund]').closest('details').open = true;"
          + "document.querySelector('[name=\"refund.0\"]').value = '0'; document.querySelector('[name=\"refund.1\"]').value = '1'"
      )
      try await seller.type("A dent in the lid", into: "#reason")
      try await keep(seller, "7-refunding")
      try await seller.run("document.querySelector('[name=refund]').form.requestSubmit()")
      try await seller.wait(until: "document.querySelector('#refunds') !== null")

      try await buyer.open(page)
      let refund =
        try await buyer.run(
          "return document.querySelector('[aria-labelledby=refunds]').innerText"
        ).string ?? ""
      #expect(refund.contains("A dent in the lid") && refund.contains("1,199"), "\(refund)")
      try await keep(buyer, "8-buyer-refunded")

      // It came; the buyer says so, and how it was.
      try await buyer.click(".parcel form .button")
      try await buyer.wait(until: "document.querySelector('[name=stars]') !== null")
      try await buyer.run("document.querySelector('[name=stars][value=\"4\"]').click()")
      try await buyer.type("Shines, and the dent was made good.", into: "#rating-text")
      try await buyer.run("document.querySelector('#rating').scrollIntoView()")
      try await keep(buyer, "9-buyer-rates")
      try await buyer.click("#rating .button.strong")
      try await buyer.wait(until: "document.querySelector('#rating .rated') !== null")
      try await seller.open("\(site)/@aangan/ratings")
      #expect(try await seller.text(".said") == "Shines, and the dent was made good.")
      try await keep(seller, "10-ratings")
      try await seller.open("\(site)/studio/aangan/customers?q=asha")
      try await seller.click(".rows a")
      try await seller.wait(until: "document.querySelector('#note') !== null")
      try await keep(seller, "11-customer")
    }
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }

  /// Somebody without an account buys three bottles, two small and a large one, and pays.
  private static func order(of title: String, on client: Client) async throws -> Sold {
    let cards = try await client.call("GET", "/api/v1/channels/aangan/cards?market=IN&limit=100", expecting: 200)
    let items = cards["items"] as? [[String: Any]] ?? []
    let variants = items.first { $0["title"] as? String == title }?["variants"] as? [[String: Any]] ?? []
    let offers = variants.compactMap { ($0["offer"] as? [String: Any])?["id"] as? String }
    guard offers.count == 2 else { throw Trouble("\(offers.count) offers of “\(title)”") }
    let buyer: [String: Any] = [
      "name": "Asha Rao", "email": "asha@example.com", "phone": "+91 98765 43210",
      "address": ["line1": "12 Lamp Lane", "city": "Pune", "region": "MH", "postalCode": "411001", "country": "IN"],
    ]
    let placed = try await client.call(
      "POST", "/api/v1/orders",
      [
        "market": "IN", "buyer": buyer,
        "lines": [["offer": offers[0], "quantity": 2], ["offer": offers[1], "quantity": 1]],
      ], headers: ["Idempotency-Key": "bottles"], expecting: 201)
    let (id, token) = (try placed.text("order.id"), try placed.text("accessToken"))
    let method = try await client.call(
      "POST", "/sandbox/v1/payment_methods",
      ["number": "4242424242424242", "expMonth": 12, "expYear": 2030, "cvc": "123"])
    try await client.call(
      "POST", "/api/v1/orders/\(id)/payment", ["paymentMethod": try method.text("id")],
      headers: ["Order-Token": token, "Idempotency-Key": "pay"], expecting: 200)
    return Sold(id: id, number: try placed.text("order.number"), token: token)
  }
}
