import Commerce
import TestKit
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(3))) struct RequestWebTests {
  /// A paid order and what opens it.
  private func paid(_ web: RunningWeb) async throws -> (id: String, token: String) {
    let (id, token) = try await web.placed()
    let card = try await web.method("4242424242424242")
    _ = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": token, "Idempotency-Key": "pay-\(id)"])
    return ("\(id)", token)
  }

  @Test func `a buyer asks to cancel by the API, and the seller answers`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let (id, token) = try await paid(web)
      let path = "/api/v1/orders/\(id)"
      let asking = ["Order-Token": token, "Idempotency-Key": "ask"]
      web.square.clock.advance(seconds: 3600)
      #expect(
        try await web.guest.post("\(path)/cancellation-requests", [:], headers: ["Order-Token": token]).status == 400)
      let asked = try await web.guest.post("\(path)/cancellation-requests", ["note": "Too dear"], headers: asking)
      #expect(asked.status == 201 && asked.json["state"] == "requested", "\(asked.text)")
      let again = try await web.guest.post("\(path)/cancellation-requests", ["note": "Too dear"], headers: asking)
      #expect(again.json["id"] == asked.json["id"])
      let cancellation = try #require(asked.json["id"].string)
      let open = try await owner.get("/api/v1/channels/lamps/requests")
      #expect(open.json["items"][0]["cancellation"]["id"].string == cancellation, "\(open.text)")
      #expect(try await web.guest.post("\(path)/cancellations/\(cancellation)/acceptance").status >= 401)
      let refused = try await owner.post("\(path)/cancellations/\(cancellation)/refusal", ["reason": "Packed"])
      #expect(refused.json["answer"] == "Packed", "\(refused.text)")
      let cancelled = try await owner.post(
        "\(path)/cancellations", ["reason": "out_of_stock"], headers: ["Idempotency-Key": "c"])
      #expect(cancelled.status == 201 && cancelled.json["state"] == "accepted", "\(cancelled.text)")
      let order = try await web.guest.get(path, headers: ["Order-Token": token])
      #expect(order.json["state"] == "refunded")
      let events = try await web.guest.get("\(path)/events", headers: ["Order-Token": token])
      #expect(events.json["items"].array.count == 3, "\(events.text)")
    }
  }

  @Test func `a buyer cancels, and sends something back, on the order's page`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let html = ["Accept": "text/html"]
      func held(_ token: String) -> [String: String] {
        ["Cookie": "haat_order=\(token)", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"]
      }
      let (first, firstToken) = try await paid(web)
      let page = try await web.guest.get("/orders/\(first)", headers: held(firstToken)).text
      let cancellation = String(try #require(page.firstMatch(of: /name="cancellation" value="([^"]+)"/)).1)
      for _ in 0..<2 {
        let done = try await web.guest.submit(
          "/orders/\(first)", ["do": "ask-cancel", "cancellation": cancellation, "note": ""], headers: held(firstToken))
        #expect(done.status == 303, "\(done.text)")
      }
      let english = try ResourceFiles.words()["en"]
      let cancelled = try await web.guest.get("/orders/\(first)", headers: held(firstToken)).text
      #expect(cancelled.contains(try #require(english?["cancel.paidText"])))

      let (id, token) = try await paid(web)
      #expect(try await owner.submit("/orders/\(id)", ["do": "ship", "line.0": "1"]).status == 303)
      let parcel = try await owner.get("/api/v1/orders/\(id)/shipments").json["items"][0]["id"].string ?? ""
      _ = try await web.guest.submit("/orders/\(id)", ["do": "deliver", "shipment": parcel], headers: held(token))
      let form = try await web.guest.get("/orders/\(id)", headers: held(token)).text
      let goods = String(try #require(form.firstMatch(of: /name="return" value="([^"]+)"/)).1)
      let wrong = try await web.guest.submit(
        "/orders/\(id)", ["do": "ask-return", "return": goods, "return.0": "9", "reason": "damaged"],
        headers: held(token))
      #expect(wrong.status == 422 && wrong.text.contains("role=\"alert\""), "\(wrong.text)")
      let asked = try await web.guest.submit(
        "/orders/\(id)",
        ["do": "ask-return", "return": goods, "return.0": "1", "reason": "damaged", "note": "The lid <b>broke"],
        headers: held(token))
      #expect(asked.status == 303, "\(asked.text)")

      let studio = try await owner.get("/studio/lamps?tab=orders", headers: html).text
      #expect(studio.contains("id=\"requests\""))
      let seen = try await owner.get("/orders/\(id)", headers: html).text
      #expect(seen.contains("value=\"approve-return\"") && seen.contains("The lid &lt;b&gt;broke"))
      let approve: KeyValuePairs = ["do": "approve-return", "return": goods, "instructions": "Lamp Street 1"]
      #expect(try await web.guest.submit("/orders/\(id)", approve, headers: held(token)).status != 303)
      #expect(try await owner.submit("/orders/\(id)", approve).status == 303)
      let told = try await web.guest.get("/orders/\(id)", headers: held(token)).text
      #expect(told.contains("Lamp Street 1") && told.contains("value=\"send-return\""))
      let sent = try await web.guest.submit(
        "/orders/\(id)", ["do": "send-return", "return": goods, "tracking": "EE9"], headers: held(token))
      #expect(sent.status == 303)
      let received = try await owner.submit(
        "/orders/\(id)", ["do": "receive-return", "return": goods, "restock.0": "0", "writeoff.0": "1"])
      #expect(received.status == 303, "\(received.text)")
      let order = try await owner.get("/api/v1/orders/\(id)").json
      #expect(order["refunded"] == order["total"], "all of it was sent back, and was broken")
    }
  }

  @Test func `an operator decides what came before them`() async throws {
    try await RunningWeb.run { web in
      let (owner, house) = (try await web.owner, try await web.operator)
      let (id, token) = try await paid(web)
      let path = "/api/v1/orders/\(id)"
      let parcel = try await owner.post("\(path)/shipments", [:], headers: ["Idempotency-Key": "s"])
      _ = try await owner.post("\(path)/shipments/\(parcel.json["id"].string ?? "")/delivery")
      let asked = try await web.guest.post(
        "\(path)/returns", ["reason": "wrong_size", "lines": [["line": 0, "quantity": 1]]],
        headers: ["Order-Token": token, "Idempotency-Key": "r"])
      let goods = try #require(asked.json["id"].string, "\(asked.text)")
      #expect(asked.json["dueAt"].string != nil)
      #expect(try await owner.post("\(path)/returns/\(goods)/refusal", ["reason": "Worn"]).status == 200)
      let disputed = try await web.guest.post(
        "\(path)/returns/\(goods)/dispute", ["note": "It was not"], headers: ["Order-Token": token])
      #expect(disputed.json["state"] == "disputed", "\(disputed.text)")
      #expect(try await owner.get("/api/v1/returns").status == 403)
      #expect(try await house.get("/api/v1/returns").json["items"].array.count == 1)
      let page = try await house.get("/operator/returns", headers: ["Accept": "text/html"]).text
      #expect(page.contains("It was not") && page.contains("Worn"))
      let empty = try await house.submit("/operator/returns", ["return": goods, "decision": "approve", "text": ""])
      #expect(empty.status == 422 && empty.text.contains("role=\"alert\""))
      let decided = try await house.post(
        "/api/v1/returns/\(goods)/decision", ["decision": "refund", "text": "Keep it"])
      #expect(decided.json["state"] == "received" && decided.json["isDecided"] == true, "\(decided.text)")
      #expect(try await owner.get(path).json["refunded"]["minor"] != 0)
    }
  }
}
