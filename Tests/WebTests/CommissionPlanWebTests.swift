import Commerce
import Foundation
import TestKit
import Testing

/// Commission plans over HTTP and on the operator's page.
@Suite(.timeLimit(.minutes(2))) struct CommissionPlanWebTests {
  @Test func `a plan is the operator's to make, and a seller sees what it means for them`() async throws {
    try await RunningWeb.run { web in
      let (owner, operatorClient) = (try await web.owner, try await web.operator)
      let new: JSON = [
        "market": "IN", "commissionBasisPoints": 800, "startingDays": 90, "startingBasisPoints": 0,
        "refundFeeBasisPoints": 2_000, "refundFeeMaxMinor": 5_000,
      ]
      for (client, status) in [(web.guest, 401), (owner, 403)] {
        #expect(try await client.post("/api/v1/commission-plans", new).status == status)
        #expect(try await client.get("/api/v1/commission-plans").status == status)
      }
      let made = try await operatorClient.post("/api/v1/commission-plans", new)
      #expect(made.status == 201 && made.json["commissionBasisPoints"] == 800, "\(made.text)")
      let id = made.json["id"].string ?? ""
      #expect(try await owner.delete("/api/v1/commission-plans/\(id)").status == 403)
      let terms = "/api/v1/channels/\(web.square.channel.id)/commission"
      let mine = try await owner.get(terms).json["items"].array.first { $0["market"] == "IN" }
      #expect(mine?["commissionBasisPoints"] == 0 && mine?["afterwardsBasisPoints"] == 800)
      #expect(mine?["refundFeeMax"]["minor"] == 5_000 && mine?["startingUntil"].string != nil)
      #expect(try await web.stranger.get(terms).status == 404)
      #expect(try await web.guest.get(terms).status == 401)
      let tooMuch = try await operatorClient.post("/api/v1/commission-plans", ["commissionBasisPoints": 10_001])
      #expect(tooMuch.status == 422 && tooMuch.json["field"] == "commissionBasisPoints")
      let ended = try await operatorClient.delete("/api/v1/commission-plans/\(id)")
      #expect(ended.status == 200 && ended.json["endsAt"].string != nil)
    }
  }

  @Test func `the operator makes and ends a plan without scripts, and what was typed wrong is still there`()
    async throws
  {
    try await RunningWeb.run { web in
      let client = try await web.operator
      func make(_ commission: String, feeMax: String = "") async throws -> Reply {
        try await client.submit(
          "/operator/plans",
          [
            "do": "make", "market": "", "category": "Home > Lamps", "commission": commission, "startingDays": "30",
            "startingRate": "1.5", "refundFee": "20", "refundFeeMax": feeMax, "starts": "", "startsOffset": "0",
            "ends": "2099-01-01T00:00", "endsOffset": "330",
          ])
      }
      let refused = try await make("lots")
      #expect(refused.status == 422 && refused.text.contains(#"value="lots""#))
      // A time of the person's own zone goes back in UTC, from which the browser made it.
      #expect(refused.text.contains(#"value="2098-12-31T18:30""#))
      #expect(try await make("8", feeMax: "10").status == 422, "an amount needs a currency")
      #expect(try await make("8.25").status == 303)
      let page = try await client.get("/operator/plans").text
      #expect(page.contains("8.25% commission") && page.contains("1.5% in the first 30 days"))
      let id = try await client.get("/api/v1/commission-plans").json["items"][0]["id"].string ?? ""
      #expect(try await client.submit("/operator/plans", ["do": "end", "plan": id]).status == 303)
      #expect(try await client.get("/operator/plans").text.contains("Ended"))
      #expect(try await web.owner.get("/operator/plans").status == 403)
    }
  }
}
