import Commerce
import Foundation
import Store
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Reminders in browsers, with a push service of somebody else's making that decrypts them (Tests/PushService).
@Suite(.timeLimit(.minutes(3))) struct ReminderPushTests {
  private struct Evening {
    let web: RunningWeb
    let service: PushService
    let show: Show

    init(_ web: RunningWeb, _ service: PushService) async throws {
      (self.web, self.service) = (web, service)
      let square = web.square
      show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(
          title: "दीये & lamps", scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
    }

    func body(_ endpoint: String) -> JSON {
      [
        "way": "push",
        "subscription": [
          "endpoint": .string(endpoint),
          "keys": ["p256dh": .string(service.publicKey), "auth": .string(service.auth)],
        ],
      ]
    }

    /// A browser of that name asks.
    @discardableResult
    func ask(_ name: String, _ language: String = "en") async throws -> (reminder: String, token: String) {
      let reply = try await web.guest.post(
        "/api/v1/shows/\(show.id)/reminders", body(service.endpoint(name)), headers: ["Accept-Language": language])
      #expect(reply.status == 201, "\(reply.text)")
      return (reply.json["reminder"]["id"].string ?? "", reply.json["token"].string ?? "")
    }

    func start() async throws {
      web.square.clock.advance(seconds: 7_100)
      try await web.square.commerce.startShow(by: web.square.owner, show: show.id)
    }

    /// Lets the market's clock go on to when the next message is tried again; not while one is under way or due: a clock that
    /// outruns a hurried machine takes what is told to where it is of no use any more.
    ///
    /// One that is under way is due again five minutes after it was taken; no pause is about as long as that.
    func goOn() async throws {
      let clock = web.square.clock
      let next = try await web.square.commerce.database.read { db in
        try db.rows("SELECT next_ms FROM push_message WHERE state = 'waiting' ORDER BY next_ms").map {
          try $0.get("next_ms", as: Moment.self)
        }
      }
      guard let first = next.first, first > clock.now,
        !next.contains(where: { (250_000...300_000).contains($0.milliseconds(since: clock.now)) })
      else { return }
      clock.now = first
    }

    /// How many recipients there are by now.
    func count() async throws -> Int64 {
      try await web.square.commerce.reminded(of: show.id, by: web.square.owner).reminders
    }
  }

  private static func run(_ body: @Sendable (Evening) async throws -> Void) async throws {
    let service = try await PushService()
    try await RunningWeb.run(configure: {
      $0.publicURL = "https://haat.example"
      $0.push.reachesPrivateAddresses = true
      $0.push.authoritiesPath = service.certificate
    }) { web in try await body(Evening(web, service)) }
  }

  @Test(arguments: [("en", "Lata's Lamps is live now."), ("hi", "Lata's Lamps अभी लाइव है।")])
  func `a browser is told in its language, and only it can read that`(language: String, words: String) async throws {
    try await Self.run { evening in
      let key = try await evening.web.guest.get("/api/v1/push").json["publicKey"].string
      try await evening.ask("asha", language)
      try await evening.start()
      let message = try await evening.service.taken(1)[0]
      let text = message["text"]
      #expect(text["title"] == "दीये & lamps" && text["body"].string == words && text["lang"].string == language)
      #expect(text["url"].string == "/watch/\(evening.show.id)" && text["tag"].string == "show-\(evening.show.id)")
      #expect(message["encoding"] == "aes128gcm" && message["urgency"] == "high" && message["ttl"] == 1_800)
      #expect(message["topic"].string?.count == 32)
      let claims = message["claims"]
      #expect(claims["key"].string == key && claims["sub"] == "https://haat.example")
      #expect(claims["aud"].string.map { evening.service.endpoint("asha").hasPrefix($0 + "/") } == true)
      let now = Double(evening.web.square.clock.now.milliseconds / 1000)
      #expect((now...now + 86_400).contains(claims["exp"].number ?? 0))
    }
  }

  @Test func `browsers that are gone are forgotten, and no redirect is followed`() async throws {
    try await Self.run { evening in
      for name in ["gone", "lost", "moved", "large", "cross", "stays"] { try await evening.ask(name) }
      #expect(try await evening.count() == 6)
      try await evening.start()
      // What a hurried machine loses on the way is tried again.
      _ = try await evening.web.until(
        {
          try await evening.goOn()
          return try await evening.count()
        }, is: { $0 == 4 })
      let taken = evening.service.taken
      #expect(!taken.contains { $0["path"].string?.contains("elsewhere") == true })
      #expect(Set(taken.map { $0["digest"].string ?? "" }).count == taken.count, "each with a key of its own")
    }
  }

  @Test func `a push service that is busy gets it later`() async throws {
    try await Self.run { evening in
      for name in ["busy", "broken"] { try await evening.ask(name) }
      try await evening.start()
      _ = try await evening.service.taken(1)
      let all = try await evening.web.until({
        try await evening.goOn()
        return evening.service.taken
      }) { taken in
        ["busy", "broken"].allSatisfy { name in taken.count { $0["path"].string == "/push/\(name)" } >= 2 }
      }
      // On a hurried machine an answer may be lost, and what was taken comes once more.
      #expect(all.count >= 4)
    }
  }

  @Test func `a browser is known again by its token, and what is private is not reached`() async throws {
    try await Self.run { evening in
      let (asha, web) = (try await evening.ask("asha"), evening.web)
      let list = try await web.guest.get("/api/v1/reminders", headers: ["Order-Token": asha.token])
      #expect(list.json["items"][0]["id"].string == asha.reminder && list.json["items"][0]["way"] == "push")
      #expect(try await web.guest.get("/api/v1/reminders").status == 401)
      let gone = try await web.guest.send(
        "DELETE", "/api/v1/reminders/\(asha.reminder)", headers: ["Order-Token": asha.token])
      #expect(gone.status == 204)
      #expect(try await web.guest.post("/api/v1/shows/\(evening.show.id)/reminders", ["way": "push"]).status == 422)
    }
    let service = try await PushService()
    try await RunningWeb.run { web in
      let evening = try await Evening(web, service)
      for wrong in [
        "https://127.0.0.1/a", "https://localhost/a", "https://10.0.0.1:8443/a", "https://[::1]/a",
        "https://169.254.169.254/latest", "https://2130706433/", "https://printer.local/", "http://push.example/",
      ] {
        let reply = try await web.guest.post("/api/v1/shows/\(evening.show.id)/reminders", evening.body(wrong))
        #expect(reply.status == 422 && reply.json["field"] == "endpoint", "\(wrong): \(reply.text)")
      }
      // A name that leads to a private address is seen when it is looked up.
      let post = PushPost(OutsideReach())
      for host in ["localhost", "127.0.0.1", "[::1]"] {
        let outcome = await post.send(PushRequest(endpoint: "https://\(host):1/a", headers: [], body: []))
        #expect(outcome == .refused("privateAddress"), "\(host)")
      }
      await post.end()
    }
  }

  @Test func `every answer of a push service has an outcome`() {
    #expect(PushPost.outcome(201, retryAfter: nil) == .taken)
    #expect(PushPost.outcome(410, retryAfter: nil) == .gone)
    #expect(PushPost.outcome(404, retryAfter: nil) == .gone)
    #expect(PushPost.outcome(301, retryAfter: nil) == .refused("redirect"))
    #expect(PushPost.outcome(429, retryAfter: nil) == .deferred("busy", after: 60))
    #expect(PushPost.outcome(429, retryAfter: -5) == .deferred("busy", after: 1))
    #expect(PushPost.outcome(503, retryAfter: 7) == .deferred("server", after: 7))
    #expect(PushPost.outcome(500, retryAfter: nil) == .deferred("server", after: nil))
    #expect(PushPost.outcome(403, retryAfter: nil) == .refused("status403"))
  }

  @Test func `the service worker is at the root, is asked for anew, and is for the whole site`() async throws {
    try await RunningWeb.run { web in
      let worker = try await web.guest.get("/service-worker.js")
      #expect(worker.status == 200 && worker.header("cache-control") == "no-cache")
      #expect(worker.header("content-type") == "text/javascript; charset=utf-8")
      #expect(worker.text.contains("showNotification"))
    }
  }
}

/// The same in a real browser. To subscribe it would need its maker's servers, which a test does not reach: what comes
/// before that, and what the service worker does with a message, are looked at.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ReminderBrowserTests {
  @Test(arguments: [("en", "Lamps at", "Mar 4, 2030"), ("hi", "Lamps at", "4 मार्च 2030")])
  func `a message becomes a notification, and a click on it leads to the show`(
    language: String, begins: String, day: String
  ) async throws {
    try await RunningWeb.run { web in
      let square = web.square
      let show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Lamps", scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
      let site = "http://localhost:\(web.port)"
      try await withBrowser { browser in
        try await browser.chromium(
          "Browser.grantPermissions", ["origin": .string(site), "permissions": ["notifications"]])
        try await browser.open("\(site)/shows/\(show.id)/reminder?lang=\(language)")
        try await browser.wait(until: "document.querySelector('push-reminder:not([hidden])')")
        // The page registers it before it subscribes; here nothing comes after.
        try await browser.run(
          "return navigator.serviceWorker.register('/service-worker.js', { scope: '/' }).then(() => 1)")
        try await browser.wait(until: "navigator.serviceWorker.ready.then((r) => r.active?.state === 'activated')")
        let message = """
          {"title":"Evening lamps","body":"\(begins) {time}","at":"2030-03-04T05:06:00.000Z","lang":"\(language)",\
          "url":"/watch/\(show.id)","tag":"show-1"}
          """
        try await browser.chromium("ServiceWorker.enable", [:])
        // A message that comes while the worker is still being started may be lost, as it may on a network.
        var shown = JSON.null
        while shown == .null {
          try await browser.chromium(
            "ServiceWorker.deliverPushMessage",
            ["origin": .string(site), "registrationId": "0", "data": .string(message)])
          shown = try await browser.run(
            """
            const all = await (await navigator.serviceWorker.ready).getNotifications()
            return all[0] ? { count: all.length, title: all[0].title, body: all[0].body, lang: all[0].lang,
              tag: all[0].tag, url: all[0].data.url } : null
            """)
        }
        #expect(shown["count"] == 1, "of one show there is one at a time")
        #expect(shown["title"] == "Evening lamps" && shown["lang"].string == language && shown["tag"] == "show-1")
        #expect(shown["body"].string?.hasPrefix("\(begins) ") == true)
        #expect(shown["body"].string?.contains(day) == true, "\(shown)")
        #expect(shown["url"].string == "/watch/\(show.id)")
        #expect(try await browser.consoleLines().filter { $0.contains("SEVERE") } == [])
      }
    }
  }

  @Test func `a browser that may not show notifications says so, and the other ways are still there`() async throws {
    try await RunningWeb.run { web in
      let square = web.square
      let show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Lamps", scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
      let site = "http://localhost:\(web.port)"
      try await withBrowser { browser in
        try await browser.chromium(
          "Browser.setPermission",
          ["origin": .string(site), "permission": ["name": "notifications"], "setting": "denied"])
        try await browser.open("\(site)/shows/\(show.id)/reminder?lang=en")
        try await browser.click("push-reminder button")
        try await browser.wait(
          until: "document.querySelector('push-reminder [data-part=note]').textContent.includes('does not let us')")
        try await browser.type("asha@example.com", into: "#email")
        try await browser.click("main form .buy")
        try await browser.wait(
          until: "document.querySelector('.notice.good')?.innerText.includes('Look into your mail')")
      }
    }
  }
}
