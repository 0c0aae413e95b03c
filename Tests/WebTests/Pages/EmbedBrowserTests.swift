import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// A show in another site's page, as a reader of that site sees it, in a browser.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EmbedBrowserTests {
  /// What a reader lets sites keep.
  enum Cookies: String, CaseIterable, CustomTestStringConvertible {
    case notOfThirdParties
    case none

    var testDescription: String { rawValue }

    fileprivate var preferences: JSON {
      switch self {
      case .notOfThirdParties: ["profile.cookie_controls_mode": 1, "profile.block_third_party_cookies": true]
      case .none: ["profile.default_content_setting_values.cookies": 2]
      }
    }
  }

  private struct Stage: Sendable {
    let web: RunningWeb
    let outer: OuterSite
    let browser: Browser

    var haat: String { "http://localhost:\(web.port)" }

    /// What the page around the show has heard, as lines of its log.
    func heard() async throws -> [String] {
      try await browser.run("return [...document.querySelectorAll('#log li')].map((line) => line.textContent)")
        .array.compactMap(\.string)
    }

    func wait(forEvent kind: String) async throws {
      let look =
        "[...document.querySelectorAll('#log li')].some((line) => line.textContent.startsWith('haat:\(kind) '))"
      try await browser.wait(until: look)
    }

    func inFrame<Result>(_ body: () async throws -> Result) async throws -> Result {
      try await browser.within("iframe", of: "haat-show", body)
    }

    /// A page with a show in it, that lists what it hears.
    func open(_ name: String, _ element: String, before: String = "") async throws {
      outer.put(
        name,
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Outer</title>
        <script type="module" src="\(haat)/embed.js"></script>\(before)
        \(element)<ol id="log"></ol><script>
        for (const kind of ["ready", "live", "ended", "buy", "bag", "order", "error"]) {
          document.addEventListener("haat:" + kind, ({ type, detail }) => {
            document.getElementById("log").append(Object.assign(document.createElement("li"), { textContent: type + " " + JSON.stringify(detail) }));
          });
        }
        </script>
        """)
      try await browser.open("\(outer.origin)/\(name)")
    }
  }

  private func onStage(
    width: Int = 412, height: Int = 915, cookies: Cookies = .notOfThirdParties, sites: [String]? = nil,
    _ body: @Sendable (Stage) async throws -> Void
  ) async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      try await OuterSite.run { outer in
        let commerce = web.square.commerce
        _ = try await commerce.makePartner(
          commerce.makeID(), by: web.square.operator,
          PartnerDraft(
            name: "The Lamp Letter", via: "lamps-weekly", sites: sites ?? [outer.origin], rateBasisPoints: 2_500))
        try await commerce.pin(by: web.square.owner, show: web.square.show.id, product: web.square.lamp.id)
        try await withBrowser(width: width, height: height, preferences: cookies.preferences) { browser in
          try await body(Stage(web: web, outer: outer, browser: browser))
        }
      }
    }
  }

  @Test(arguments: Cookies.allCases)
  func `a reader of another site buys without leaving it and without a cookie, and the site is credited`(
    cookies: Cookies
  ) async throws {
    try await onStage(cookies: cookies) { stage in
      let (web, browser) = (stage.web, stage.browser)
      let example = try embedExample(haat: stage.haat, show: "\(web.square.show.id)", partner: "lamps-weekly")
      stage.outer.put("article", example)
      try await browser.open("\(stage.outer.origin)/article")
      try await stage.wait(forEvent: "live")
      try await stage.inFrame {
        #expect(
          try await browser.run("document.cookie = 'mine=1; SameSite=None; Secure'; return document.cookie") == "")
        try await browser.type("Do they ship to Pune?", into: ".say [name=text]")
        try await browser.run("document.querySelector('.say').requestSubmit(); document.activeElement.blur()")
        try await browser.wait(
          until: "document.querySelector('.message[data-id]:not(.unsent)')?.innerText.includes('Pune')")
        try await browser.click("pinned-card button")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        try await browser.type("4000002500003155", into: ".drawer [name=number]")
        try await browser.type("12/30", into: ".drawer [name=expiry]")
        try await browser.type("123", into: ".drawer [name=cvc]")
        try await browser.wait(until: "document.querySelector('.drawer-foot .buy').textContent.includes('₹1,299')")
        try await browser.click(".drawer-foot .buy")
        // The bank's page is in a frame of the frame, and so has another site around it as well.
        try await browser.within("iframe.second-step") { try await browser.click("button[value=approve]") }
      }
      try await stage.wait(forEvent: "order")
      try await stage.inFrame {
        try await browser.wait(until: "document.querySelector('.done')")
        // The order's page opens beside, with what it was placed with.
        let link = try await browser.run("return document.querySelector('.drawer-foot a').href").string ?? ""
        #expect(link.contains("token="))
        #expect(try await browser.run("return document.querySelector('.embed-orders a').textContent") != "")
      }
      let order = try #require(
        try await web.square.commerce.orders(of: web.square.channel.id, by: web.square.owner).items.first)
      #expect(order.state == .paid && order.source.kind == .embed && order.source.site == stage.outer.origin)
      #expect(order.source.via == "lamps-weekly" && order.credit == .partner && order.partner != nil)
      #expect(order.buyer.account == nil && order.lines[0].partnerShare.minor > 0)

      let heard = try await stage.heard()
      #expect(
        heard.map { String($0.prefix { $0 != " " }) } == [
          "haat:ready", "haat:live", "haat:bag", "haat:buy", "haat:order", "haat:bag",
        ], "\(heard)")
      let told = try #require(heard.first { $0.hasPrefix("haat:order ") }.map { String($0.dropFirst(11)) })
      #expect(
        try JSONDecoder().decode(JSON.self, from: Data(told.utf8))
          == ["number": .string(order.number), "total": 129_900, "currency": "INR", "isPaid": true])
      for word in ["sha", "Lane", "Pune", "9876", "token"] { #expect(!heard.joined().contains(word), "\(word)") }
      let kept = try await browser.chromium("Storage.getCookies", [:])["cookies"].array
      #expect(kept.isEmpty, "\(kept)")
      let said = try await browser.consoleLines().filter {
        $0.hasPrefix("SEVERE") && !$0.contains("/live/") && !$0.contains("favicon")
      }
      #expect(said.isEmpty, "\(said)")
    }
  }

  @Test func `the page around it plays, mutes and opens what it wants to, in its own colours`() async throws {
    try await onStage { stage in
      let (browser, show) = (stage.browser, stage.web.square.show.id)
      try await stage.open(
        "wide",
        "<haat-show show=\"\(show)\" theme=\"dark\" accent=\"#0f6570\" corners=\"3\" lang=\"hi\" autoplay=\"off\"></haat-show>"
      )
      try await browser.run("document.querySelector('haat-show').openProduct('\(stage.web.square.lamp.id)')")
      try await stage.wait(forEvent: "ready")
      try await stage.inFrame {
        try await browser.wait(
          until: "document.querySelector('.drawer[open] #drawer-title')?.textContent === 'Brass lamp'")
        #expect(
          try await browser.run("return document.documentElement.lang + document.documentElement.dataset.theme")
            == "hidark")
        let colour = try await browser.run(
          "return getComputedStyle(document.querySelector('.drawer-foot .buy')).backgroundColor")
        #expect(colour == "rgb(15, 101, 112)")
        #expect(try await browser.run("return document.querySelector('live-player').hasAttribute('src')") == false)
        // Links lead out of the frame, those to this page do not.
        let targets = try await browser.run(
          """
          const heard = [];
          for (const link of document.querySelectorAll('.seller, .shelf [href^="?market"]')) {
            link.addEventListener("click", (event) => { event.preventDefault(); heard.push(link.target || document.querySelector("base").target); });
            link.click();
          }
          return heard;
          """)
        #expect(targets.array.first == "_blank" && targets.array.dropFirst().allSatisfy { $0 == "_self" }, "\(targets)")
        #expect(targets.array.count > 1)
      }
      try await browser.run(
        "const s = document.querySelector('haat-show'); s.openProduct('nonsense'); s.openBag(); s.play(); s.mute()")
      try await stage.wait(forEvent: "error")
      #expect(try await stage.heard().last { $0.hasPrefix("haat:error") } == "haat:error {\"code\":\"no_product\"}")
      try await stage.inFrame {
        try await browser.wait(until: "document.querySelector('live-player').hasAttribute('src')")
        #expect(try await browser.run("return document.querySelector('.embed-play')") == .null)
        #expect(try await browser.run("return document.querySelector('live-player').muted") == true)
      }
      let corners = try await browser.run(
        "return getComputedStyle(document.querySelector('haat-show').shadowRoot.querySelector('iframe')).borderRadius")
      #expect(corners == "3px")
    }
  }

  @Test func `a site that is on nobody's list is told so in its own page, and so is a secret key`() async throws {
    try await onStage(sites: ["https://elsewhere.example"]) { stage in
      let (browser, show) = (stage.browser, stage.web.square.show.id)
      for (name, element, code) in [
        ("stranger", "<haat-show show=\"\(show)\" partner=\"lamps-weekly\"></haat-show>", "site_refused"),
        ("secret", "<haat-show show=\"\(show)\" partner=\"haat_partner_abc\"></haat-show>", "secret_key"),
        ("nothing", "<haat-show show=\"../operator\"></haat-show>", "not_found"),
      ] {
        try await stage.open(name, element)
        try await stage.wait(forEvent: "error")
        #expect(try await stage.heard() == ["haat:error {\"code\":\"\(code)\"}"])
        let address = try await browser.run(
          "return document.querySelector('haat-show').shadowRoot.querySelector('iframe').src")
        #expect(address.string?.contains("haat_partner") == false, "it is sent nowhere")
        try await stage.inFrame {
          let (headline, room) = (
            try await browser.text("h1"), try await browser.run("return document.querySelector('live-room')")
          )
          #expect(!headline.isEmpty && room == .null)
        }
      }
      // Who does not say where it is gets nothing but the browser's own refusal.
      try await stage.open(
        "silent",
        "<iframe src=\"\(stage.haat)/embed/\(show)?partner=lamps-weekly\" referrerpolicy=\"no-referrer\"></iframe>")
      try await browser.within("body > iframe") {
        let room = try await browser.run("return document.querySelector('live-room')")
        #expect(room == .null)
      }
      let said = try await browser.consoleLines()
      #expect(said.contains { $0.contains("frame-ancestors") }, "\(said)")
    }
  }

  @Test func `what others say to a frame, or would write into its address, is not heard`() async throws {
    try await onStage { stage in
      let (browser, show) = (stage.browser, stage.web.square.show.id)
      let odd = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;partner=other"
      try await stage.open(
        "hostile",
        """
        <haat-show show="\(show)" partner="lamps-weekly" theme="\(odd)" accent="red;}*{display:none\(odd)" corners="1e9" lang="\(odd)" market="\(odd)"></haat-show>
        <iframe src="\(stage.haat)/embed/\(show)?partner=lamps-weekly" width="400" height="700" onload="isThere = true"></iframe>
        <iframe id="other" srcdoc="<script>onmessage = () => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => parent.postMessage({ stolen: data }, '*');
          port1.postMessage({ command: 'openBag' });
          parent.frames[0].postMessage({ haat: 1, kind: 'connect' }, '*', [port2]);
        }</script>"></iframe>
        """)
      try await stage.wait(forEvent: "ready")
      try await browser.wait(until: "window.isThere")
      // A frame beside it asks first; it is not the page around it.
      try await browser.run(
        """
        window.stolen = [];
        addEventListener("message", ({ data }) => stolen.push(data));
        document.getElementById("other").contentWindow.postMessage("go", "*");
        """)
      let address = try #require(
        try await browser.run("return document.querySelector('haat-show').shadowRoot.querySelector('iframe').src")
          .string)
      #expect(address == "\(stage.haat)/embed/\(show)?partner=lamps-weekly", "\(address)")
      // No channel, a second channel, and words that are no commands; then one that is, so that all before it was read.
      try await browser.run(
        """
        const frame = document.querySelector("haat-show").shadowRoot.querySelector("iframe").contentWindow;
        for (const text of [null, 1, "play", {}, { command: "openBag" }, { kind: "connect" }, { haat: 1, kind: "order" }]) frame.postMessage(text, "*");
        const second = new MessageChannel();
        second.port1.onmessage = ({ data }) => stolen.push({ stolen: data });
        second.port1.postMessage({ command: "openBag" });
        frame.postMessage({ haat: 1, kind: "connect" }, "*", [second.port2]);
        window.postMessage({ kind: "order", detail: { number: "HAAT-1" } }, "*");
        const show = document.querySelector("haat-show");
        show.openProduct({ toString: () => "<img>" });
        const { port1, port2 } = new MessageChannel();
        window.told = [];
        port1.onmessage = ({ data }) => told.push(data);
        frames[0].postMessage({ haat: 1, kind: "connect" }, "\(stage.haat)", [port2]);
        for (const said of [null, 7, "openBag", {}, { command: "constructor" }, { command: "__proto__" }, { command: ["openBag", 1] }]) port1.postMessage(said);
        port1.postMessage({ command: "openProduct", value: "x" });
        """)
      try await stage.wait(forEvent: "error")
      try await browser.wait(until: "told.some(({ kind, detail }) => kind === 'error' && detail.code === 'no_product')")
      #expect(try await browser.run("return told[0].kind") == "ready")
      for frame in [nil, "haat-show"] {
        try await browser.within("iframe", of: frame) {
          let open = try await browser.run("return document.querySelector('.drawer[open]')")
          #expect(open == .null)
        }
      }
      #expect(try await browser.run("return stolen.filter((data) => data?.stolen)").array.isEmpty)
      #expect(try await stage.heard().allSatisfy { !$0.contains("HAAT-1") })
      let corners = try await browser.run(
        "return getComputedStyle(document.querySelector('haat-show').shadowRoot.querySelector('iframe')).borderRadius")
      #expect(corners == "16px")
    }
  }

  @Test(arguments: [320, 390, 800, 1100])
  func `in a column of any width it fits, and what buys can be reached`(width: Int) async throws {
    try await onStage(width: width, height: 900) { stage in
      let (browser, show) = (stage.browser, stage.web.square.show.id)
      try await stage.open(
        "column", "<haat-show show=\"\(show)\" partner=\"lamps-weekly\"></haat-show>",
        before: "<style>body { margin: 0 }</style>")
      try await stage.wait(forEvent: "ready")
      let box = try await browser.run(
        "const { width, height } = document.querySelector('haat-show').shadowRoot.querySelector('iframe').getBoundingClientRect(); return [Math.round(width), Math.round(height)]"
      )
      #expect(box[0].number == Double(width) && (480...828).contains(box[1].number ?? 0), "\(box)")
      try await stage.inFrame {
        #expect(try await browser.run("return document.documentElement.scrollWidth - innerWidth") == 0)
        try await browser.click("pinned-card button")
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('.drawer [name=email]')")
        let reach = try await browser.run(
          """
          const { top, bottom, left, right } = document.querySelector(".drawer-foot .buy").getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight && left >= 0 && right <= innerWidth;
          """)
        #expect(reach == true)
      }
    }
  }
}
