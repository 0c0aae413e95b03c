import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

/// Guides on the home pages of sellers, operators and partners.
@Suite(.timeLimit(.minutes(2))) struct GuideWebTests {
  @Test func `home pages lead on, each step to where it is done, until they are told not to`() async throws {
    try await RunningWeb.run { web in
      let (square, commerce) = (web.square, web.square.commerce)
      let partner = try await commerce.makePartner(
        commerce.makeID(), by: square.operator, PartnerDraft(name: "The Blog", via: "blog", rateBasisPoints: 2_500))
      try await commerce.addPartnerMember(of: partner.id, by: square.operator, email: MarketSquare.ownerEmail)
      let (owner, house, stranger) = (try await web.owner, try await web.operator, try await web.stranger)
      let first = try await stranger.get("/studio?lang=en").text
      #expect(first.contains("To your first sale") && first.contains("0 of 6 done") && first.contains("href=\"#make\""))
      #expect(!first.contains("action=\"/guides\""), "there is nothing to dismiss yet")
      let pages: [(Client, String, String, String)] = [
        (owner, "/studio/lamps", "To your first sale", "href=\"/studio/lamps/money\""),
        (owner, "/studio", "To your first sale", "href=\"/studio/lamps/money\""),
        (house, "/operator", "To the first sale of this market", "href=\"/operator/status#checks\""),
        (owner, "/partner/blog", "To your first order", "href=\"/partner/blog/access\""),
      ]
      for (client, path, title, link) in pages {
        let text = try await client.get("\(path)?lang=en").text
        #expect(text.contains(title) && text.contains(link), "\(path)")
        let hindi = try await client.get("\(path)?lang=hi").text
        #expect(!hindi.contains("guide.") && hindi.contains("पूरे"), "\(path)")
      }
      for (client, path, title, _) in pages {
        let text = try await client.get("\(path)?lang=en").text
        guard let name = text.firstMatch(of: /name="guide" value="([^"]+)"/) else { continue }
        let told = try await client.submit("/guides", ["guide": String(name.1), "return": path])
        #expect(told.status == 303 && told.header("location") == path)
        #expect(try await !client.get("\(path)?lang=en").text.contains(title), "\(path)")
      }
      #expect(try await owner.submit("/guides", ["guide": "gravity", "return": "/studio"]).status == 404)
      #expect(try await [303, 401].contains(web.guest.submit("/guides", ["guide": "operator", "return": "/"]).status))
    }
  }

  @Test func `a partner's snippet is checked off when a page of another site holds it`() async throws {
    try await RunningWeb.run { web in
      let (square, commerce) = (web.square, web.square.commerce)
      let partner = try await commerce.makePartner(
        commerce.makeID(), by: square.operator,
        PartnerDraft(name: "The Blog", via: "blog", sites: ["https://blog.example"], rateBasisPoints: 2_500))
      try await commerce.addPartnerMember(of: partner.id, by: square.operator, email: MarketSquare.ownerEmail)
      func isSeen() async throws -> Bool {
        try await commerce.guide(of: partner.id, by: square.owner).steps.contains { $0.step == .snippet && $0.isDone }
      }
      let frame = "/embed/\(square.show.id)?partner=blog"
      // Our own preview is no page of another site.
      _ = try await web.guest.get(frame, headers: ["Referer": "http://localhost:8080/partner/blog/embed"])
      #expect(try await !isSeen())
      _ = try await web.guest.get(frame, headers: ["Referer": "https://elsewhere.example/"])
      #expect(try await !isSeen(), "it is refused there")
      #expect(try await web.guest.get(frame, headers: ["Referer": "https://blog.example/"]).status == 200)
      #expect(try await isSeen())
    }
  }
}
