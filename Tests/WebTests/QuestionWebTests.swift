import Commerce
import Foundation
import Store
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Questions, replies and mentions, over HTTP, without scripts, and in two browsers.
@Suite(.serialized, .timeLimit(.minutes(4))) struct QuestionWebTests {
  private static let page = ["Accept": "text/html"]

  @Test func `a question is asked, shown to everybody and answered by the API`() async throws {
    try await RunningWeb.run { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "/api/v1/shows/\(web.square.show.id)")
      let asked = try await guest.post(
        "\(show)/messages", ["name": "Asha", "text": "Which sizes?", "isQuestion": true])
      #expect(asked.status == 201 && asked.json["question"] == "open" && asked.json["replyTo"] == .null)
      let id = asked.json["id"].string ?? ""
      let reply = try await owner.post("\(show)/messages", ["text": "All of them", "replyTo": .string(id)])
      #expect(reply.status == 201 && reply.json["replyTo"] == .string(id))
      let gone = try await guest.post(
        "\(show)/messages", ["text": "x", "replyTo": .string("\(web.square.commerce.makeID(Message.self))")])
      #expect(gone.status == 409 && gone.code == "chat_reply_gone")
      let list = try await owner.get("\(show)/questions").json["items"]
      #expect(list.array.count == 1 && list[0]["text"] == "Which sizes?" && list[0]["isPinned"] == false)
      #expect(try await owner.get("\(show)/questions?state=new").status == 422)
      for client in [guest, try await web.stranger] {
        #expect(try await [401, 404].contains(client.get("\(show)/questions").status))
        #expect(try await [401, 404].contains(client.put("\(show)/pinned-question", ["message": .string(id)]).status))
        #expect(
          try await [401, 404].contains(client.put("\(show)/messages/\(id)/question", ["state": "answered"]).status))
      }
      try await guest.watch("\(web.square.show.id)") { viewer in
        #expect(try await viewer.next("state").json["question"] == .null)
        #expect(try await owner.put("\(show)/pinned-question", ["message": .string(id)]).status == 204)
        var event = try await viewer.next("timeline").json
        while event["kind"] != "question_pinned" { event = try await viewer.next("timeline").json }
        #expect(event["message"] == .string(id) && event["text"] == "Which sizes?" && event["name"] == "Asha")
      }
      // Who comes later sees it, and the quote.
      try await guest.watch("\(web.square.show.id)") { viewer in
        let state = try await viewer.next("state").json
        #expect(state["question"]["message"] == .string(id) && state["question"]["text"] == "Which sizes?")
        #expect(state["messages"][1]["quoteText"] == "Which sizes?" && state["messages"][0]["question"] == "open")
        let marked = try await owner.put("\(show)/messages/\(id)/question", ["state": "answered"])
        #expect(marked.status == 200 && marked.json["state"] == "answered" && marked.json["isPinned"] == false)
        var kinds: Set<String> = []
        while kinds.count < 2 {
          kinds.insert(try await viewer.next("timeline").json["kind"].string ?? "")
        }
        #expect(kinds == ["question_answered", "question_unpinned"])
      }
      try await guest.watch("\(web.square.show.id)") { viewer in
        let state = try await viewer.next("state").json
        #expect(state["question"] == .null && state["messages"][0]["question"] == "answered")
        #expect(try await owner.delete("\(show)/messages/\(id)").status == 204)
        while try await viewer.next("timeline").json["kind"] != "message_removed" {}
      }
      let state = try await guest.watch("\(web.square.show.id)") { viewer in try await viewer.next("state") }
      #expect(state.json["messages"].array.count == 1 && !state.data.contains("Which sizes?"))
    }
  }

  @Test func `without scripts a viewer asks, and the host shows and answers`() async throws {
    try await RunningWeb.run { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "\(web.square.show.id)")
      let hostile = "<b>Which</b> sizes?"
      let asked = try await guest.submit("/watch/\(show)", ["name": "Asha", "text": hostile, "question": "on"])
      #expect(asked.status == 303)
      let control = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(control.contains("value=\"pin-question\"") && control.contains("&lt;b&gt;Which"))
      let id = try await owner.get("/api/v1/shows/\(show)/questions").json["items"][0]["id"].string ?? ""
      func act(_ what: String) async throws {
        #expect(try await owner.submit("/studio/shows/\(show)", ["do": what, "message": id]).status == 303, "\(what)")
      }
      try await act("pin-question")
      for language in ["en", "hi"] {
        let page = try await guest.get("/watch/\(show)", headers: ["Accept": "text/html", "Accept-Language": language])
        #expect(page.text.contains("class=\"asked\"") && page.text.contains("/css/talk.css"))
        #expect(page.text.contains(language == "en" ? "Question being answered" : "इस सवाल का जवाब"))
        #expect(!page.text.contains("<b>Which") && !page.text.contains("t.chat"))
      }
      try await act("unpin-question")
      #expect(try await !guest.get("/watch/\(show)", headers: Self.page).text.contains("class=\"asked\""))
      try await act("answer-question")
      #expect(try await guest.get("/watch/\(show)", headers: Self.page).text.contains("is-answered"))
      #expect(try await owner.get("/api/v1/shows/\(show)/questions").json["items"].array.isEmpty)
      #expect(try await owner.submit("/studio/shows/\(show)", ["do": "pin-question", "message": "x"]).status == 404)
      #expect(try await guest.submit("/studio/shows/\(show)", ["do": "answer-question", "message": id]).status != 200)
    }
  }

  @Test func `in two browsers a viewer asks, the host shows it and replies, and a mention stands out`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let site = "http://localhost:\(web.port)"
      try await withBrowsers(2, width: 1280, height: 900) { browsers in
        let (host, viewer) = (browsers[0], browsers[1])
        try await host.open("\(site)/sign-in?lang=en")
        try await host.type(MarketSquare.ownerEmail, into: "[name=email]")
        try await host.type(MarketSquare.password, into: "[name=password]")
        try await host.click("main form .button")
        try await host.open("\(site)/studio/shows/\(web.square.show.id)?lang=en")
        try await viewer.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        func say(_ text: String, in browser: Browser) async throws {
          _ = try await browser.run(
            """
            const form = document.querySelector("form.say");
            if (form.elements.name) form.elements.name.value = "Asha";
            form.elements.text.value = arguments[0];
            form.requestSubmit();
            """, .string(text))
        }
        try await viewer.wait(until: "document.querySelector('.say .ask')")
        _ = try await viewer.run("document.querySelector('.say .ask').click()")
        #expect(try await viewer.run("return document.activeElement.name") == "text")
        try await say("Which sizes?", in: viewer)
        // The next is no question.
        #expect(try await viewer.run("return document.querySelector('.ask').getAttribute('aria-pressed')") == "false")
        try await say("Hello", in: viewer)
        try await viewer.wait(until: "document.querySelectorAll('.message[data-id]:not(.unsent)').length === 2")
        #expect(try await viewer.run("return document.querySelectorAll('.message.asks').length") == 1)
        // The host's list has it without waiting for the next look.
        try await host.wait(until: "document.querySelector('[data-part=asked-list] li .button')")
        try await host.click("[data-part=asked-list] .button")
        for browser in browsers {
          try await browser.wait(
            until: "document.querySelector('.asked .asked-text')?.textContent.includes('Which sizes?')")
        }
        // The host replies to it, and names who asked.
        try await host.wait(until: "document.querySelector('.message.asks .answer')")
        _ = try await host.run("document.querySelector('.message.asks .answer').click()")
        #expect(
          try await host.run("return document.querySelector('.replying').textContent.includes('Which sizes?')") == true)
        try await say("@asha all of them, @ashanti too", in: host)
        try await viewer.wait(until: "document.querySelector('.message.staff .quote')")
        #expect(
          try await viewer.run("return document.querySelector('.message.staff .quote').textContent")
            == "Asha Which sizes?")
        try await viewer.wait(until: "document.querySelector('.message.staff.to-me mark')?.textContent === '@asha'")
        #expect(try await viewer.run("return document.querySelectorAll('mark').length") == 1)
        #expect(try await host.run("return document.querySelectorAll('mark').length") == 0)
        // Answered, it goes from above the chat, and says so in it.
        try await host.wait(until: "document.querySelector('[data-part=asked-list] li.is-pinned .button')")
        _ = try await host.run("[...document.querySelectorAll('[data-part=asked-list] .button')].at(-1).click()")
        try await viewer.wait(
          until: "document.querySelector('.message.is-answered') && !document.querySelector('.asked')")
        // What is removed takes its quotes with it.
        let id = try await viewer.run("return document.querySelector('.message.asks').dataset.id")
        _ = try await host.run(
          "fetch(`/api/v1/shows/${arguments[0]}/messages/${arguments[1]}`, { method: 'DELETE' })",
          .string("\(web.square.show.id)"), id)
        try await viewer.wait(until: "!document.querySelector('.message.asks') && !document.querySelector('.quote')")
      }
    }
  }
}
