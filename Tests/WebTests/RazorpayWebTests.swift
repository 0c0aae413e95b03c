import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Web

/// What pages and the API say where buyers pay by UPI.
@Suite struct RazorpayWebTests {
  @Test func `a program asks for a code, gets it as a link and a picture, and sees it paid`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    try await stall.serve { port in
      let placed = try await stall.place()
      let guest = Client(port: port)
      let path = "/api/v1/orders/\(placed.order.id)/payment"
      let token = ["Order-Token": placed.access.text]
      let asked = try await guest.post(
        path, ["paymentMethod": "upi"], headers: token.merging(["Idempotency-Key": "1"]) { $1 })
      #expect(asked.json["state"] == "requires_action")
      let link = try #require(asked.json["actionURL"].string)
      #expect(link.hasPrefix("upi://pay?"))
      #expect(asked.json["actionPicture"].string == QRCode(link)?.dataURL)
      let waiting = try await guest.get(path, headers: token).json
      #expect(waiting["state"] == "requires_action" && waiting["actionPicture"] == asked.json["actionPicture"])
      let card = try await guest.post(
        path, ["paymentMethod": "pm_card_visa"], headers: token.merging(["Idempotency-Key": "2"]) { $1 })
      #expect(card.status == 422 || card.status == 400)
      stall.razorpay.pay(try #require(stall.razorpay.codes.first?["id"].string))
      #expect(try await guest.get(path, headers: token).json["state"] == "paid")
    }
  }

  @Test func `the order's page asks for a code and shows it without scripts`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    try await stall.serve { port in
      let placed = try await stall.place()
      let guest = Client(port: port)
      let path = "/orders/\(placed.order.id)"
      let headers = ["Accept": "text/html", "Cookie": "haat_order=\(placed.access.text)"]
      let before = try await guest.get(path, headers: headers)
      #expect(before.text.contains(#"name="method" value="upi""#) && !before.text.contains("<card-payer"))
      let sent = try await guest.send(
        "POST", path,
        headers: headers.merging([
          "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
        ]) { $1 }, body: Array("do=pay&key=k1&method=upi".utf8))
      #expect(sent.status == 303 && sent.header("location") == path)
      let shown = try await guest.get(path, headers: headers)
      #expect(shown.text.contains("<upi-code") && shown.text.contains("data:image/svg+xml;base64,"))
      #expect(shown.text.contains(#"href="upi://pay?pa=rzr.lamps@icic&amp;pn=Lamps"#))
      #expect(!shown.text.contains(#"name="method" value="upi""#), "one code at a time")
      stall.razorpay.pay(try #require(stall.razorpay.codes.first?["id"].string))
      let after = try await guest.get("\(path)?payment=returned", headers: headers)
      #expect(!after.text.contains("<upi-code") && !after.text.contains("value=\"upi\""))
      #expect(try await stall.order(placed).state == .paid)
    }
  }

  @Test func `no page offers what UPI cannot do`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    try await stall.serve { port in
      let guest = Client(port: port)
      let watch = try await guest.get("/watch/\(stall.square.show.id)", headers: ["Accept": "text/html"])
      #expect(watch.text.contains(#""element":"upi-way""#) && !watch.text.contains(RazorpayStall.keySecret))
      #expect(watch.header("content-security-policy")?.contains("http") == false)
      let words = try await guest.get("/words/upi?lang=hi")
      #expect(words.json["upi"]["title"] == "UPI से भुगतान")
      let session = try await guest.post(
        "/api/v1/session", ["email": .string(MarketSquare.ownerEmail), "password": .string(MarketSquare.password)])
      let owner = Client(port: port, cookie: try session.cookie("haat_session"))
      let wallet = try await owner.get("/account/wallet", headers: ["Accept": "text/html"])
      #expect(!wallet.text.contains("<card-saver") && !wallet.text.contains("one-tap"))
      #expect(wallet.text.contains("No card is kept"))
      #expect(try await owner.get("/api/v1/wallet").json["keepsCards"] == false)
      let control = try await owner.get("/studio/shows/\(stall.square.show.id)", headers: ["Accept": "text/html"])
      #expect(control.status == 200 && !control.text.contains("<auction-desk"))
    }
  }
}
