import Foundation
import TestKit
import Testing

struct StockWebTests {
  @Test func `stock is received and corrected with a reason, and the page tells it`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let variant = "\(web.square.lampVariant)"
      let received = try await owner.post(
        "/api/v1/variants/\(variant)/receipts", ["count": 5, "note": "from the kiln"])
      #expect(received.status == 201 && received.json["onHand"] == 15, "\(received.text)")
      let page = "/studio/lamps/stock/\(variant)"
      let form = ["Content-Type": "application/x-www-form-urlencoded"]
      web.square.clock.advance(seconds: 1)
      let corrected = try await owner.send(
        "POST", page, headers: form, body: Array("do=correct&count=14&note=one+%3Cb%3Ebroke".utf8))
      #expect(corrected.status == 303, "\(corrected.text)")
      let bare = try await owner.send("POST", page, headers: form, body: Array("do=receive&count=14&note=".utf8))
      #expect(bare.status == 422)
      web.square.clock.advance(seconds: 1)
      _ = try await web.placed(2)
      let shown = try await owner.get(page)
      #expect(shown.text.contains("one &lt;b&gt;broke") && shown.text.contains("from the kiln"))
      #expect(shown.text.contains("+2 reserved") && shown.text.contains("14 on hand, 2 reserved"))
      #expect(try await owner.get(page + "?lang=hi").text.contains("भंडार का हिसाब"))
      let movements = try await owner.get("/api/v1/variants/\(variant)/movements?limit=2")
      #expect(movements.json["items"].array.count == 2 && movements.json["next"].string != nil)
      #expect(movements.json["items"][0]["kind"] == "reserved" && movements.json["items"][1]["by"] == "Lata")
      for path in [page, "/api/v1/variants/\(variant)/movements"] {
        #expect(try await web.stranger.get(path).status == 404, "\(path)")
      }
      #expect(try await owner.get("/studio/lamps?tab=products").text.contains(page))
    }
  }
}
