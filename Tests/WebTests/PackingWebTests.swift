import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(3))) struct PackingWebTests {
  private let html = ["Accept": "text/html"]

  private func paid(_ web: RunningWeb, _ quantity: Int = 1) async throws -> (id: String, token: String) {
    let (id, token) = try await web.placed(quantity)
    let card = try await web.method("4242424242424242")
    _ = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": token, "Idempotency-Key": "pay-\(id)"])
    return (id, token)
  }

  private func number(_ id: String) throws -> String { try #require(ID<Order>(id)).orderNumber }

  @Test func `a packing list says what goes where, and its labels are a file`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      #expect(try await owner.get("/studio/lamps/packing", headers: html).text.contains("class=\"empty\""))
      let first = try await paid(web, 2)
      web.square.clock.advance(seconds: 1)
      let second = try await paid(web)
      let studio = try await owner.get("/studio/lamps?tab=orders", headers: html).text
      #expect(studio.contains("/studio/lamps/packing") && studio.contains("Pack 2 orders"))
      let noted = try await owner.submit("/orders/\(first.id)", ["do": "note", "note": "Wrap <b>it</b>"])
      #expect(noted.status == 303)
      #expect(try await owner.get("/orders/\(first.id)", headers: html).text.contains("Wrap &lt;b&gt;it&lt;/b&gt;"))
      let held = ["Cookie": "haat_order=\(first.token)", "Accept": "text/html"]
      #expect(try await web.guest.get("/orders/\(first.id)", headers: held).text.contains("Wrap") == false)

      let page = try await owner.get("/studio/lamps/packing", headers: html)
      for wanted in [
        try number(first.id), try number(second.id), "12 Lamp Lane", "411001 Pune", "Wrap &lt;b&gt;it&lt;/b&gt;",
        "LAMP-1", "2 orders · 3 units", "+91 98765 43210",
      ] { #expect(page.text.contains(wanted), "\(wanted)") }
      #expect(try await owner.get("/studio/lamps/packing?lang=hi", headers: html).text.contains("पैकिंग सूची"))
      let chosen = try await owner.get("/studio/lamps/packing?order=\(second.id)", headers: html).text
      #expect(chosen.contains(try number(second.id)))
      #expect(!chosen.contains(try number(first.id)))
      #expect(try await owner.get("/studio/lamps/packing?order=nothing", headers: html).status == 404)

      let file = try await owner.get("/studio/lamps/packing/labels?order=\(first.id)&order=\(second.id)")
      #expect(file.header("content-type") == "text/csv; charset=utf-8" && file.text.contains("411001,IN,+919876543210"))
      #expect(file.header("content-disposition")?.contains("lamps-labels-") == true)
      #expect(file.text.split(separator: "\r\n").count == 3)
      #expect(
        try await owner.get("/api/v1/channels/lamps/packing/labels?order=\(first.id)").text.count < file.text.count)
      let listed = try await owner.get("/api/v1/channels/lamps/packing").json["items"]
      #expect(
        listed.array.count == 2 && listed[0]["lines"][0]["quantity"] == 2 && listed[0]["note"] == "Wrap <b>it</b>")
      #expect(try await owner.get("/api/v1/channels/lamps/packing?order=x").status == 400)
      for path in ["/studio/lamps/packing", "/studio/lamps/packing/labels"] {
        #expect(try await web.stranger.get(path, headers: html).status == 404)
      }
    }
  }

  @Test func `tracking numbers are taken for many, and what was refused is there to be mended`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let (first, second, third) = (try await paid(web), try await paid(web), try await paid(web))
      let rows =
        "order,carrier,tracking\n\(try number(first.id)),\"Blue, Dart\",BD1\nH-0000-0000,India Post,\"<b>,1\"\n"
      let sent = try await owner.submit("/studio/lamps/packing", ["do": "rows", "rows": rows])
      #expect(sent.status == 200 && sent.text.contains("1 order is marked as sent."), "\(sent.text)")
      #expect(sent.text.contains("Line 2") && sent.text.contains(">H-0000-0000,India Post,&quot;&lt;b&gt;,1&quot;<"))
      let held = ["Cookie": "haat_order=\(first.token)", "Accept": "text/html"]
      let seen = try await web.guest.get("/orders/\(first.id)", headers: held).text
      #expect(seen.contains("Blue, Dart") && seen.contains("BD1"))

      let marked = try await owner.submit(
        "/studio/lamps/packing", ["do": "sent", "order": second.id, "order": third.id])
      #expect(marked.text.contains("2 orders are marked as sent.") && marked.text.contains("class=\"empty\""))
      let none = try await owner.submit("/studio/lamps/packing", ["do": "sent"])
      #expect(none.status == 422 && none.text.contains("role=\"alert\""))
      let open = try await owner.submit("/studio/lamps/packing", ["do": "rows", "rows": "\"H-1"])
      #expect(open.status == 422 && open.text.contains(">&quot;H-1<"))
      #expect(try await web.stranger.submit("/studio/lamps/packing", ["do": "rows", "rows": "H-1"]).status == 404)

      let answer = try await owner.post(
        "/api/v1/channels/lamps/shipments", ["rows": [["order": .string(first.id), "tracking": "x"]]])
      #expect(answer.json["items"][0]["code"] == "parcel_not_waiting", "\(answer.text)")
    }
  }
}
