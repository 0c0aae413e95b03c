import Commerce
import Foundation
import TestKit
import TestPrograms
import Testing

/// Giveaways over HTTP: the host's program, the viewers' rooms, and whoever wants to check the draw.
@Suite(.timeLimit(.minutes(2))) struct GiveawayWebTests {
  private static func secret(_ number: Int) -> [String: String] {
    ["Haat-Visitor": String(repeating: "v", count: 31) + "\(number)"]
  }

  private static func draft(variant: ID<Variant>? = nil, mediaTime: JSON = .null) -> JSON {
    [
      "prize": "A brass lamp", "entry": "comment", "keyword": "lamp", "durationSeconds": 60, "winnersMax": 2,
      "variant": variant.map { .string("\($0)") } ?? .null, "mediaTime": mediaTime,
    ]
  }

  /// Opened, entered by five guests, and closed.
  private static func closed(_ web: RunningWeb) async throws -> (show: String, id: String) {
    let show = "/api/v1/shows/\(web.square.show.id)"
    let opened = try await web.owner.post("\(show)/giveaways", draft())
    #expect(opened.status == 201)
    let id = opened.json["id"].string ?? ""
    for number in 0..<5 {
      let said = try await web.guest.post(
        "\(show)/messages", ["text": "Lamp!", "name": "Guest \(number)"], headers: secret(number))
      #expect(said.status == 201)
    }
    web.square.clock.advance(seconds: 76)
    _ = try await web.until(
      { try await web.guest.get("/api/v1/giveaways/\(id)").json }, is: { $0["state"] == "closed" })
    return (show, id)
  }

  @Test func `a giveaway is told to every viewer as it goes, and its seed only at the end`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)"
      let owner = try await web.owner
      try await web.guest.watch("\(web.square.show.id)") { viewer in
        #expect(try await viewer.next("state").json["giveaway"] == .null)
        let opened = try await owner.post("\(show)/giveaways", Self.draft(mediaTime: 5_000))
        #expect(opened.status == 201 && opened.json["seed"] == .null && opened.json["entrants"] == 0)
        let id = opened.json["id"].string ?? ""
        let event = try await viewer.next("timeline").json
        #expect(event["kind"] == "giveaway_opened" && event["mediaTime"] == 5_000 && event["endMediaTime"] == "65000")
        #expect(event["giveaway"] == opened.json["id"] && event["commitment"] == opened.json["commitment"])
        let path = "/api/v1/giveaways/\(id)"
        #expect(try await web.guest.get("\(path)/entry").status == 401)
        #expect(try await web.guest.get("\(path)/entry", headers: Self.secret(1)).json["isEntered"] == false)
        for _ in 0..<2 {
          _ = try await web.guest.post(
            "\(show)/messages", ["text": "a lamp", "name": "Asha"], headers: Self.secret(1))
        }
        #expect(try await viewer.next("giveaway").json["entrants"] == 1)
        let mine = try await web.guest.get("\(path)/entry", headers: Self.secret(1)).json
        #expect(mine["isEntered"] == true && mine["identity"].string?.hasPrefix("visitor:") == true)
        #expect(try await owner.post("\(show)/giveaways", Self.draft()).json["code"] == "giveaway_under_way")
        #expect(try await owner.post("\(show)/giveaways/\(id)/draw", [:]).json["code"] == "giveaway_not_closed")
        #expect(try await owner.post("\(show)/giveaways/\(id)/end").status == 200)
        web.square.clock.advance(seconds: 16)
        var closed: JSON = [:]
        while closed["kind"] != "giveaway_closed" { closed = try await viewer.next("timeline").json }
        #expect(closed["entrants"] == "1" && closed["root"].string?.count == 64)
        #expect(try await web.guest.get("\(path)/proof").json["leaves"].array == [mine["leaf"]])
        let drawn = try await owner.post("\(show)/giveaways/\(id)/draw", ["word": "monsoon"])
        #expect(drawn.json["winners"].array.count == 1 && drawn.json["winners"][0]["name"] == "Asha")
        let told = try await viewer.next("timeline").json
        #expect(told["kind"] == "giveaway_drawn" && told["seed"] == drawn.json["seed"] && told["word"] == "monsoon")
        #expect(told["winners"].string == "\(mine["leaf"].string?.prefix(8) ?? "") Asha")
      }
      let late = try await web.guest.watch("\(web.square.show.id)") { try await $0.next("state").json }
      #expect(late["giveaway"]["state"] == "drawn" && late["giveaway"]["winners"][0]["name"] == "Asha")
    }
  }

  @Test func `the lines of the document, and the program, come to the same winners, and find every change`()
    async throws
  {
    try await RunningWeb.run { web in
      let (show, id) = try await Self.closed(web)
      let waiting = try await web.guest.get("/api/v1/giveaways/\(id)/proof")
      #expect(try Self.draw(waiting.text).faults() == [])
      _ = try await web.owner.post("\(show)/giveaways/\(id)/draw", ["word": "मानसून “\"\\"])
      let reply = try await web.guest.get("/api/v1/giveaways/\(id)/proof")
      #expect(reply.status == 200 && reply.json["winners"].array.count == 2 && reply.json["leaves"].array.count == 5)
      let python = try Self.python()
      #expect(try Self.run(python, on: reply.text).status == 0)
      #expect(try Self.draw(reply.text).faults() == [])

      let leaf = reply.json["leaves"][0].string ?? ""
      let digit = leaf.hasPrefix("0") ? "1" : "0"
      let seed = reply.json["seed"].string ?? ""
      for (from, to) in [
        (leaf, digit + leaf.dropFirst()), ("\"\(leaf)\",", ""), (seed, String(seed.reversed())),
        ("\"winnersMax\":2", "\"winnersMax\":3"), ("\"entrants\":5", "\"entrants\":6"),
      ] {
        let changed = reply.text.replacing(from, with: to)
        #expect(changed != reply.text)
        #expect(try Self.run(python, on: changed).status != 0, "\(to)")
        #expect(try !Self.draw(changed).faults().isEmpty, "\(to)")
      }
    }
  }

  @Test func `only those who run the show open, end and draw, and only those who send see how a winner is reached`()
    async throws
  {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)/giveaways"
      let stranger = try await web.stranger
      let opened = try await web.owner.post(show, Self.draft(variant: web.square.lampVariant))
      #expect(opened.status == 201)
      let id = opened.json["id"].string ?? ""
      for (client, status) in [(web.guest, 401), (stranger, 404)] {
        #expect(try await client.post(show, Self.draft()).status == status)
        #expect(try await client.post("\(show)/\(id)/end").status == status)
        #expect(try await client.post("\(show)/\(id)/draw", [:]).status == status)
        #expect(try await client.get("/api/v1/giveaways/\(id)/prizes").status == status)
      }
      // The seller cannot be in it.
      _ = try await web.owner.post("/api/v1/shows/\(web.square.show.id)/messages", ["text": "lamp"])
      _ = try await stranger.post("/api/v1/shows/\(web.square.show.id)/messages", ["text": "lamp"])
      _ = try await web.owner.post("\(show)/\(id)/end")
      web.square.clock.advance(seconds: 16)
      _ = try await web.until(
        { try await web.guest.get("/api/v1/giveaways/\(id)").json }, is: { $0["state"] == "closed" })
      #expect(try await web.owner.post("\(show)/\(id)/draw", [:]).json["entrants"] == 1)

      // A winner without scripts, and what the channel then sees.
      let page = "/giveaways/\(id)"
      #expect(try await stranger.get(page).text.contains("Claim your prize"))
      #expect(try await stranger.get("/orders").text.contains("You won “A brass lamp”!"))
      #expect(try await stranger.get("/api/v1/prizes").json["items"][0]["id"].string == id)
      #expect(try await web.owner.get("/api/v1/prizes").json["items"].array.isEmpty)
      let nowhere = try await stranger.submit(page, ["name": "Ravi", "email": "ravi@example.com", "address": ""])
      #expect(nowhere.status == 422 && nowhere.text.contains("where the prize is to be sent"))
      let claim: KeyValuePairs = [
        "name": "Ravi", "email": "ravi@example.com", "phone": "", "address": "12 Lamp Lane\nPune",
      ]
      #expect(try await stranger.submit(page, claim).status == 303)
      #expect(try await !stranger.get("/orders").text.contains("You won"))
      #expect(try await web.owner.get(page).text.contains("mailto:ravi@example.com"))
      for client in [web.guest, stranger] {
        #expect(try await !client.get(page).text.contains("mailto:ravi@example.com"))
      }
      let prizes = try await web.owner.get("/api/v1/giveaways/\(id)/prizes").json["items"]
      #expect(prizes[0]["claim"]["address"] == "12 Lamp Lane\nPune" && prizes[0]["winner"]["state"] == "claimed")
      #expect(try await web.guest.get("/api/v1/giveaways/\(id)").json["winners"][0]["state"] == "claimed")
    }
  }

  @Test func `somebody who watches is in after the time it takes`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)/giveaways"
      let opened = try await web.owner.post(
        show, ["prize": "A lamp", "entry": "watch", "watchSeconds": 30, "durationSeconds": 60])
      let path = "/api/v1/giveaways/\(opened.json["id"].string ?? "")"
      #expect(try await web.guest.post("\(path)/watching", [:]).status == 401)
      var answer = try await web.guest.post("\(path)/watching", [:], headers: Self.secret(1)).json
      for seconds in [20, 10] {
        #expect(answer["isEntered"] == false)
        web.square.clock.advance(seconds: Int64(seconds))
        answer = try await web.guest.post(
          "\(path)/watching", ["receipt": answer["receipt"]], headers: Self.secret(1)
        ).json
      }
      #expect(answer["isEntered"] == true && answer["watchedMilliseconds"] == 30_000)
      #expect(try await web.guest.get("\(path)/entry", headers: Self.secret(1)).json["isEntered"] == true)
    }
  }

  @Test func `a host without scripts opens a giveaway in a form, closes and draws it, in either language`() async throws
  {
    try await RunningWeb.run { web in
      let room = "/studio/shows/\(web.square.show.id)"
      let owner = try await web.owner
      func open(winners: String) async throws -> Reply {
        try await owner.submit(
          room,
          [
            "do": "giveaway", "prize": "A <b>lamp</b>", "variant": "", "winners": winners, "entry": "comment",
            "keyword": "", "watchMinutes": "2", "duration": "60",
          ])
      }
      let refused = try await open(winners: "21")
      #expect(refused.status == 422 && refused.text.contains("1 to 20"))
      #expect(try await open(winners: "1").status == 303)
      let id = try await owner.get("/api/v1/shows/\(web.square.show.id)/giveaways").json["items"][0]["id"].string ?? ""
      let page = try await web.guest.get("/giveaways/\(id)").text
      #expect(page.contains("A &lt;b&gt;lamp&lt;/b&gt;") && page.contains("Say something in the show’s chat"))
      #expect(try await owner.submit(room, ["do": "end-giveaway", "giveaway": id]).status == 303)
      web.square.clock.advance(seconds: 16)
      _ = try await web.until({ try await owner.get(room).text }, is: { $0.contains("draw-giveaway") })
      #expect(try await owner.submit(room, ["do": "draw-giveaway", "giveaway": id, "word": "rain"]).status == 303)
      #expect(try await owner.get(room).text.contains("Nobody took part."))
      let hindi = try await web.guest.get("/giveaways/\(id)?lang=hi", headers: ["Accept-Language": "hi"]).text
      #expect(hindi.contains("ड्रॉ कैसे होता है") && hindi.contains("rain"))
      #expect(try await web.guest.get("/words/giveaway").json["giveaway"]["takePart"] == "Take part")
      #expect(try await web.guest.get("/words/control").status == 404)
    }
  }

  private static func draw(_ text: String) throws -> PublishedDraw {
    try JSONDecoder().decode(PublishedDraw.self, from: Data(text.utf8))
  }

  /// The document's own lines.
  private static func python() throws -> String {
    let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/giveaways.md")
    let text = try String(contentsOf: document, encoding: .utf8)
    return String(try #require(text.firstMatch(of: /```python\n((?s).*?)```/)).1)
  }

  private static func run(_ script: String, on proof: String) throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-proof-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(proof.utf8).write(to: file)
    let process = TestProcess()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, file.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
