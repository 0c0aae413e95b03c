import Commerce
import Foundation
import TestKit
import Testing

struct ImportWebTests {
  private static let file = """
    URL handle,Title,SKU,Price,Inventory quantity
    diya,"Clay <b>diya</b>",DI-1,59.00,20
    cup,Clay cup,CU-1,free,12
    """

  @Test(.timeLimit(.minutes(2))) func `a file is sent, looked through, confirmed and imported`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/channels/lamps/imports"
      let csv = ["Content-Type": "text/csv"]
      let sent = try await owner.send(
        "POST", path + "?name=spring.csv&market=IN", headers: csv, body: Array(Self.file.utf8))
      #expect(sent.status == 202, "\(sent.text)")
      let id = sent.json["id"].string ?? ""
      let ready = try await web.until {
        try await owner.get("/api/v1/imports/\(id)")
      } is: {
        $0.json["state"] == "ready"
      }
      #expect(ready.json["new"] == 1 && ready.json["refused"] == 1 && ready.json["rows"] == 2)
      let items = try await owner.get("/api/v1/imports/\(id)/items?outcome=refused")
      #expect(items.json["items"][0]["refused"][0]["line"] == 3)
      #expect(items.json["items"][0]["refused"][0]["code"] == "not_a_price")
      #expect(try await owner.get("/api/v1/imports/\(id)/items?outcome=odd").status == 400)

      let page = try await owner.get("/studio/lamps/imports/\(id)")
      #expect(page.text.contains("spring.csv") && page.text.contains("Import 1 product"))
      #expect(page.text.contains("Clay &lt;b&gt;diya&lt;/b&gt;") && !page.text.contains("<b>diya"))
      #expect(page.text.contains("“free” is not a price"))
      let hindi = try await owner.get("/studio/lamps/imports/\(id)?lang=hi&outcome=refused")
      #expect(hindi.text.contains("पंक्ति 3: “free” दाम नहीं है"))

      let stranger = try await web.stranger
      for other in ["/api/v1/imports/\(id)", "/api/v1/imports/\(id)/items", "/studio/lamps/imports/\(id)"] {
        #expect(try await stranger.get(other).status == 404, "\(other)")
      }
      #expect(try await stranger.post("/api/v1/imports/\(id)/confirmation").status == 404)

      let form = ["Content-Type": "application/x-www-form-urlencoded"]
      let confirmed = try await owner.send(
        "POST", "/studio/lamps/imports/\(id)", headers: form, body: Array("do=confirm".utf8))
      #expect(confirmed.status == 303)
      _ = try await web.until {
        try await owner.get("/api/v1/imports/\(id)")
      } is: {
        $0.json["state"] == "done"
      }
      let products = try await owner.get("/api/v1/channels/lamps/products")
      #expect(products.json["items"].array.contains { $0["title"] == "Clay <b>diya</b>" })
      #expect(try await owner.delete("/api/v1/imports/\(id)").status == 409)
      #expect(try await owner.get("/studio/lamps?tab=products").text.contains("/studio/lamps/imports/\(id)"))
      let listed = try await owner.get(path)
      #expect(listed.json["items"].array.count == 1)
    }
  }

  @Test func `a file that cannot be read is refused at once`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/channels/lamps/imports"
      let csv = ["Content-Type": "text/csv"]
      let odd = try await owner.send("POST", path, headers: csv, body: Array("Name\nLamp\n".utf8))
      #expect(odd.status == 422 && odd.json["code"] == "csv_no_column", "\(odd.text)")
      let stock = try await owner.send("POST", path + "?stock=some", headers: csv, body: Array(Self.file.utf8))
      #expect(stock.status == 400)
      #expect(try await owner.get(path).json["items"].array.isEmpty)
    }
  }

  @Test func `the catalogue is downloaded as a file, and one price is changed alone`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let file = try await owner.get("/api/v1/channels/lamps/products/export")
      #expect(file.status == 200 && file.text.contains("Brass lamp,brass-lamp,Hand-beaten in Moradabad."))
      #expect(try await owner.get("/studio/lamps?tab=products").text.contains("/products/export"))
      #expect(try await web.stranger.get("/api/v1/channels/lamps/products/export").status == 404)
      let path = "/api/v1/variants/\(web.square.lampVariant)"
      let changed = try await owner.patch(path, ["prices": ["US": 3500]])
      #expect(changed.status == 200, "\(changed.text)")
      #expect(changed.json["variants"][0]["prices"]["US"]["minor"] == 3500)
      #expect(changed.json["variants"][0]["prices"]["IN"]["minor"] == 129_900)
      #expect(try await owner.patch(path, ["prices": ["XX": 5]]).status == 422)
      #expect(try await web.stranger.patch(path, ["prices": ["US": 1]]).status == 404)
    }
  }
}
