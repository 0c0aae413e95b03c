import Commerce
import Foundation
import Store
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// A chat that is moderated, over HTTP, without scripts, and in two browsers.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ModerationWebTests {
  private static let page = ["Accept": "text/html"]
  private static let ravi = ["Haat-Visitor": String(repeating: "r", count: 40)]

  @Test func `a host mutes and bans by the API, and whoever is refused reads why`() async throws {
    try await RunningWeb.run { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "/api/v1/shows/\(web.square.show.id)")
      let said = try await guest.post("\(show)/messages", ["name": "Ravi", "text": "rude"], headers: Self.ravi)
      #expect(said.status == 201 && said.json["isHeld"] == .null)
      let message = "\(show)/messages/\(said.json["id"].string ?? "")"
      for (body, status) in [
        (["kind": "kick", "reason": "spam"] as JSON, 400), (["kind": "mute", "reason": "boredom"], 400),
        (["kind": "mute", "reason": "spam", "minutes": 0], 422),
        (["kind": "mute", "reason": "spam", "note": .string(String(repeating: "n", count: 201))], 422),
      ] {
        #expect(try await owner.put("\(message)/restriction", body).status == status, "\(body)")
      }
      let mute = try await owner.put("\(message)/restriction", ["kind": "mute", "reason": "spam", "minutes": 5])
      #expect(mute.status == 200 && mute.json["name"] == "Ravi" && mute.json["isAccount"] == false, "\(mute.text)")
      let muted = try await guest.post("\(show)/messages", ["text": "again"], headers: Self.ravi)
      #expect(muted.status == 403 && muted.code == "chat_muted" && muted.text.contains("5 minutes"))
      // Of one moment the log would have them in any order.
      web.square.clock.advance(seconds: 1)
      let ban = try await owner.put("\(message)/restriction", ["kind": "ban", "reason": "hate", "note": "enough"])
      #expect(ban.status == 200 && ban.json["until"] == .null)
      let banned = try await guest.post("\(show)/messages", ["text": "again"], headers: Self.ravi)
      #expect(banned.status == 403 && banned.code == "chat_banned")
      // Without scripts it is the same sentence, in the reader's language: here by the address.
      let form = try await guest.submit("/watch/\(web.square.show.id)?lang=hi", ["text": "and again"])
      #expect(form.status == 403, "\(form.status)")
      // They see the room as everybody.
      #expect(try await guest.get("/watch/\(web.square.show.id)", headers: Self.page).status == 200)
      let list = try await owner.get("/api/v1/channels/lamps/restrictions")
      #expect(list.json["items"].array.count == 1 && list.json["items"][0]["note"] == "enough")
      let log = try await owner.get("/api/v1/channels/lamps/chat-log?limit=1")
      #expect(log.json["items"][0]["kind"] == "ban" && log.json["items"][0]["isInForce"] == true)
      #expect(log.json["next"].string != nil)
      let lifted = try await owner.delete("/api/v1/restrictions/\(ban.json["id"].string ?? "")")
      #expect(lifted.status == 200 && lifted.json["liftedAt"].string != nil)
      #expect(try await guest.post("\(show)/messages", ["text": "thanks"], headers: Self.ravi).status == 201)
      let file = try await owner.get("/api/v1/channels/lamps/chat-log/file")
      #expect(
        file.header("content-type")?.hasPrefix("text/csv") == true && file.text.contains(",ban,Lata,Ravi,hate,enough"))
      #expect(try await owner.delete("\(message)?reason=boredom").status == 422)
      #expect(try await owner.delete("\(message)?reason=abuse&note=bye").status == 204)
    }
  }

  @Test func `the host runs the chat, and viewers are told how but nothing of what moderators do`() async throws {
    try await RunningWeb.run { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "/api/v1/shows/\(web.square.show.id)")
      let open: JSON = ["slowSeconds": 0, "audience": "everyone", "allowsLinks": false]
      #expect(try await guest.get("\(show)/chat").json == open)
      let slow: JSON = ["slowSeconds": 30, "audience": "everyone", "allowsLinks": false]
      #expect(
        try await owner.put("\(show)/chat", ["slowSeconds": 2, "audience": "everyone", "allowsLinks": false]).status
          == 422)
      #expect(try await owner.put("\(show)/chat", slow).json == slow)
      let said = try await guest.post("\(show)/messages", ["text": "hello"], headers: Self.ravi)
      let again = try await guest.post("\(show)/messages", ["text": "hello"], headers: Self.ravi)
      #expect(again.status == 429 && again.code == "chat_slow")
      #expect(again.header("retry-after").flatMap { Int($0) }.map { (1...30).contains($0) } == true)
      #expect(try await owner.put("\(show)/chat", open).status == 200)
      #expect(
        try await owner.put("/api/v1/channels/lamps/chat-words", ["word": "fake", "action": "hold"]).status == 200)
      let held = try await guest.post("\(show)/messages", ["text": "It is FAKE"], headers: Self.ravi)
      #expect(held.status == 201 && held.json["isHeld"] == true)
      let message = "\(show)/messages/\(said.json["id"].string ?? "")"
      #expect(try await guest.put("\(message)/report", ["reason": "spam"]).status == 422)
      for _ in 0..<2 {
        #expect(try await guest.put("\(message)/report", ["reason": "spam"], headers: Self.ravi).status == 204)
      }
      let queue = try await owner.get("/api/v1/channels/lamps/chat-queue?show=\(web.square.show.id)").json
      #expect(queue["held"][0]["text"] == "It is FAKE" && queue["held"][0]["word"] == "fake")
      #expect(queue["reported"][0]["reports"] == 1 && queue["reported"][0]["reason"] == "spam")
      // Whoever watches hears of none of it.
      let state = try await guest.watch("\(web.square.show.id)") { viewer in
        try await viewer.next("state").data
      }
      let told = try await state + guest.get("\(show)/timeline").text
      for word in ["FAKE", "held", "report", "visitor", "address", "restriction", "spam"] {
        #expect(!told.contains(word), "\(word)")
      }
      #expect(
        try await owner.put("/api/v1/held-messages/\(held.json["id"].string ?? "")", ["decision": "approve"]).status
          == 204)
      _ = try await web.until({ try await guest.get("\(show)/timeline").text }, is: { $0.contains("It is FAKE") })
      #expect(try await owner.delete("\(message)/reports").status == 204)
      #expect(try await owner.get("/api/v1/channels/lamps/chat-queue").json["reported"].array.isEmpty)
      let words = try await guest.get("/words/chat?lang=hi").json
      #expect(words["chat"]["chat_banned"].string?.isEmpty == false && words["chatDesk"] == .null)
    }
  }

  @Test func `everything is done on the moderation page and in the control room without scripts`() async throws {
    try await RunningWeb.run { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "\(web.square.show.id)")
      let desk = "/studio/lamps/moderation"
      func say(_ text: String, _ name: String) async throws -> String {
        try await guest.post(
          "/api/v1/shows/\(show)/messages", ["name": .string(name), "text": .string(text)], headers: Self.ravi
        )
        .json["id"].string ?? ""
      }
      let rude = try await say("rude", "<b>Ravi</b>")
      _ = try await web.square.commerce.numberTimeline(web.square.show.id)
      let control = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(control.contains("value=\"mute-10\"") && control.contains("name=\"message\" value=\"\(rude)\""))
      #expect(
        try await owner.submit(
          "/studio/shows/\(show)", ["do": "chat-mode", "slow": "5", "audience": "followers", "links": "on"]
        ).status == 303)
      #expect(
        try await web.square.commerce.chatMode(of: web.square.show.id)
          == ChatMode(slowSeconds: 5, audience: .followers, allowsLinks: true))
      #expect(try await owner.submit("/studio/shows/\(show)", ["do": "chat-mode", "slow": "1"]).status == 422)
      #expect(try await owner.submit("/studio/shows/\(show)", ["do": "chat-mode", "slow": "0"]).status == 303)
      #expect(try await owner.submit(desk, ["do": "add-word", "word": "fake", "action": "hold"]).status == 303)
      #expect(try await owner.submit(desk, ["do": "add-word", "word": "!!"]).status == 422)
      let held = try await say("fake one", "Ravi")
      #expect(
        try await guest.put("/api/v1/shows/\(show)/messages/\(rude)/report", ["reason": "abuse"], headers: Self.ravi)
          .status == 204)
      for language in ["en", "hi"] {
        let page = try await owner.get(desk, headers: ["Accept": "text/html", "Accept-Language": language])
        #expect(page.status == 200 && page.text.contains("fake one") && page.text.contains("&lt;b&gt;Ravi"))
        #expect(page.text.contains(language == "en" ? "fake: waits for a moderator" : "fake: मॉडरेटर की प्रतीक्षा करे"))
        #expect(page.text.contains(language == "en" ? "Followers · 5 seconds · Viewers" : "फ़ॉलोअर · 5 सेकंड"))
        #expect(!page.text.contains("<b>Ravi") && !page.text.contains("chatDesk.") && !page.text.contains("{{"))
      }
      #expect(try await owner.submit(desk, ["do": "approve", "message": held]).status == 303)
      #expect(
        try await owner.submit(
          desk, ["do": "moderate", "show": show, "message": rude, "measure": "ban", "reason": "abuse", "note": "no"]
        )
        .status == 303)
      #expect(
        try await owner.submit(desk, ["do": "moderate", "show": show, "message": rude, "measure": "kick"]).status == 400
      )
      let banned = try await guest.post("/api/v1/shows/\(show)/messages", ["text": "again"], headers: Self.ravi)
      #expect(banned.code == "chat_banned")
      let page = try await owner.get(desk, headers: Self.page).text
      let id = page.matches(of: /name="restriction" value="([0-9a-f-]+)"/).first.map { String($0.1) } ?? ""
      #expect(try await owner.submit(desk, ["do": "lift", "restriction": id]).status == 303)
      #expect(
        try await owner.submit(
          "/studio/shows/\(show)", ["do": "moderate", "message": rude, "measure": "remove", "reason": "spam"]
        ).status == 303)
      #expect(try await owner.get("\(desk)/log").text.contains(",remove,"))
      for client in [try await web.stranger, guest] {
        #expect(try await [303, 404].contains(client.get(desk, headers: Self.page).status))
        #expect(try await [303, 401, 404].contains(client.submit(desk, ["do": "add-word", "word": "x"]).status))
      }
    }
  }

  @Test func `two browsers chat, the host bans the other, and it holds after a reload and in a new tab`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let site = "http://localhost:\(web.port)"
      let watch = "\(site)/watch/\(web.square.show.id)?lang=en&market=IN"
      try await withBrowsers(2, width: 1280, height: 900) { browsers in
        let (host, viewer) = (browsers[0], browsers[1])
        try await host.open("\(site)/sign-in?lang=en")
        try await host.type(MarketSquare.ownerEmail, into: "[name=email]")
        try await host.type(MarketSquare.password, into: "[name=password]")
        try await host.click("main form .button")
        try await host.open("\(site)/studio/shows/\(web.square.show.id)?lang=en")
        try await viewer.open(watch)
        try await viewer.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")

        func say(_ text: String, in browser: Browser) async throws {
          _ = try await browser.run(
            """
            const form = document.querySelector("form.say");
            if (form.elements.name) form.elements.name.value = '<img src=x onerror="window.hit=1">';
            form.elements.text.value = arguments[0];
            form.requestSubmit();
            """, .string(text))
        }
        let hostile = "<script>window.hit=1</script><img src=x onerror=window.hit=1>"
        try await say(hostile, in: viewer)
        let line = ".message[data-id]:not(.staff, .unsent)"
        for browser in browsers {
          try await browser.wait(until: "document.querySelector('\(line) span')?.textContent.includes('<script>')")
          #expect(
            try await browser.run("return document.querySelectorAll('.messages img, .messages script').length") == 0)
          #expect(try await browser.run("return window.hit ?? 0") == 0)
        }
        try await say("Welcome!", in: host)
        try await viewer.wait(
          until: "document.querySelector('.message.staff span:last-of-type')?.textContent === 'Welcome!'")
        #expect(try await host.run("return document.querySelector('.messages .unsent') === null") == true)

        // The host's menu, with a reason; it asks once more.
        _ = try await host.run("window.confirm = (words) => { window.asked = words; return true }")
        _ = try await host.run(
          """
          const form = document.querySelector('\(line) .measure');
          form.closest("details").open = true;
          form.elements.measure.value = "ban";
          form.elements.reason.value = "hate";
          form.elements.note.value = "scripts";
          form.requestSubmit();
          """)
        try await host.wait(until: "/Ban from/.test(document.querySelector('[data-part=mode-note]').textContent)")
        #expect(try await host.run("return window.asked.includes('Ban from')") == true)

        func isRefused(_ text: String) async throws {
          try await viewer.wait(until: "customElements.get('live-chat') && document.querySelector('live-room').room")
          try await say(text, in: viewer)
          try await viewer.wait(
            until: "/banned you from its chats/.test(document.querySelector('.unsent small')?.textContent)")
        }
        try await isRefused("Am I banned?")
        try await viewer.open(watch)
        try await isRefused("And after a reload?")
        // Another tab, with whatever the address remembers taken away: the browser is known.
        try await web.square.testDatabase.database.write { db in
          _ = try db.run("UPDATE chat_restriction SET address = NULL")
        }
        try await viewer.newTab()
        try await viewer.open(watch)
        try await isRefused("And in a new tab?")
        // They go on watching, and hear what others say.
        try await say("Still here", in: host)
        try await viewer.wait(
          until: "[...document.querySelectorAll('.message.staff')].some((m) => /Still here/.test(m.textContent))")
        let said = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/timeline").text
        #expect(!said.contains("Am I banned") && !said.contains("after a reload") && !said.contains("new tab"))
      }
      let log = try await web.owner.get("/api/v1/channels/lamps/chat-log").json["items"][0]
      #expect(log["kind"] == "ban" && log["reason"] == "hate" && log["note"] == "scripts")
    }
  }

  @Test func `a viewer reports a message, and the host reads what waits and reported without loading again`()
    async throws
  {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let site = "http://localhost:\(web.port)"
      _ = try await web.square.commerce.putChatWord("fake", .hold, by: web.square.owner, channel: web.square.channel.id)
      try await withBrowsers(2, width: 1280, height: 900) { browsers in
        let (host, viewer) = (browsers[0], browsers[1])
        try await host.open("\(site)/sign-in?lang=en")
        try await host.type(MarketSquare.ownerEmail, into: "[name=email]")
        try await host.type(MarketSquare.password, into: "[name=password]")
        try await host.click("main form .button")
        try await host.open("\(site)/studio/shows/\(web.square.show.id)?lang=en")
        try await viewer.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        _ = try await web.guest.post("/api/v1/shows/\(web.square.show.id)/messages", ["name": "Ravi", "text": "rude"])
        try await viewer.wait(until: "document.querySelector('.message .report')")
        _ = try await viewer.run("document.querySelector('.message .report').click()")
        try await viewer.click(".reasons .button")
        try await viewer.wait(until: "/Thank you/.test(document.querySelector('.message p[role=status]')?.textContent)")
        _ = try await viewer.run(
          """
          const form = document.querySelector("form.say");
          form.elements.text.value = "is it fake?";
          form.requestSubmit();
          """)
        try await viewer.wait(
          until: "/waits for a moderator/.test(document.querySelector('.unsent small')?.textContent)")
        try await host.wait(until: "document.querySelectorAll('.chat-queue > li').length === 2")
        try await host.click(".chat-queue .button")
        try await viewer.wait(
          until: "[...document.querySelectorAll('.message:not(.unsent)')].some((m) => /is it fake/.test(m.textContent))"
        )
        // The chat's rules hold at once, and viewers read them.
        _ = try await host.run(
          "document.querySelector('.chat-mode').open = true; document.querySelector('#slow').value = '30'")
        try await host.click(".chat-mode .button")
        try await viewer.wait(until: "/every 30 s/.test(document.querySelector('.say [name=text]').placeholder)")
      }
    }
  }
}
