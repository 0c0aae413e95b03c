import Commerce
import Foundation
import TestKit
import Testing

/// The host's desk as HTML: what it offers and in whose prices.
@Suite(.timeLimit(.minutes(3))) struct ControlRoomTests {
  @Test func `a run keeps every product it has, however old, and any other can be found for it`() async throws {
    try await RunningWeb.run { web in
      let square = web.square
      let older = try await make("Copper pot", square)
      for number in 0..<101 { _ = try await make("Bowl \(number)", square) }
      let owner = try await web.owner
      let room = "/studio/shows/\(square.show.id)"
      let page = try await owner.get(room).text
      #expect(page.contains(#"name="product.\#(square.lamp.id)" value="on" checked"#), "the oldest, in the run")
      #expect(!page.contains("product.\(older)"), "not in the run and not among the newest")

      let looked = try await owner.submit(
        room, ["product.\(square.lamp.id)": "on", "place.\(square.lamp.id)": "1", "find": "copper", "do": "find"])
      #expect(looked.status == 200 && looked.text.contains(#"name="product.\#(older)" value="on"><span>Copper pot"#))
      #expect(looked.text.contains(#"name="product.\#(square.lamp.id)" value="on" checked"#))
      #expect(try await owner.get("\(room)?find=copper").text.contains("product.\(older)"))
      #expect(try await owner.get("\(room)?find=xyzzy").text.contains("xyzzy"))

      let saved = try await owner.submit(
        room,
        [
          "product.\(square.lamp.id)": "on", "place.\(square.lamp.id)": "2", "product.\(older)": "on",
          "place.\(older)": "1", "do": "run",
        ])
      #expect(saved.status == 303)
      #expect(try await square.commerce.run(of: square.show.id) == [older, square.lamp.id])
    }
  }

  @Test func `a host reads the seller's own prices, whatever the browser's language`() async throws {
    try await RunningWeb.run { web in
      let page = try await web.owner.get(
        "/studio/shows/\(web.square.show.id)", headers: ["Accept-Language": "en-US,en;q=0.9"])
      #expect(page.text.contains("₹1,299") && page.text.contains(#"market="IN""#) && !page.text.contains("$29.99"))
      let viewer = try await web.guest.get(
        "/watch/\(web.square.show.id)", headers: ["Accept-Language": "en-US,en;q=0.9"])
      #expect(viewer.text.contains("$29.99"), "a viewer reads their own")
    }
  }

  private func make(_ title: String, _ square: MarketSquare) async throws -> ID<Product> {
    square.clock.advance(seconds: 1)
    return try await square.commerce.makeProduct(
      square.commerce.makeID(), by: square.owner, channel: square.channel.id,
      ProductDraft(title: title, variants: [VariantDraft(sku: title, prices: ["IN": 100], onHand: 1)])
    ).id
  }
}
