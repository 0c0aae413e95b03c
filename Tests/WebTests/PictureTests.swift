import Commerce
import Foundation
import TestKit
import Testing

/// What becomes of a picture that a seller sends in.
@Suite(.timeLimit(.minutes(2))) struct PictureTests {
  private func add(_ picture: [UInt8], _ type: String, _ web: RunningWeb) async throws -> JSON {
    let reply = try await web.owner.send(
      "POST", "/api/v1/products/\(web.square.lamp.id)/pictures", headers: ["Content-Type": type], body: picture)
    #expect(reply.status == 201, "\(reply.text)")
    return reply.json
  }

  @Test func `a camera's picture is upright, in all sizes, and says nothing of where it was taken`() async throws {
    try await RunningWeb.run { web in
      let place = "Hawa Mahal Road 12"
      // A phone held upright: stored lying, to be turned clockwise, so that the left is on top.
      let sent = TestPicture.tagged(try TestPicture.make(.jpeg, 1_600, 1_200), orientation: 6, place: place)
      let made = try await add(sent, "image/jpeg", web)
      #expect(made["width"] == 1_200 && made["height"] == 1_600)
      let sources = (made["sources"].string ?? "").split(separator: ", ").map { $0.split(separator: " ") }
      #expect(sources.map { String($0[1]) } == ["320w", "640w", "1200w"])
      for (source, width) in zip(sources, [320, 640, 1_200]) {
        let served = try await web.guest.get(String(source[0]))
        #expect(try TestPicture.size(served.body) == [width, (width * 4 + 1) / 3])
        #expect(try TestPicture.isRed(served.body, 50, 20))
        #expect(try !TestPicture.isRed(served.body, 50, 80))
        let text = String(decoding: served.body, as: UTF8.self)
        #expect(!text.contains(place) && !text.contains("Exif"), "\(source[0])")
      }
      let small = try await web.guest.get(made["thumbnail"].string ?? "")
      #expect(small.header("content-type") == "image/webp" && small.body.count < 20_000)
      let jpeg = try await web.guest.get((made["thumbnail"].string ?? "").replacing(".webp", with: ".jpg"))
      #expect(jpeg.header("content-type") == "image/jpeg")
      #expect(try TestPicture.size(jpeg.body) == [320, 427])
      let page = try await web.guest.get("/products/\(web.square.lamp.id)").text
      #expect(page.contains("srcset=\"/uploads/"))
      _ = try await web.owner.delete(
        "/api/v1/products/\(web.square.lamp.id)/pictures/\(made["id"].string ?? "")")
      for source in sources.map({ String($0[0]) }) + [made["thumbnail"].string ?? "", made["url"].string ?? ""] {
        #expect(try await web.guest.get(source).status == 404, "\(source)")
      }
    }
  }

  @Test(arguments: [
    (1, [true, true, false, false]), (2, [false, false, true, true]), (3, [false, false, true, true]),
    (4, [true, true, false, false]), (5, [true, false, true, false]), (6, [true, false, true, false]),
    (7, [false, true, false, true]), (8, [false, true, false, true]),
  ])
  func `each way that a picture can be turned is undone`(orientation: Int, red: [Bool]) async throws {
    try await RunningWeb.run { web in
      let sent = TestPicture.tagged(
        try TestPicture.make(.jpeg, 64, 48), orientation: UInt8(orientation), place: "")
      let made = try await add(sent, "image/jpeg", web)
      let served = try await web.guest.get(made["url"].string ?? "").body
      // Top left, bottom left, top right, bottom right.
      let corners = [(10, 10), (10, 90), (90, 10), (90, 90)]
      let found = try corners.map { try TestPicture.isRed(served, $0.0, $0.1) }
      #expect(found == red)
      #expect(made["sources"] == .null && made["thumbnail"] == made["url"], "smaller than any of our sizes")
    }
  }

  @Test(arguments: [(TestPicture.Kind.png, "image/png"), (.webp, "image/webp")])
  func `a drawing stays what it was sent as`(kind: TestPicture.Kind, type: String) async throws {
    try await RunningWeb.run { web in
      let made = try await add(try TestPicture.make(kind, 3_000, 400), type, web)
      #expect(made["width"] == 2_560 && made["height"] == 341)
      let served = try await web.guest.get(made["url"].string ?? "")
      #expect(served.header("content-type") == type)
      #expect(try TestPicture.size(served.body) == [2_560, 341])
      let small = try await web.guest.get(made["thumbnail"].string ?? "")
      #expect(try TestPicture.size(small.body) == [320, 43])
    }
  }

  @Test func `too many pixels, and what only begins like a picture, are refused with a reason`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/products/\(web.square.lamp.id)/pictures"
      func bytes(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
      func head(_ width: UInt32, _ height: UInt32) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + bytes(13) + Array("IHDR".utf8) + bytes(width) + bytes(height)
          + [8, 2, 0, 0, 0] + bytes(0)
      }
      let owner = try await web.owner
      for (body, code) in [
        (head(16_000, 16_000), "invalid"), (head(640, 480), "no_picture"), (head(0, 480), "no_picture"),
      ] {
        let reply = try await owner.send("POST", path, headers: ["Content-Type": "image/png"], body: body)
        #expect(reply.status == 422 && reply.json["field"] == "picture", "\(reply.text)")
        #expect(reply.code == code)
      }
    }
  }
}
