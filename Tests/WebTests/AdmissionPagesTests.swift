import Commerce
import TestKit
import Testing

@testable import Web

/// Admission over HTTP: the API's answers, the operator's and the seller's pages, and what those who watch are told.
@Suite(.timeLimit(.minutes(2))) struct AdmissionPagesTests {
  private static let html = ["Accept": "text/html"]

  @Test func `by the API: asked, refused with a reason, appealed, let in; and the tier says what is left`() async throws
  {
    try await RunningWeb.run { web in
      let (owner, chief) = (try await web.owner, try await web.operator)
      let america = try await web.guest.get("/api/v1/markets").json["items"][1]
      #expect(america["code"] == "US" && america["admission"] == "open")
      let japan: TestKit.JSON = [
        "currency": "JPY", "name": "Japan", "languages": ["en"], "isOpen": true, "admission": "application",
        "commissionBasisPoints": 900, "taxIncludedBasisPoints": 0, "shippingMinor": 0,
      ]
      #expect(try await chief.put("/api/v1/markets/JP", japan).json["admission"] == "application")
      let markets = "/api/v1/channels/lamps/markets"
      #expect(try await owner.post(markets, ["market": "JP"]).code == "invalid")
      let asked = try await owner.post(
        markets,
        [
          "market": "JP",
          "application": ["sells": "Lamps", "location": "Moradabad", "website": "https://lamps.example"],
        ])
      #expect(asked.status == 200 && asked.json["markets"][1]["permission"] == "applied", "\(asked.text)")
      let review = try #require(try await chief.get("/api/v1/reviews").json["items"][0]["id"].string)
      let decision = "/api/v1/reviews/\(review)/decision"
      #expect(try await chief.post(decision, ["isGranted": false]).code == "invalid")
      let refused = try await chief.post(decision, ["isGranted": false, "reason": "capacity", "words": "Next year"])
      #expect(refused.status == 200 && refused.json["isGranted"] == false, "\(refused.text)")
      #expect(try await chief.post(decision, ["isGranted": true]).code == "review_decided")
      let appeal = try await owner.post(
        "/api/v1/channels/lamps/appeals", ["market": "JP", "words": "We are the only ones"])
      #expect(appeal.status == 201, "\(appeal.text)")
      let second = try #require(try await chief.get("/api/v1/reviews").json["items"][0]["id"].string)
      let whole = try await chief.get("/api/v1/reviews/\(second)").json
      #expect(whole["review"]["kind"] == "appeal" && whole["history"][0]["kind"] == "appealed")
      #expect(try await chief.post("/api/v1/reviews/\(second)/decision", ["isGranted": true]).status == 200)
      let standing = try await owner.get("/api/v1/channels/lamps/admission").json
      #expect(standing["markets"][1]["sells"] == true)
      #expect(standing["dailyOrdersMax"] == 50 && standing["ordersLeftToday"] == 50 && standing["tier"] == 1)
      #expect(standing["history"].array.count >= 4)
      #expect(
        try await chief.put("/api/v1/channels/lamps/markets/JP", ["isApproved": false, "reason": "rules"]).status == 200
      )
      let tier = try await chief.put(
        "/api/v1/channels/lamps/tier", ["level": 4, "isHeld": true, "words": "Well known"])
      #expect(tier.json["tier"] == 4 && tier.json["isTierHeld"] == true, "\(tier.text)")
      let tiers = try await web.guest.get("/api/v1/tiers").json["items"]
      #expect(tiers.array.count == 4)
      #expect(try await chief.put("/api/v1/tiers", ["tiers": tiers]).status == 200)
      #expect(try await chief.put("/api/v1/tiers", ["tiers": .array(Array(tiers.array.prefix(3)))]).code == "invalid")
      // What was decided is written to the owner.
      let mails = try await owner.get("/api/v1/channels/lamps/mails").json["items"].array
      #expect(mails.contains { $0["subject"].string?.contains("may not sell in JP") == true }, "\(mails)")
      let mail = try #require(mails.first?["id"].string)
      let text = try await owner.get("/api/v1/mails/\(mail)").json["text"].string ?? ""
      #expect(text.contains("/studio/lamps/admission"), "\(text)")
    }
  }

  @Test func `an invitation's link leads a guest to an account, and then to a channel`() async throws {
    try await RunningWeb.run { web in
      let (owner, chief) = (try await web.owner, try await web.operator)
      let india = try await chief.get("/api/v1/markets").json["items"][0]
      var change = ["admission": "invite"] as [String: TestKit.JSON]
      for field in [
        "currency", "name", "languages", "isOpen", "commissionBasisPoints", "taxIncludedBasisPoints", "shippingMinor",
      ] { change[field] = india[field] }
      #expect(try await chief.put("/api/v1/markets/IN", .object(change)).json["admission"] == "invite")
      #expect(
        try await owner.post("/api/v1/channels", ["handle": "bowls", "name": "Bowls", "market": "IN"]).code
          == "invitation_needed")
      let made = try await chief.submit(
        "/operator/invitations",
        ["do": "make", "note": "Sita", "market": "IN", "tier": "2", "usesMax": "1", "days": "7"])
      let link = try #require(made.text.firstMatch(of: /\/invitations\/(haat_invite_[a-z0-9]+)/))
      let token = String(link.1)
      let list = try await chief.get("/operator/invitations", headers: Self.html)
      #expect(list.text.contains("Sita") && !list.text.contains(token), "it is shown once")
      let guest = try await web.guest.get("/invitations/\(token)", headers: Self.html)
      #expect(guest.status == 303 && guest.header("Location")?.hasPrefix("/sign-up?return=") == true)
      let there = try await owner.get("/invitations/\(token)", headers: Self.html)
      #expect(there.header("Location") == "/studio?invitation=\(token.replacing("_", with: "%5F"))")
      let form = try await owner.get("/studio?invitation=\(token)", headers: Self.html)
      #expect(form.text.contains("You are invited to sell here: India"), "\(form.text)")
      let channel = try await owner.submit(
        "/studio", ["handle": "bowls", "name": "Bowls", "market": "IN", "invitation": token])
      #expect(channel.status == 303, "\(channel.text)")
      #expect(try await web.guest.get("/api/v1/channels/bowls").json["state"] == "approved")
      let over = try await owner.get("/studio?invitation=\(token)", headers: Self.html)
      #expect(over.status == 410 && over.text.contains("has been used"), "\(over.status)")
      let unknown = try await owner.get("/studio?invitation=haat_invite_none", headers: Self.html)
      #expect(unknown.status == 422 && unknown.text.contains("no such invitation"), "\(unknown.status)")
      #expect(try await owner.get("/operator/invitations", headers: Self.html).status == 403)
      #expect(try await chief.get("/operator/invitations", headers: Self.html).text.contains("Bowls"))
    }
  }

  @Test func `by the pages: the queue, a decision, the seller's answer, the tiers`() async throws {
    try await RunningWeb.run { web in
      let (owner, chief) = (try await web.owner, try await web.operator)
      try await web.square.commerce.setMarketPermission(
        of: web.square.channel.id, in: "US", by: web.square.operator, isApproved: false,
        because: Verdict(.incomplete, words: "Say <more>"))
      let studio = try await owner.get("/studio/lamps/admission", headers: Self.html)
      #expect(studio.text.contains("The application says too little") && studio.text.contains("Say &lt;more&gt;"))
      #expect(studio.text.contains("50 of 50 orders left today"))
      let channel = try await owner.get("/studio/lamps", headers: Self.html)
      #expect(channel.text.contains("50 of 50 orders left today"))
      let appealed = try await owner.submit(
        "/studio/lamps/admission", ["do": "appeal", "market": "US", "words": "More: lamps"])
      #expect(appealed.status == 303, "\(appealed.text)")
      let again = try await owner.submit(
        "/studio/lamps/admission", ["do": "appeal", "market": "US", "words": "Even more"])
      #expect(again.status == 409 && again.text.contains("An appeal waits"), "\(again.status)")
      let queue = try await chief.get("/operator/admission", headers: Self.html)
      let path = try #require(queue.text.firstMatch(of: /\/operator\/admission\/[0-9a-f-]{36}/)).0
      #expect(queue.text.contains("Appeal · US") && queue.text.contains("More: lamps"))
      #expect(
        try await chief.get("/operator", headers: Self.html).text.contains("<span class=\"badge number\">1</span>"))
      let page = try await chief.get(String(path), headers: Self.html)
      #expect(page.text.contains("More: lamps") && page.text.contains("Say &lt;more&gt;"))
      #expect(try await owner.get(String(path), headers: Self.html).status == 403)
      let bare = try await chief.submit(String(path), ["do": "deny", "words": "No"])
      #expect(bare.status == 422 && bare.text.contains("role=\"alert\""))
      #expect(try await chief.submit(String(path), ["do": "grant"]).status == 303)
      #expect(try await owner.get("/studio/lamps/admission", headers: Self.html).text.contains("Sells here"))
      let tiers: KeyValuePairs = [
        "limit-1": "3", "limit-2": "9", "delivered-2": "5", "limit-3": "20", "delivered-3": "9", "limit-4": "",
        "delivered-4": "30",
      ]
      #expect(try await chief.submit("/operator/admission", tiers).status == 303)
      let near = try await owner.get("/studio/lamps", headers: Self.html)
      #expect(near.text.contains("Only 3 of 3 orders left today"), "\(near.text.prefix(3_000))")
      let falling: KeyValuePairs = [
        "limit-1": "3", "limit-2": "1", "delivered-2": "5", "limit-3": "20", "delivered-3": "9", "limit-4": "",
        "delivered-4": "30",
      ]
      let wrong = try await chief.submit("/operator/admission", falling)
      #expect(wrong.status == 422)
      let own = "/operator/channels/lamps"
      #expect(try await chief.submit(own, ["do": "tier", "tier": "4", "words": "Known"]).status == 303)
      #expect(
        try await chief.submit(own, ["do": "permission", "market": "US", "permission": "refused", "reason": "rules"])
          .status == 303)
      #expect(try await chief.submit(own, ["do": "state", "state": "suspended"]).status == 422)
      #expect(try await chief.submit(own, ["do": "state", "state": "suspended", "reason": "rules"]).status == 303)
      let shown = try await chief.get(own, headers: Self.html)
      #expect(shown.text.contains("Lift the suspension") && shown.text.contains("The rules were broken"))
      let told = try await owner.get("/studio/lamps?lang=hi", headers: Self.html)
      #expect(told.text.contains("यह चैनल निलंबित है"))
      #expect(try await owner.get(own, headers: Self.html).status == 403)
      for path in ["/studio/lamps/admission?lang=hi"] {
        let hindi = try await owner.get(path, headers: Self.html)
        #expect(hindi.status == 200 && hindi.text.contains("नियम तोड़े गए"))
      }
    }
  }

  @Test func `those who watch are told when the market closes or the seller is suspended, and when it is over`()
    async throws
  {
    try await RunningWeb.run { web in
      let (square, commerce) = (web.square, web.square.commerce)
      var india = try await commerce.market("IN")
      try await web.guest.watch("\(square.show.id)") { viewer in
        _ = try await viewer.next("state")
        india.isOpen = false
        try await commerce.putMarket(by: square.operator, india)
        #expect(try await viewer.next("selling").json == ["stops": ["IN": "market"]])
        try await commerce.admitChannel(
          square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
        #expect(try await viewer.next("selling").json == ["stops": ["IN": "seller", "US": "seller"]])
        try await commerce.admitChannel(square.channel.id, by: square.operator, as: .approved)
        #expect(try await viewer.next("selling").json == ["stops": ["IN": "market"]])
      }
      let page = try await web.guest.get("/watch/\(square.show.id)?market=IN", headers: Self.html)
      #expect(page.text.contains("Nothing can be ordered in this country at the moment"))
      #expect(page.text.contains("Not sold here now") && !page.text.contains("Sold out</p>"), "it is not sold out")
      let other = try await web.guest.get("/watch/\(square.show.id)?market=US", headers: Self.html)
      #expect(!other.text.contains("data-part=\"stop\""))
      #expect(try await web.guest.get("/words/selling").json["selling"]["seller"].string != nil)
      #expect(try await web.guest.get("/words/operator").status == 404)
      india.isOpen = true
      try await commerce.putMarket(by: square.operator, india)
      #expect(
        try await !web.guest.get("/watch/\(square.show.id)?market=IN", headers: Self.html).text
          .contains("data-part=\"stop\""))
    }
  }
}
