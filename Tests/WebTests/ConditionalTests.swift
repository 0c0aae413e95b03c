import Commerce
import TestKit
import Testing

@testable import Web

/// Changes that say what they were made from.
@Suite(.timeLimit(.minutes(2))) struct ConditionalTests {
  @Test func `a change with If-Match is refused once somebody else has changed the thing`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      for (path, mine, theirs) in [
        (
          "/api/v1/products/\(web.square.lamp.id)", ["title": "Mine"] as TestKit.JSON,
          ["description": "Theirs"] as TestKit.JSON
        ),
        ("/api/v1/shows/\(web.square.show.id)", ["title": "Mine"], ["description": "Theirs"]),
        ("/api/v1/channels/lamps", ["name": "Mine"], ["about": "Theirs"]),
      ] {
        let tag = try #require(try await owner.get(path).header("etag"))
        let changed = try await owner.patch(path, theirs, headers: ["If-Match": tag])
        #expect(changed.status == 200 && changed.header("etag") != tag, "\(path): \(changed.text)")
        let late = try await owner.patch(path, mine, headers: ["If-Match": tag])
        #expect(late.status == 412 && late.code == "changed_meanwhile", "\(path): \(late.text)")
        #expect(late.header("content-type") == "application/problem+json")
        let foreign = try await owner.patch(path, mine, headers: ["If-Match": "\"x\""])
        #expect(foreign.status == 412, "\(path): \(foreign.text)")
        #expect(try await owner.get(path).header("etag") == changed.header("etag"))
        #expect(try await owner.patch(path, mine, headers: ["If-Match": "*"]).status == 200)
        #expect(try await owner.patch(path, theirs).status == 200)
      }
      let spec = try await web.guest.get("/api/openapi.json").text
      #expect(spec.contains("If-Match"))
    }
  }

  @Test func `a product form that was opened before another's save refuses, and keeps what was typed`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/studio/lamps/products/\(web.square.lamp.id)"
      func revision(_ page: String) throws -> String {
        try String(#require(page.firstMatch(of: /name="revision" value="([0-9a-f]{32})"/)).1)
      }
      func form(_ title: String, _ price: String, _ revision: String) -> KeyValuePairs<String, String> {
        [
          "revision": revision, "title": title, "v0.id": "\(web.square.lampVariant)", "v0.sku": "LAMP-1",
          "v0.onHand": "10", "v0.onHandBefore": "10", "v0.price.IN": price, "v0.price.US": "29.99", "do": "save",
        ]
      }
      let seen = try revision(await owner.get(path).text)
      #expect(try await owner.submit(path, form("Brass lamp", "999", seen)).status == 303)

      let late = try await owner.submit(path, form("Oil lamp", "1099", seen))
      #expect(late.status == 412 && late.text.contains("role=\"alert\""))
      #expect(late.text.contains("Somebody else changed this"))
      #expect(late.text.contains("value=\"Oil lamp\"") && late.text.contains("value=\"1099\""))
      let lamp = try await web.square.commerce.product(web.square.lamp.id, by: web.square.owner)
      #expect(lamp.title == "Brass lamp" && lamp.variants[0].prices["IN"]?.minor == 99_900)

      let hindi = try await owner.submit(path, form("Oil lamp", "1099", seen), headers: ["Accept-Language": "hi"])
      #expect(hindi.text.contains("किसी और ने इसे बदल दिया"))
      // Told of it, they save again.
      #expect(try await owner.submit(path, form("Oil lamp", "1099", revision(late.text))).status == 303)
      #expect(try await web.square.commerce.product(lamp.id, by: web.square.owner).title == "Oil lamp")
    }
  }
}
