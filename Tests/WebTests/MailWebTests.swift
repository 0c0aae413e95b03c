import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(3))) struct MailWebTests {
  /// Each mail's file, with both of its texts read.
  private func mails(_ directory: URL) throws -> [String] {
    guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "eml" }
      .map { file in
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let text = try String(contentsOf: file, encoding: .utf8)
        let blocks = text.components(separatedBy: "base64\r\n\r\n").dropFirst().map { part in
          Data(base64Encoded: part.components(separatedBy: "--haat_")[0].replacing("\r\n", with: ""))
        }
        return text + blocks.map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "unreadable" }.joined()
      }
  }

  @Test(arguments: [("en", "Thank you! Your payment arrived", "is on its way"), ("hi", "आपका भुगतान मिल गया", "पार्सल")])
  func `a guest gets a file of mail for each step, whose link opens the order`(
    language: String, thanks: String, onItsWay: String
  ) async throws {
    let data = FileManager.default.temporaryDirectory.appending(path: "haat-mail-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: data) }
    let directory = data.appending(path: "mail")
    try await RunningWeb.run(configure: { $0.dataDirectory = data.path }) { web in
      let placed = try await web.guest.post(
        "/api/v1/orders", web.order(1, offer: web.lampOffer()),
        headers: ["Idempotency-Key": "one", "Accept-Language": language])
      let id = try #require(placed.json["order"]["id"].string)
      let token = try #require(placed.json["accessToken"].string)
      let card = try await web.method("4242424242424242")
      _ = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
        headers: ["Order-Token": token, "Idempotency-Key": "pay"])
      let first = try await web.until({ try mails(directory) }, is: { $0.count == 1 })[0]
      #expect(first.contains("To: <asha@example.com>") && first.contains("Auto-Submitted: auto-generated"))
      #expect(first.contains(thanks) && first.contains("<h1>") && first.contains("Asha Rao"), "\(first)")
      let link = try #require(first.firstMatch(of: /\/orders\/([0-9a-f-]+)\?token=([a-z0-9_]+)/))
      #expect(String(link.1) == id && String(link.2) != token)
      let opened = try await web.guest.get(String(link.output.0), headers: ["Accept": "text/html"])
      #expect(opened.status == 303 && opened.header("Set-Cookie")?.contains("haat_order=") == true, "\(opened.status)")
      let owner = try await web.owner
      _ = try await owner.post(
        "/api/v1/orders/\(id)/shipments", ["carrier": "India Post", "tracking": "EE<1>"],
        headers: ["Idempotency-Key": "s"])
      let second = try await web.until({ try mails(directory) }, is: { $0.count == 2 })
      let parcel = try #require(second.first { $0.contains("EE<1>") })
      #expect(parcel.contains(onItsWay) && parcel.contains("India Post") && parcel.contains("EE&lt;1&gt;"))
    }
  }

  @Test func `what a confirmation lists comes to its total, with coupon and shipping`() async throws {
    let data = FileManager.default.temporaryDirectory.appending(path: "haat-mail-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: data) }
    try await RunningWeb.run(configure: { $0.dataDirectory = data.path }) { web in
      let square = web.square
      _ = try await square.commerce.makeCoupon(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        CouponDraft(code: "GLOW", market: "IN", amountMinor: 60_000, claimsMax: 1))
      let offer = ID<Offer>(try await web.lampOffer())
      let lamp = Bag.Line(offer: try #require(offer), quantity: 1)
      let placed = try await square.commerce.placeOrder(
        square.commerce.makeID(), Bag(show: square.show.id, market: "IN", lines: [lamp], coupon: "glow"),
        buyer: Buyer(
          account: nil, name: "Asha", email: "asha@example.com", phone: "",
          address: Buyer.Address(
            name: "", line1: "1 Lamp Lane", line2: "", city: "Pune", region: "", postalCode: "411001", country: "IN")),
        language: "en")
      _ = try await square.commerce.pay(
        placed.order.id, method: try await web.method("4242424242424242"), key: "1", token: placed.access)
      let directory = data.appending(path: "mail")
      let mail = try await web.until({ try mails(directory) }, is: { $0.count == 1 })[0]
      let (order, words) = (placed.order, "₹1,299")
      #expect(mail.contains(words) && mail.contains("Coupon GLOW: −₹600"))
      let shipping = order.shipping.minor == 0 ? "Free" : "₹\(order.shipping.minor / 100)"
      #expect(mail.contains("Shipping: \(shipping)"))
      #expect(mail.contains("Total: ₹\(order.total.minor / 100)"), "\(mail)")
    }
  }
}
