import Commerce
import Foundation
import Store
import TestKit
import Testing

/// Payouts and statements over HTTP and on their pages.
@Suite(.timeLimit(.minutes(2))) struct PayoutWebTests {
  private struct Stopped: Error {}

  /// A lamp that was sold and settled.
  private func settle(_ web: RunningWeb) async throws {
    let offer = try await web.lampOffer()
    let placed = try await web.guest.post(
      "/api/v1/orders",
      [
        "show": "\(web.square.show.id)", "market": "IN", "lines": [["offer": .string(offer), "quantity": 1]],
        "buyer": [
          "name": "Asha", "email": "asha@example.com", "phone": "9876543210",
          "address": [
            "name": "Asha", "line1": "1 Lane", "city": "Jaipur", "region": "RJ", "postalCode": "302001",
            "country": "IN",
          ],
        ],
      ], headers: ["Idempotency-Key": "sale"])
    let id = placed.json["order"]["id"].string ?? ""
    let card = try await web.method("4242424242424242")
    let paid = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": placed.json["accessToken"].string ?? "", "Idempotency-Key": "pay"])
    #expect(paid.status < 300, "\(placed.text) \(paid.text)")
    let owner = web.square.owner
    guard let order = ID<Order>(id) else { throw Stopped() }
    let parcel = try await web.square.commerce.ship(order, by: owner)
    _ = try await web.square.commerce.deliver(parcel.id, of: order, by: owner)
    web.square.clock.advance(days: 4)
    #expect(try await web.square.commerce.settleOrders() == 1)
  }

  @Test func `money goes from a settled order to a bank file, and everybody sees only their own part`() async throws {
    try await RunningWeb.run { web in
      let (owner, stranger, house) = (try await web.owner, try await web.stranger, try await web.operator)
      let base = "/api/v1/channels/\(web.square.channel.id)"
      let account: JSON = ["holder": "Meera", "number": "GB82 WEST 1234 5698 7654 32"]
      for (client, status) in [(web.guest, 401), (stranger, 404)] {
        #expect(try await client.put("\(base)/payout-destination", account).status == status)
        for path in ["payout-destination", "payouts", "payouts/due", "statements/2026-11"] {
          #expect(try await client.get("\(base)/\(path)").status == status, "\(path)")
        }
      }
      for (client, status) in [(web.guest, 401), (owner, 403)] {
        for path in ["payouts", "payouts/due", "payout-files", "ledger/books/2026-11"] {
          #expect(try await client.get("/api/v1/\(path)").status == status, "\(path)")
        }
        #expect(try await client.post("/api/v1/payouts", [:]).status == status)
        #expect(try await client.post("/api/v1/payout-files", ["currency": "INR"]).status == status)
        #expect(try await client.put("\(base)/payout-hold", ["reason": "x"]).status == status)
        #expect(try await client.delete("\(base)/payout-hold").status == status)
      }
      #expect(try await owner.get("\(base)/payout-destination").status == 404)
      try await settle(web)
      let due = try await owner.get("\(base)/payouts/due").json["items"][0]
      #expect(due["block"] == "no_destination")
      let saved = try await owner.put("\(base)/payout-destination", account)
      #expect(saved.status == 200 && saved.json["ending"] == "5432" && !saved.text.contains("WEST"))
      let wrong = try await owner.put("\(base)/payout-destination", ["holder": "Meera", "number": "GB82 WEST 1"])
      #expect(wrong.status == 422 && wrong.json["field"] == "number")

      #expect(try await house.put("\(base)/payout-hold", ["reason": "a complaint"]).status == 204)
      #expect(try await owner.get("\(base)/payouts/due").json["items"][0]["holdReason"] == "a complaint")
      #expect(try await house.delete("\(base)/payout-hold").status == 204)
      #expect(try await house.post("/api/v1/payouts", [:]).json["count"] == 1)
      let file = try await house.post("/api/v1/payout-files", ["currency": "INR"])
      #expect(file.status == 201 && file.json["payouts"] == 1)
      let id = file.json["id"].string ?? ""
      let bank = try await house.get("/api/v1/payout-files/\(id)")
      #expect(bank.header("content-type") == "text/csv; charset=utf-8" && bank.text.contains("GB82WEST12345698765432"))
      #expect(try await owner.get("/api/v1/payout-files/\(id)").status == 403)
      let payout = try await owner.get("\(base)/payouts").json["items"][0]
      #expect(payout["state"] == "sent" && payout["number"].string?.hasPrefix("P-") == true)
      let path = "/api/v1/payouts/\(payout["id"].string ?? "")"
      #expect(try await owner.post("\(path)/arrival", [:]).status == 403)
      #expect(try await owner.post("\(path)/return", ["reason": "mine"]).status == 403)
      #expect(try await house.post("/api/v1/payout-files/\(id)/arrival", [:]).json["count"] == 1)
      let late = try await house.post("\(path)/return", ["reason": "late"])
      #expect(late.status == 409 && late.json["code"] == "payout_ended")
      let month = String(web.square.clock.now.description.prefix(7))
      let statement = try await owner.get("\(base)/statements/\(month)").json["items"][0]
      #expect(statement["closing"]["minor"] == 0 && !statement["lines"].array.isEmpty)
      #expect(try await owner.get("\(base)/statements/soon").status == 400)
    }
  }

  @Test func `an owner and the operator do the same on their pages, without scripts`() async throws {
    try await RunningWeb.run { web in
      let (owner, stranger, house) = (try await web.owner, try await web.stranger, try await web.operator)
      let money = "/studio/\(web.square.channel.handle)/money"
      #expect(try await stranger.get(money).status == 404)
      #expect(try await owner.get("/operator/payouts").status == 403)
      try await settle(web)
      #expect(try await owner.get(money).text.contains("Add a bank account to be paid."))
      let refused = try await owner.submit(money, ["holder": "Meera & Co", "number": "12", "code": "HDFC0001234"])
      #expect(refused.status == 422 && refused.text.contains("value=\"Meera &amp; Co\""), "what was typed is there")
      #expect(
        try await owner.submit(money, ["holder": "Meera & Co", "number": "12345678", "code": "HDFC0001234"]).status
          == 303)
      let page = try await owner.get(money).text
      #expect(
        page.contains("····5678") && page.contains("Goes out with the next payout.") && !page.contains("12345678"))
      let desk = "/operator/payouts"
      #expect(try await house.get(desk).text.contains("Can be paid"))
      #expect(try await house.submit(desk, ["do": "prepare"]).status == 303)
      #expect(try await house.get(desk).text.contains("One payout of ₹"))
      #expect(try await house.submit(desk, ["do": "file", "currency": "INR"]).status == 303)
      let files = try await house.get("/api/v1/payout-files").json["items"][0]["id"].string ?? ""
      #expect(try await house.get("\(desk)/\(files)").text.contains("12345678,HDFC0001234"))
      #expect(try await house.submit(desk, ["do": "filePaid", "file": files]).status == 303)
      #expect(try await owner.get(money).text.contains("Paid"))
      let month = String(web.square.clock.now.description.prefix(7))
      let statement = try await owner.get("\(money)/\(month)").text
      #expect(statement.contains("Payout") && statement.contains("₹0"))
      let file = try await owner.get("\(money)/\(month)/file")
      #expect(file.text.hasPrefix("date,kind,number,order,sold,tax,commission,creator,amount,currency\n"))
      #expect(try await stranger.get("\(money)/\(month)/file").status == 404)
      #expect(try await house.get("/operator/books?month=\(month)").text.contains("Paid out by the bank"))
      let journal = try await house.get("/operator/books/\(month)/journal")
      #expect(journal.text.contains(",bank,") && journal.text.hasSuffix("INR\n"))
      #expect(try await owner.get("/operator/books/\(month)/journal").status == 403)
    }
  }

  @Test func `a seller opens an account at the provider on their page, and is paid through it`() async throws {
    try await RunningWeb.run(paysOut: true) { web in
      let (owner, house) = (try await web.owner, try await web.operator)
      let money = "/studio/\(web.square.channel.handle)/money"
      let before = try await owner.get(money).text
      #expect(before.contains("Be paid through the sandbox") && before.contains("<option value=\"IN\""))
      try await settle(web)
      let opened = try await owner.submit(money, ["do": "connect", "country": "IN"])
      #expect(opened.status == 303 && opened.header("location") == "\(money)?connect=returned")
      let back = try await owner.get("\(money)?connect=returned")
      #expect(back.status == 303 && back.header("location") == money)
      let after = try await owner.get(money).text
      #expect(after.contains("Your payouts go here") && !after.contains("<select"))
      let base = "/api/v1/channels/\(web.square.channel.id)"
      #expect(try await owner.get("\(base)/payout-account").json["isReady"] == true)
      #expect(try await owner.get("\(base)/payout-destination").json["provider"] == "sandbox")
      #expect(
        try await owner.post("\(base)/payout-account", ["country": "IN"]).json["url"].string
          == back.header("location").map { $0 + "?connect=returned" })
      #expect(try await house.post("/api/v1/payouts", [:]).json["count"] == 1)
      let waiting = try await house.get("/operator/payouts").text
      #expect(!waiting.contains("waits for a file"), "no bank is asked for it")
      try await web.square.commerce.sendPayouts()
      // The server's own round may have been first, and is not done yet then.
      let payout = try await web.until({ try await owner.get("\(base)/payouts").json["items"][0] }) {
        $0["state"] != "pending"
      }
      #expect(payout["state"] == "paid" && payout["provider"] == "sandbox")
      let late = try await house.post("/api/v1/payouts/\(payout["id"].string ?? "")/return", ["reason": "late"])
      #expect(late.status == 409 && late.json["code"] == "payout_at_provider")
    }
  }

  @Test(arguments: [("en", "is on its way to you", "your statement of"), ("hi", "आपके पास आ रहे हैं", "का विवरण")])
  func `an owner's mails say what is paid out, and what the month came to, sum by sum`(
    language: String, payout: String, statement: String
  ) async throws {
    try await RunningWeb.run { web in
      let (owner, house) = (try await web.owner, try await web.operator)
      try await settle(web)
      let base = "/api/v1/channels/\(web.square.channel.id)"
      try await web.square.commerce.database.write { db in _ = try db.run("UPDATE channel SET language = \(language)") }
      _ = try await owner.put(
        "\(base)/payout-destination", ["holder": "Meera", "number": "GB82 WEST 1234 5698 7654 32"])
      #expect(try await house.post("/api/v1/payouts", [:]).json["count"] == 1)
      web.square.clock.advance(days: 31)
      _ = try await web.square.commerce.mailStatements()
      // A month later nobody is signed in any more.
      let reader = try await web.owner
      let mails = try await reader.get("\(base)/mails").json["items"].array
      func text(_ kind: String) async throws -> String {
        let id = mails.first { $0["kind"].string == kind }?["id"].string ?? ""
        return try await reader.get("/api/v1/mails/\(id)").text
      }
      let paid = try await text("payout")
      #expect(paid.contains(payout) && paid.contains("····5432") && paid.contains("/money"), "\(paid)")
      let month = try await text("statement")
      #expect(month.contains(statement) && month.contains("₹") && month.contains("/money/2026-"), "\(month)")
      let desk = try await reader.get("/studio/\(web.square.channel.handle)/mails").text
      #expect(desk.contains(payout) && desk.contains(statement), "the desk lists them by what they say")
    }
  }
}
