import Commerce
import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(3))) struct RatingWebTests {
  private let html = ["Accept": "text/html"]

  /// A delivered order and what opens it.
  private func delivered(_ web: RunningWeb) async throws -> (id: String, token: String) {
    let (id, token) = try await web.placed()
    let card = try await web.method("4242424242424242")
    _ = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": token, "Idempotency-Key": "pay-\(id)"])
    let order = try #require(ID<Order>(id))
    let parcel = try await web.square.commerce.ship(order, by: web.square.owner)
    _ = try await web.square.commerce.deliver(parcel.id, of: order, by: web.square.owner)
    return (id, token)
  }

  @Test func `a buyer rates from the order's page, the seller answers, and everybody reads it`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let bare = try await web.guest.get("/@lamps", headers: html).text
      #expect(!bare.contains("★") && !bare.contains("aggregateRating"))
      let (id, token) = try await delivered(web)
      let held = ["Cookie": "haat_order=\(token)", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"]
      let page = try await web.guest.get("/orders/\(id)", headers: held).text
      #expect(page.contains("value=\"rate\"") && page.contains("name=\"stars\" value=\"5\""))
      #expect(try await owner.get("/orders/\(id)", headers: html).text.contains("value=\"rate\"") == false)
      let wrong = try await web.guest.submit("/orders/\(id)", ["do": "rate", "stars": "9"], headers: held)
      #expect(wrong.status == 422)
      let rated = try await web.guest.submit(
        "/orders/\(id)", ["do": "rate", "stars": "4", "text": "Warm <b>light</b>"], headers: held)
      #expect(rated.status == 303, "\(rated.text)")
      let after = try await web.guest.get("/orders/\(id)", headers: held).text
      #expect(after.contains("★★★★☆") && after.contains("value=\"4\" required checked"))

      let seller = try await owner.get("/@lamps/ratings", headers: html).text
      #expect(seller.contains("Asha R.") && seller.contains("Warm &lt;b&gt;light&lt;/b&gt;"))
      let rating = String(try #require(seller.firstMatch(of: /name="rating" value="([^"]+)"/)).1)
      let answer = try await owner.submit(
        "/@lamps/ratings", ["do": "answer-rating", "rating": rating, "text": "Thank you!"])
      #expect(answer.status == 303, "\(answer.text)")
      let read = try await web.guest.get("/@lamps/ratings", headers: html).text
      #expect(read.contains("Thank you!") && read.contains("AggregateRating") && !read.contains("answer-rating"))
      #expect(try await web.guest.get("/@lamps/ratings?lang=hi", headers: html).text.contains("रेटिंग"))
      for path in ["/@lamps", "/products/\(web.square.lamp.id)"] {
        let text = try await web.guest.get(path, headers: html).text
        #expect(text.contains("★ 4.0") && text.contains("\"ratingValue\":\"4.0\""), "\(path)")
        #expect(text.contains("\"ratingCount\":1"), "\(path)")
      }
      let card = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/products?market=IN").json["items"][0]
      #expect(card["rating"]["average"] == "4.0" && card["rating"]["count"] == 1)
      let listed = try await web.guest.get("/api/v1/channels/lamps/ratings").json
      #expect(listed["sum"]["count"] == 1 && listed["items"][0]["answer"] == "Thank you!")
    }
  }

  @Test func `a rating that is reported comes before the operator, who takes it down`() async throws {
    try await RunningWeb.run { web in
      let (id, token) = try await delivered(web)
      let rated = try await web.guest.put(
        "/api/v1/orders/\(id)/rating", ["stars": 1, "text": "Buy elsewhere, they are thieves"],
        headers: ["Order-Token": token])
      let rating = try #require(rated.json["id"].string)
      let owner = try await web.owner
      let report: KeyValuePairs = ["do": "report", "rating": rating, "text": "not <true>"]
      #expect(try await web.guest.submit("/@lamps/ratings", report).status == 401)
      #expect(try await owner.submit("/@lamps/ratings", report).status == 303)
      let house = try await web.operator
      let flags = try await house.get("/operator/flags", headers: html).text
      #expect(flags.contains("they are thieves") && flags.contains("not &lt;true&gt;"))
      #expect(try await house.get("/api/v1/rating-flags").json["items"][0]["channel"] == "lamps")
      let empty = try await house.submit("/operator/flags", ["rating": rating, "do": "hide"])
      #expect(empty.status == 422)
      let hidden = try await house.submit(
        "/operator/flags", ["rating": rating, "do": "hide", "reason": "It accuses without saying of what."])
      #expect(hidden.status == 303)
      #expect(try await web.guest.get("/@lamps/ratings", headers: html).text.contains("thieves") == false)
      let held = ["Cookie": "haat_order=\(token)", "Accept": "text/html"]
      #expect(try await web.guest.get("/orders/\(id)", headers: held).text.contains("It accuses without saying"))
      #expect(try await house.get("/operator/flags", headers: html).text.contains("class=\"empty\""))
      let left = try await house.put("/api/v1/ratings/\(rating)/verdict", [:])
      #expect(left.status == 200 && left.json["hidden"].string == nil)
    }
  }
}
