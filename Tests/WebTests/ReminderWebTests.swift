import Commerce
import Foundation
import TestKit
import TestPrograms
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Reminders over HTTP: the pages without scripts, what mail says, the calendars, and the API.
@Suite(.timeLimit(.minutes(3))) struct ReminderWebTests {
  private static let page = ["Accept": "text/html"]

  /// The market with a show that is to come, and the files of its mail.
  private struct Evening {
    let web: RunningWeb
    let show: Show

    init(_ web: RunningWeb, title: String = "Lamps, and “more”") async throws {
      self.web = web
      let square = web.square
      show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(
          title: title, description: "Brass; clay, and glass.\nBring a friend: \\o/",
          scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
    }

    var form: String { "/shows/\(show.id)/reminder" }

    func mails() throws -> [String] {
      let directory = URL(filePath: web.dataDirectory).appending(path: "mail")
      guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
      return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "eml" }
        .map { file in
          let text = try String(contentsOf: file, encoding: .utf8)
          let blocks = text.components(separatedBy: "base64\r\n\r\n").dropFirst().map { part in
            Data(base64Encoded: part.components(separatedBy: "--haat_")[0].replacing("\r\n", with: ""))
          }
          return text + blocks.map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "unreadable" }.joined()
        }
    }

    /// The first mail with these words in it, once it is there.
    func mail(_ words: String) async throws -> String {
      try #require(
        try await web.until({ try mails().first { $0.contains(words) } }, is: { $0 != nil }))
    }

    /// What the browser has that opened the link of a mail.
    func opened(_ mail: String) async throws -> [String: String] {
      let link = try #require(mail.firstMatch(of: /\/reminders\?token=([a-z0-9_]+)/))
      let reply = try await web.guest.get(String(link.output.0), headers: ReminderWebTests.page)
      #expect(reply.status == 303 && reply.header("location") == "/reminders")
      let set = reply.fields.filter { $0.name == "set-cookie" }.map(\.value)
      #expect(set.count == 2 && set.allSatisfy { $0.contains("HttpOnly") && $0.contains("SameSite=Lax") })
      return ["Cookie": "haat_reminders=\(try reply.cookie("haat_reminders"))", "Sec-Fetch-Site": "same-origin"]
        .merging(ReminderWebTests.page) { $1 }
    }
  }

  @Test(arguments: [("en", "Remind me", "Live now"), ("hi", "मुझे याद दिलाएँ", "अभी लाइव")])
  func `a guest asks on a page without scripts, says yes by the link in a mail, and is told`(
    language: String, me: String, live: String
  ) async throws {
    try await RunningWeb.run { web in
      let evening = try await Evening(web)
      let reader = Self.page.merging(["Accept-Language": language]) { $1 }
      for path in ["/", "/@lamps", "/watch/\(evening.show.id)"] {
        let text = try await web.guest.get(path, headers: reader).text
        #expect(text.contains("href=\"\(evening.form)\"") && text.contains(me), "\(path)")
      }
      #expect(try await web.guest.get(evening.form, headers: reader).text.contains("type=\"email\""))
      let asked = try await web.guest.submit(
        evening.form, ["do": "mail", "email": "asha@example.com"], headers: ["Accept-Language": language])
      #expect(asked.status == 303 && asked.header("location") == "\(evening.form)?asked=mail")
      let question = try await evening.mail("To: <asha@example.com>")
      #expect(question.contains("Content-Language: \(language)") && question.contains("/calendar.ics"))
      let browser = try await evening.opened(question).merging(["Accept-Language": language]) { $1 }
      let waiting = try await web.guest.get("/reminders", headers: browser).text
      #expect(waiting.contains("value=\"confirm\"") && waiting.contains("asha@example.com"))
      #expect(
        try await web.square.commerce.reminded(of: evening.show.id, by: web.square.owner).reminders == 0,
        "opening a link says nothing")
      let id = try #require(waiting.firstMatch(of: /name="reminder" value="([0-9a-f-]+)"/)).1
      let yes = try await web.guest.submit("/reminders", ["do": "confirm", "reminder": String(id)], headers: browser)
      #expect(yes.status == 303)
      #expect(try await !web.guest.get("/reminders", headers: browser).text.contains("value=\"confirm\""))
      #expect(try await web.guest.get(evening.form, headers: browser).text.contains("value=\"end\""))

      web.square.clock.advance(seconds: 7_100)
      try await web.square.commerce.startShow(by: web.square.owner, show: evening.show.id)
      let told = try await evening.mail(live)
      #expect(told.contains("/watch/\(evening.show.id)") && told.contains("List-Unsubscribe:\r\n <http://"))
    }
  }

  @Test func `a mail program ends all reminders with one click, by a link that is never too old`() async throws {
    try await RunningWeb.run(configure: { $0.publicURL = "https://haat.example" }) { web in
      let evening = try await Evening(web)
      _ = try await web.guest.submit(evening.form, ["do": "mail", "email": "asha@example.com"])
      let mail = try await evening.mail("To: <asha@example.com>")
      #expect(mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"))
      let link = try #require(
        mail.firstMatch(of: /List-Unsubscribe:\r\n <https:\/\/haat\.example(\/reminders\/end\?token=[a-z0-9_]+)>/)
      ).1
      #expect(mail.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count < 998 })
      let seen = try await web.guest.get(String(link), headers: Self.page)
      #expect(seen.status == 303, "a browser is led to the page")
      #expect(
        try await web.square.commerce.reminders(token: Secret(presented: String(link.split(separator: "=")[1])))
          .reminders.count == 1)
      // RFC 8058 §3.2: either form, and no cookie.
      for type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let ended = try await web.guest.send(
          "POST", String(link), headers: ["Content-Type": type], body: Array("List-Unsubscribe=One-Click".utf8))
        #expect(ended.status == 200, "\(ended.text)")
      }
      let opened = try await web.square.commerce.reminders(
        token: Secret(presented: String(link.split(separator: "=")[1])))
      #expect(opened.reminders.isEmpty && opened.recipient.blocked != nil)
      #expect(try await web.guest.send("POST", "/reminders/end?token=haat_remind_00").status == 404)
      #expect(try await web.guest.send("POST", "/reminders/end").status == 404)
    }
  }

  @Test func `who is signed in sees theirs in the account, and is told of channels`() async throws {
    try await RunningWeb.run { web in
      let evening = try await Evening(web)
      let stranger = try await web.stranger
      let turnedAway = try await web.guest.get("/account/reminders", headers: Self.page)
      #expect(turnedAway.status == 401 || turnedAway.header("location")?.hasPrefix("/sign-in") == true)
      #expect(try await stranger.get("/account", headers: Self.page).text.contains("href=\"/account/reminders\""))
      #expect(try await stranger.submit(evening.form, ["do": "mail"]).status == 303)
      let page = try await stranger.get("/account/reminders", headers: Self.page).text
      #expect(page.contains("To be confirmed") && page.contains("/watch/\(evening.show.id)"))
      let browser = try await evening.opened(try await evening.mail("To: <stranger@example.com>"))
      #expect(
        try await web.guest.get("/reminders", headers: browser).text.contains("value=\"confirm-address\""))
      #expect(try await web.guest.submit("/reminders", ["do": "confirm-address"], headers: browser).status == 303)
      #expect(try await stranger.get(evening.form, headers: Self.page).text.contains("You will get a mail."))
      #expect(try await stranger.submit("/@lamps", ["do": "tell"]).status == 409)
      #expect(try await stranger.submit("/@lamps", ["do": "follow"]).status == 303)
      #expect(try await stranger.submit("/@lamps", ["do": "tell"]).status == 303)
      #expect(try await stranger.get("/@lamps", headers: Self.page).text.contains("value=\"tell-not\""))
      let told = try await stranger.get("/account/reminders", headers: Self.page).text
      #expect(told.contains("name=\"mail\" checked") && told.contains("href=\"/@lamps\""))
      let channel = "\(web.square.channel.id)"
      #expect(try await stranger.submit("/account/reminders", ["do": "channel", "channel": channel]).status == 303)
      #expect(try await stranger.get("/@lamps", headers: Self.page).text.contains("value=\"tell\""))
      let id = try #require(page.firstMatch(of: /name="reminder" value="([0-9a-f-]+)"/)).1
      let others = try await web.owner.submit("/account/reminders", ["do": "end", "reminder": String(id)])
      #expect(others.status == 404)
      #expect(try await stranger.submit("/account/reminders", ["do": "end", "reminder": String(id)]).status == 303)
      #expect(try await !stranger.get("/account/reminders", headers: Self.page).text.contains(String(id)))
    }
  }

  @Test func `the host reads how many want to be reminded, and calls the show off`() async throws {
    try await RunningWeb.run { web in
      let evening = try await Evening(web)
      let (owner, room) = (try await web.owner, "/studio/shows/\(evening.show.id)")
      #expect(try await owner.get(room, headers: Self.page).text.contains("0 people want to be reminded"))
      #expect(try await web.stranger.submit(room, ["do": "call-off"]).status == 404)
      #expect(try await owner.submit(room, ["do": "call-off"]).status == 303)
      #expect(try await owner.get(room, headers: Self.page).text.contains("Called off"))
      #expect(try await owner.get("/studio/lamps", headers: Self.page).text.contains("Called off"))
      let watch = try await web.guest.get("/watch/\(evening.show.id)", headers: Self.page)
      #expect(watch.text.contains("This show has been called off"))
      #expect(try await web.guest.get(evening.form, headers: Self.page).text.contains("This show has been called off"))
      #expect(try await web.guest.submit(evening.form, ["do": "mail", "email": "a@example.com"]).status == 409)
      for path in ["/", "/@lamps"] {
        #expect(try await !web.guest.get(path, headers: Self.page).text.contains("\(evening.show.id)"), "\(path)")
      }
    }
  }

  @Test func `the API reminds, shows and removes`() async throws {
    try await RunningWeb.run { web in
      let evening = try await Evening(web)
      let (shows, stranger) = ("/api/v1/shows/\(evening.show.id)", try await web.stranger)
      let guest = try await web.guest.post("\(shows)/reminders", ["way": "mail", "email": "asha@example.com"])
      #expect(guest.status == 201 && guest.json["isMailed"] == true && guest.json["reminder"] == .null)
      #expect(try await web.guest.post("\(shows)/reminders", ["way": "mail"]).status == 422)
      #expect(try await web.guest.post("\(shows)/reminders", ["way": "pigeon"]).json["field"] == "way")
      let mail = try await evening.mail("To: <asha@example.com>")
      let token = String(try #require(mail.firstMatch(of: /\/reminders\?token=([a-z0-9_]+)/)).1)
      let opened = try await web.square.commerce.reminders(token: Secret(presented: token)).reminders
      let path = "/api/v1/reminders/\(try #require(opened.first).id)"
      #expect(try await web.guest.get(path).status == 404)
      #expect(try await web.guest.get(path, headers: ["Order-Token": token]).json["isOn"] == false)
      let yes = try await web.guest.post("\(path)/confirmation", headers: ["Order-Token": token])
      #expect(yes.status == 200 && yes.json["isOn"] == true && yes.json["email"] == "asha@example.com")
      #expect(try await web.owner.get("\(shows)/reminders").json["reminders"] == 1)
      #expect(try await stranger.get("\(shows)/reminders").status == 404)
      #expect(try await web.guest.send("DELETE", path, headers: ["Order-Token": token]).status == 204)
      #expect(try await web.owner.get("\(shows)/reminders").json["reminders"] == 0)
      #expect(try await stranger.post("\(shows)/reminders", ["way": "mail"]).json["isMailed"] == true)
      #expect(try await stranger.get("/api/v1/reminders").json["items"][0]["show"]["title"] == "Lamps, and “more”")
      let follow = "/api/v1/channels/lamps/follow"
      #expect(try await stranger.put("\(follow)/notices", ["mail": true, "push": false]).code == "not_followed")
      #expect(try await stranger.put(follow).status == 200)
      let notices = try await stranger.put("\(follow)/notices", ["mail": true, "push": false])
      #expect(notices.json["mail"] == true && notices.json["isMailed"] == true)
      #expect(try await stranger.get("\(follow)/notices").json["mail"] == true)
      #expect(try await stranger.post("\(shows)/cancellation").status == 404)
      let off = try await web.owner.post("\(shows)/cancellation")
      #expect(off.json["state"] == "ended" && off.json["calledOffAt"].string != nil, "\(off.text)")
    }
  }
}

/// Shows as iCalendar, read by somebody else's parser (PyPI's icalendar, `Scripts/calendar/fetch.sh`).
@Suite(.timeLimit(.minutes(3))) struct CalendarTests {
  private static func read(_ reply: Reply) async throws -> JSON {
    #expect(reply.status == 200 && reply.header("content-type") == "text/calendar; charset=utf-8", "\(reply.text)")
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-\(UUID().uuidString).ics")
    try Data(reply.body).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let (process, output) = (TestProcess(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", root.appending(path: "Scripts/calendar/read").path]
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardOutput = output
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    return try #require(try? JSONDecoder().decode(JSON.self, from: said), "run Scripts/calendar/fetch.sh")
  }

  @Test func `a show comes with its title, words, address, alarm and time, whatever they are made of`() async throws {
    try await RunningWeb.run(configure: { $0.publicURL = "https://haat.example" }) { web in
      let square = web.square
      let title = String(repeating: "दीवाली के दीये; ", count: 8) + "lamps, and \\o/"
      let words = "One line, two; three\\\nanother: “line”"
      let show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(
          title: title, description: words, scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
      let path = "/shows/\(show.id)/calendar.ics"
      let first = try await Self.read(try await web.guest.get(path))
      let event = first["events"][0]
      #expect(first["version"] == "2.0" && first["method"] == "PUBLISH" && first["events"].array.count == 1)
      #expect(first["longest"].number ?? 99 <= 75)
      #expect(event["uid"].string == "\(show.id)" && event["sequence"] == 0 && event["status"] == "CONFIRMED")
      #expect(event["summary"].string == "\(title) · \(show.channelName)", "\(event)")
      #expect(event["description"].string == "\(words)\n\nhttps://haat.example/watch/\(show.id)")
      #expect(event["url"].string == "https://haat.example/watch/\(show.id)")
      #expect(event["start"].string == "\(show.scheduledAt.description.prefix(19))+00:00")
      #expect(event["alarms"].array == [-15] && event["minutes"] == 60)

      square.clock.advance(seconds: 60)
      _ = try await square.commerce.changeShow(
        show.id, by: square.owner, ShowChange(scheduledAt: show.scheduledAt.adding(seconds: 3_600)))
      let later = try await Self.read(try await web.guest.get(path))["events"][0]
      #expect(later["uid"] == event["uid"] && later["sequence"] == 1)
      #expect(later["start"].string == "\(show.scheduledAt.adding(seconds: 3_600).description.prefix(19))+00:00")
      #expect(later["modified"].string ?? "" > event["modified"].string ?? "")

      let feed = try await Self.read(try await web.guest.get("/@lamps/calendar.ics"))
      #expect(feed["name"].string == square.channel.name)
      #expect(feed["events"].array.contains { $0["uid"] == event["uid"] && $0["sequence"] == 1 })

      try await square.commerce.callOffShow(by: square.owner, show: show.id)
      for path in [path, "/@lamps/calendar.ics"] {
        let events = try await Self.read(try await web.guest.get(path))["events"].array
        let off = try #require(events.first { $0["uid"] == event["uid"] })
        #expect(off["status"] == "CANCELLED" && off["sequence"] == 2 && off["alarms"].array.isEmpty, "\(path)")
      }
      #expect(try await web.guest.get("/shows/\(square.lamp.id)/calendar.ics").status == 404)
      #expect(try await web.guest.get("/@nobody/calendar.ics").status == 404)
    }
  }

  @Test(arguments: [0, 74, 75, 76, 150, 300])
  func `a line is folded within 75 octets and reads the same again`(length: Int) {
    for character in ["a", "é", "द", "🪔"] {
      let line = String(repeating: character, count: length)
      let folded = CalendarText.folded(line)
      #expect(folded.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 75 })
      #expect(folded.replacing("\r\n ", with: "") == line)
    }
  }
}
