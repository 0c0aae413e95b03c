import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// The pages' scripts where they run: in a browser, on pages of the real server.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ScriptTests {
  /// Opens the watch page of the market's show; `script` may use `lib(name)` to import a module.
  private func onWatchPage(_ body: @Sendable (RunningWeb, Browser) async throws -> Void) async throws {
    try await RunningWeb.run { web in
      // A browser names what it makes by its own clock, which is today's.
      web.square.clock.now = WallClock.system.now
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/watch/\(web.square.show.id)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")
        try await browser.run(
          """
          const base = document.querySelector('script[src$="watch.js"]').src.replace("watch.js", "lib/");
          window.lib = (name) => import(base + name);
          """)
        try await body(web, browser)
      }
    }
  }

  @Test func `on a phone the bag's button opens everything that is sold, and a row opens its product`() async throws {
    try await onWatchPage { _, browser in
      try await browser.click(".bag-button")
      try await browser.wait(until: "document.querySelector('.drawer[open] .shelf-row')?.offsetHeight > 60")
      try await browser.click(".drawer .shelf-row button")
      try await browser.wait(
        until: "document.querySelector('.drawer[open] #drawer-title')?.textContent === 'Brass lamp'")
    }
  }

  @Test func `who comes from a product's own page finds it open`() async throws {
    try await onWatchPage { web, browser in
      try await browser.open("http://localhost:\(web.port)/products/\(web.square.lamp.id)?lang=en&market=IN")
      try await browser.click(".button.buy")
      try await browser.wait(
        until: "document.querySelector('.drawer[open] #drawer-title')?.textContent === 'Brass lamp'")
      try await browser.wait(until: "/₹1,299/.test(document.querySelector('.drawer .price.big')?.textContent)")
    }
  }

  @Test func `an order says at which moment of the show its bag was filled, and tried again it is the same one`()
    async throws
  {
    try await onWatchPage { web, browser in
      _ = try await web.square.commerce.makePartner(
        web.square.commerce.makeID(), by: web.square.operator,
        PartnerDraft(name: "The Blog", via: "blog", rateBasisPoints: 2_500))
      try await browser.open("http://localhost:\(web.port)/watch/\(web.square.show.id)?lang=en&market=IN&via=blog")
      try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")
      let placed = try await browser.run(
        """
        return (async () => {
        const room = document.querySelector("live-room");
        const { variants: [{ id, offer }] } = room.room.goods.all[0];
        const buyer = { name: "Asha", email: "asha@example.com",
          address: { line1: "1 Lane", city: "Pune", postalCode: "411001", country: "IN" } };
        room.checkout.playhead = 61000.7;
        room.bag.add(id, 1, 5);
        room.checkout.playhead = 90000;
        const lines = [{ offer: offer.id, quantity: 1 }];
        const first = await room.checkout.place(lines, buyer);
        room.bag.set(id, 1);
        const again = await room.checkout.place(lines, buyer);
        return [first.order.source, first.order.id === again.order.id];
        })();
        """)
      #expect(placed[0]["mediaTime"] == 61_000 && placed[0]["kind"] == "link", "\(placed)")
      #expect(placed[0]["credit"] == "partner", "the link is remembered without any script")
      #expect(placed[1] == true)
    }
  }

  @Test func `a coupon on screen is claimed with a tap, and the bag shows what it takes off`() async throws {
    try await onWatchPage { web, browser in
      let commerce = web.square.commerce, owner = web.square.owner, show = web.square.show.id
      let coupon = try await commerce.makeCoupon(
        commerce.makeID(), by: owner, channel: web.square.channel.id,
        CouponDraft(
          code: "GLOW", title: "<b>Diwali</b>", market: "IN", percentBasisPoints: 1_000, discountMaxMinor: 5_000,
          claimsMax: 9))
      try await commerce.pin(by: owner, show: show, product: web.square.lamp.id)
      try await commerce.showCoupon(by: owner, show: show, coupon.id)
      try await browser.wait(
        until: "document.querySelector('coupon-card strong')?.textContent === '10% off, up to ₹50'")
      #expect(try await browser.run("return document.querySelector('coupon-card b')") == .null)
      try await browser.click("coupon-card button")
      try await browser.wait(until: "document.querySelector('coupon-card button').textContent === 'In your bag'")
      try await browser.click("pinned-card button")
      try await browser.click(".drawer-foot .button:not(.buy)")
      try await browser.click(".drawer-head button:last-child")
      try await browser.click("coupon-card button")
      try await browser.wait(until: "/GLOW.*−₹50.*Total.*₹1,249/s.test(document.querySelector('.sums')?.textContent)")
      // Without it, and with one that does not exist: the sum says so, and so does a sentence.
      try await browser.click(".drawer-body .apart button")
      try await browser.wait(until: "/Total.*₹1,299/s.test(document.querySelector('.sums')?.textContent)")
      try await browser.type("NOPE", into: "#coupon-code")
      try await browser.click(".drawer-body form button")
      try await browser.wait(until: "/no such coupon/.test(document.querySelector('.drawer .notice.bad')?.textContent)")
      try await browser.type("glow", into: "#coupon-code")
      try await browser.click(".drawer-body form button")
      try await browser.wait(until: "/−₹50/.test(document.querySelector('.sums')?.textContent)")
    }
  }

  @Test func `what happens is held until the viewer's own picture gets there`() async throws {
    try await onWatchPage { _, browser in
      let seen = try await browser.play(
        """
        const { Playhead } = await lib("playhead.js");
        const seen = [];
        const playhead = new Playhead((event) => seen.push(event.name), 60000);
        playhead.reached(1000);
        playhead.hold({ name: "past", mediaTime: 900 });
        playhead.hold({ name: "soon", mediaTime: 1500 });
        playhead.hold({ name: "behind it", mediaTime: 1400 });
        seen.push("|");
        playhead.reached(1499);
        seen.push("|");
        playhead.reached(1500);
        playhead.hold({ name: "never", mediaTime: 9000 });
        playhead.reached(null);
        return seen.join(" ");
        """)
      #expect(seen == "past | | soon behind it never")
      let patience = try await browser.play(
        """
        const { Playhead } = await lib("playhead.js");
        return new Promise((resolve) => {
          const playhead = new Playhead(() => resolve("let through"), 50);
          playhead.reached(0);
          playhead.hold({ mediaTime: 5000 });
        });
        """)
      #expect(patience == "let through")
    }
  }

  @Test func `scripts and server write money and count alike`() async throws {
    try await onWatchPage { web, browser in
      let words = try #require(Screens(resources: ResourceFiles.root).words("en"))
      for (minor, code) in [(10_000_000, "INR"), (38_120, "INR"), (129_950, "USD"), (100, "EUR"), (1500, "JPY")] {
        let currency = try #require(Currency(code))
        let text = try await browser.play(
          "return (await lib('money.js')).money({ minor: arguments[0], currency: arguments[1] })",
          .number(Double(minor)), .string(code))
        #expect(text == .string(words.money(Money(minor: Int64(minor), currency: currency))))
      }
      let grouped = try await browser.play("return (await lib('strings.js')).number(1234567)")
      #expect(grouped == .string(Figures.grouped(1_234_567)))
    }
  }

  @Test func `a card is checked before anyone is asked`() async throws {
    try await onWatchPage { _, browser in
      func faults(_ number: String, _ expiry: String, _ cvc: String) async throws -> JSON {
        try await browser.play(
          """
          const { readCard } = await lib("card.js");
          const [number, expiry, cvc] = arguments;
          return Object.keys(readCard({ number, expiry, cvc }, new Date("2026-11-22")).faults).join();
          """, .string(number), .string(expiry), .string(cvc))
      }
      let cards = [
        ("4242 4242 4242 4242", "11/26", "123", ""), ("4242 4242 4242 4241", "11/26", "123", "number"),
        ("4242424242424242", "10/26", "12", "expiry,cvc"), ("", "13/29", "12a4", "number,expiry"),
      ]
      for (number, expiry, cvc, wrong) in cards {
        let found = try await faults(number, expiry, cvc)
        #expect(found == .string(wrong), "\(number) \(expiry) \(cvc)")
      }
    }
  }

  @Test func `ids made in the browser are ids to the server`() async throws {
    try await onWatchPage { _, browser in
      let text = try await browser.play("return (await lib('uuid.js')).uuid()")
      let id = try #require(ID<Order>(text.string ?? ""))
      #expect(id.description == text.string)
      #expect(text.string?.dropFirst(14).first == "7")
    }
  }

  @Test func `a viewer sees the pin, the stock and what people say, as text`() async throws {
    try await onWatchPage { web, browser in
      let commerce = web.square.commerce, owner = web.square.owner, show = web.square.show.id
      let bowl = try await commerce.makeProduct(
        commerce.makeID(), by: owner, channel: web.square.channel.id,
        ProductDraft(title: "Bowl", variants: [VariantDraft(prices: ["IN": 100], onHand: 1)]))
      try await commerce.pin(by: owner, show: show, product: web.square.lamp.id)
      try await browser.wait(until: "document.querySelector('pinned-card button')?.textContent === 'Buy'")
      // What just begins to appear has no text yet for somebody who looks.
      try await browser.wait(until: "document.querySelector('pinned-card .price').textContent === '₹1,299'")

      try await commerce.setStock(by: owner, variant: web.square.lampVariant, onHand: 3)
      try await browser.wait(until: "document.querySelector('pinned-card .stock').textContent === 'Only 3 left'")
      try await commerce.setStock(by: owner, variant: web.square.lampVariant, onHand: 0)
      try await browser.wait(until: "document.querySelector('pinned-card button').textContent === 'Tell me'")
      _ = try await browser.run("document.querySelector('pinned-card button').click()")
      try await browser.wait(until: "document.querySelector('.drawer-foot .buy')?.textContent === 'Tell me'")
      _ = try await browser.run("document.querySelector('.drawer-foot .buy').click()")
      try await browser.wait(until: "document.getElementById('tell-email')")
      _ = try await browser.run(
        """
        document.getElementById('tell-email').value = 'guest@example.com';
        document.getElementById('tell').requestSubmit();
        """)
      try await browser.wait(until: "document.querySelector('.drawer .notice.good')?.hidden === false")
      #expect(try await commerce.mails(of: nil, by: web.square.operator).items.map(\.mail.kind) == [.waitlistConfirm])
      _ = try await browser.run("document.querySelector('dialog.drawer').close()")

      _ = try await commerce.say(
        commerce.makeID(), by: .nobody, show: show, name: "<i>R</i>", text: "<img src=x onerror=alert(1)>")
      try await browser.wait(
        until: "document.querySelector('.message [data-id], .message b')?.textContent === '<i>R</i>'")
      #expect(try await browser.run("return document.querySelectorAll('.messages img, .messages i').length") == 0)

      try await commerce.unpin(by: owner, show: show)
      try await browser.wait(until: "document.querySelector('pinned-card').childElementCount === 0")
      // What was not in the run when the page was opened is fetched when it is pinned.
      try await commerce.pin(by: owner, show: show, product: bowl.id)
      try await browser.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Bowl'")

      _ = try await commerce.endShow(by: owner, show: show)
      try await browser.wait(until: "!document.querySelector('[data-part=curtain]').hidden")
    }
  }

  @Test func `a price that changes while products are fetched is fetched again`() async throws {
    try await onWatchPage { _, browser in
      let price = try await browser.play(
        """
        const { Goods } = await lib("goods.js");
        const real = fetch;
        let minor = 100;
        let asked = 0;
        let answer;
        window.fetch = async (url, ...more) => {
          // The page goes on fetching for itself.
          if (!String(url).includes("/shows/show/")) return real(url, ...more);
          asked += 1;
          const items = [{ id: "p", variants: [{ id: "v", available: 5, offer: { price: { minor } } }] }];
          if (asked === 1) await new Promise((resume) => { answer = resume; });
          return Response.json({ items });
        };
        try {
          const goods = new Goods("show", "IN");
          goods.load();
          minor = 90;
          goods.load();
          const loaded = goods.load();
          goods.setStock({ v: 3 });
          answer();
          await loaded;
          const { available, offer } = goods.variant("v");
          return [offer.price.minor, asked, available].join();
        } finally {
          window.fetch = real;
        }
        """)
      #expect(price == "90,2,5")
    }
  }

  @Test func `products that cannot be had are asked for until they are there, more slowly each time`() async throws {
    try await onWatchPage { _, browser in
      let asked = try await browser.play(
        """
        const { Goods } = await lib("goods.js");
        const [realFetch, realTimeout] = [fetch, setTimeout];
        const waits = [];
        let asked = 0;
        // The page's own scripts go on asking and waiting meanwhile.
        window.setTimeout = (work, wait) => {
          if (!new Error().stack.includes("/api.js")) return realTimeout(work, wait);
          waits.push(wait);
          return realTimeout(work, 0);
        };
        window.fetch = async (url, ...rest) => {
          if (!String(url).includes("/shows/none/")) return realFetch(url, ...rest);
          asked += 1;
          if (asked < 12) throw new TypeError("no network");
          return Response.json({ items: [] });
        };
        try {
          await new Goods("none", "IN").load();
          return [asked, waits[0] < 1000, Math.max(...waits) > 14000, Math.max(...waits) <= 25000].join();
        } finally {
          [window.fetch, window.setTimeout] = [realFetch, realTimeout];
        }
        """)
      #expect(asked == "12,true,true,true")
    }
  }

  @Test func `a show that begins before an open page has the server's clock, and its end ends the player`() async throws
  {
    try await RunningWeb.run { web in
      let commerce = web.square.commerce, owner = web.square.owner
      let show = try await commerce.scheduleShow(
        commerce.makeID(), by: owner, channel: web.square.channel.id,
        ShowDraft(title: "Later", scheduledAt: commerce.clock.now, markets: ["IN"]))
      try await commerce.putRun(by: owner, show: show.id, [web.square.lamp.id])
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/watch/\(show.id)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")
        _ = try await commerce.startShow(by: owner, show: show.id, mediaTime: 0)
        try await browser.wait(until: "document.querySelector('live-player')")
        let serverTime = Double(commerce.clock.now.milliseconds)
        let difference = try await browser.run(
          """
          const entry = document.querySelector('script[src*="/js/watch.js"]').src;
          return import(entry.replace("watch.js", "lib/server-time.js")).then(({ serverNow }) => serverNow() - arguments[0]);
          """,
          .number(serverTime))
        // The page's fraction of a second; the market's clock itself stands still.
        #expect(abs(difference.number ?? .infinity) < 30_000)

        _ = try await commerce.endShow(by: owner, show: show.id)
        try await browser.wait(until: "document.querySelector('live-player').state === 'ended'")
      }
    }
  }

  @Test func `a host finds products while typing, and what is ticked stays`() async throws {
    try await RunningWeb.run { web in
      let square = web.square
      for number in 0..<55 {
        square.clock.advance(seconds: 1)
        _ = try await square.commerce.makeProduct(
          square.commerce.makeID(), by: square.owner, channel: square.channel.id,
          ProductDraft(
            title: number == 0 ? "Copper pot" : "Bowl \(number)",
            variants: [VariantDraft(sku: "S\(number)", prices: ["IN": 100], onHand: 1)]))
      }
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/sign-in?lang=en")
        try await browser.type(MarketSquare.ownerEmail, into: "#email")
        try await browser.type(MarketSquare.password, into: "#password")
        try await browser.click("main form button")
        try await browser.wait(until: "location.pathname !== '/sign-in'")
        try await browser.open("http://localhost:\(web.port)/studio/shows/\(square.show.id)")
        try await browser.click("details:has(run-finder) > summary")
        try await browser.run("window.samePage = true")
        func title(_ text: String) -> String {
          "[...document.querySelectorAll('run-finder li')].find(item => item.querySelector('.check').innerText.trim() === '\(text)')"
        }
        try await browser.wait(until: title("Bowl 54"))
        try await browser.run("\(title("Bowl 54")).querySelector('input').click()")
        try await browser.type("copper", into: "#find")
        try await browser.wait(until: "\(title("Copper pot")) && !\(title("Bowl 53"))")
        try await browser.run("\(title("Copper pot")).querySelector('input').click()")
        #expect(try await browser.run("return window.samePage") == true)
        try await browser.click("run-finder [value=run]")
        try await browser.wait(until: "!window.samePage && document.querySelectorAll('.run-item').length === 3")
        #expect(
          try await browser.run("return [...document.querySelectorAll('.run-item strong')].map(e => e.innerText)")
            == ["Brass lamp", "Bowl 54", "Copper pot"])
      }
    }
  }

  @Test func `a guest buys in the drawer, is declined once, and keeps one order`() async throws {
    try await onWatchPage { web, browser in
      try await web.square.commerce.pin(by: web.square.owner, show: web.square.show.id, product: web.square.lamp.id)
      try await browser.wait(until: "document.querySelector('pinned-card button')")
      try await browser.click("pinned-card button")
      try await browser.click(".drawer-foot .buy")
      for (name, text) in [
        ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
        ("postalCode", "411001"), ("city", "Pune"),
      ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
      try await browser.click(".drawer-foot .buy")
      try await browser.wait(until: "document.querySelector('.sums .total dd')?.textContent === '₹1,299'")

      func pay(_ number: String) async throws {
        try await browser.type(number, into: ".drawer [name=number]")
        try await browser.type("1230", into: ".drawer [name=expiry]")
        try await browser.type("123", into: ".drawer [name=cvc]")
        try await browser.click(".drawer-foot .buy")
      }
      try await pay("4000000000000002")
      try await browser.wait(until: "document.querySelector('.drawer .notice.bad:not([hidden])')")
      try await browser.wait(until: "document.querySelector('.drawer [name=number]').value === ''")
      try await pay("4242424242424242")
      try await browser.wait(until: "document.querySelector('.done')")
      let orders = try await web.square.commerce.orders(of: web.square.channel.id, by: web.square.owner).items
      #expect(orders.map(\.state) == [.paid])
      let link = try await browser.run("return document.querySelector('.drawer-foot a').getAttribute('href')")
      #expect(link.string?.hasPrefix("/orders/\(orders.first?.id.description ?? "")?token=") == true)
    }
  }

  @Test func `what two sellers sell in one show is paid with one tap, and the sums say whose shipping is what`()
    async throws
  {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let show = try await PurchaseWebTests.fair(web)
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/watch/\(show)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 2")
        // Twice: open a product from the shelf, into the bag, back.
        for index in 1...2 {
          try await browser.click(".bag-button")
          try await browser.wait(until: "document.querySelector('.drawer[open]')")
          if index == 2 { try await browser.click(".drawer-foot .button:not(.buy)") }
          try await browser.click(".drawer .shelf li:nth-child(\(index)) button")
          try await browser.click(".drawer-foot .button:not(.buy)")
          try await browser.click(".drawer-head button:last-child")
        }
        try await browser.click(".bag-button")
        try await browser.wait(until: "/Shipping · Meera/.test(document.querySelector('.sums')?.textContent)")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [("number", "4242424242424242"), ("expiry", "1230"), ("cvc", "123")] {
          try await browser.type(text, into: ".drawer [name=\(name)]")
        }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "/Meera/.test(document.querySelector('.done')?.textContent)")
      }
      let commerce = web.square.commerce
      let lamp = try await commerce.orders(of: web.square.channel.id, by: web.square.owner).items
      #expect(lamp.map(\.state) == [.paid])
      let first = try #require(lamp.first)
      #expect(first.purchase == first.id)
    }
  }

  @Test func `a viewer sees what is in a bundle, and reviews it as one thing before paying for its parts`()
    async throws
  {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let (commerce, owner, show) = (web.square.commerce, web.square.owner, web.square.show.id)
      let bowl = try await commerce.makeProduct(
        commerce.makeID(), by: owner, channel: web.square.channel.id,
        ProductDraft(title: "Bowl", variants: [VariantDraft(prices: ["IN": 30_000], onHand: 4)]))
      let set = try await commerce.makeBundle(
        commerce.makeID(), by: owner, channel: web.square.channel.id,
        BundleDraft(
          title: "Night set",
          parts: [
            BundleDraft.Part(variant: web.square.lampVariant, quantity: 1),
            BundleDraft.Part(variant: bowl.variants[0].id, quantity: 2),
          ], prices: ["IN": 150_000]))
      try await commerce.putRun(by: owner, show: show, [set.id, web.square.lamp.id])
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/watch/\(show)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 2")
        try await browser.click(".bag-button")
        try await browser.wait(until: "document.querySelector('.drawer[open]')")
        try await browser.click(".drawer .shelf li:nth-child(1) button")
        try await browser.wait(
          until: "/1 × Brass lamp, 2 × Bowl/.test(document.querySelector('.drawer-body').textContent)")
        try await browser.wait(until: "/₹1,899/.test(document.querySelector('.drawer-body').textContent)")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "/Pay ₹1,500/.test(document.querySelector('.drawer-foot .buy')?.textContent)")
        try await browser.wait(until: "/Night set/.test(document.querySelector('.drawer .rows')?.textContent)")
        for (name, text) in [("number", "4242424242424242"), ("expiry", "1230"), ("cvc", "123")] {
          try await browser.type(text, into: ".drawer [name=\(name)]")
        }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('.done')")
      }
      let order = try #require(try await commerce.orders(of: web.square.channel.id, by: owner).items.first)
      #expect(order.state == .paid && order.subtotal.minor == 150_000 && order.lines.count >= 2)
    }
  }

  @Test func `a viewer preorders: the deposit now, the balance later, and the day it is expected, before paying`()
    async throws
  {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let (commerce, owner, show) = (web.square.commerce, web.square.owner, web.square.show.id)
      let now = web.square.clock.now
      _ = try await commerce.openPreorder(
        commerce.makeID(), of: web.square.lampVariant, in: web.square.channel.id,
        PreorderDraft(
          depositPercent: 30, unitsMax: 50, shipsBy: now.adding(seconds: 5_000_000),
          until: now.adding(seconds: 4_000_000)), by: owner)
      try await commerce.pin(by: owner, show: show, product: web.square.lamp.id)
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/watch/\(show)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('pinned-card button')?.textContent === 'Preorder'")
        _ = try await browser.run("document.querySelector('pinned-card button').click()")
        try await browser.wait(until: "document.querySelector('.drawer-foot .buy')?.textContent === 'Preorder'")
        try await browser.wait(
          until: "/Pay ₹389.70 now, and ₹909.30 within 7 days/.test(document.querySelector('.drawer-body').textContent)"
        )
        try await browser.wait(until: "document.querySelector('.drawer-foot .button').disabled")
        try await browser.click(".drawer-foot .buy")
        for (name, text) in [
          ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
          ("postalCode", "411001"), ("city", "Pune"),
        ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "/Pay ₹389.70/.test(document.querySelector('.drawer-foot .buy')?.textContent)")
        // All of it together is sent free, whatever the deposit comes to.
        try await browser.wait(
          until: "/Free.*₹389.70.*₹909.30/.test(document.querySelector('.drawer .sums').textContent)")
        for (name, text) in [("number", "4242424242424242"), ("expiry", "1230"), ("cvc", "123")] {
          try await browser.type(text, into: ".drawer [name=\(name)]")
        }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('.done')")
      }
      let order = try #require(try await commerce.orders(of: web.square.channel.id, by: owner).items.first)
      #expect(order.state == .paid && order.part == .deposit && order.total.minor == 38_970)
    }
  }

  @Test func `a guest pays an order on its own page, with a card that is declined first`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let placed = try await web.placed()
      try await withBrowser { browser in
        try await browser.open("http://localhost:\(web.port)/orders/\(placed.id)?token=\(placed.token)")
        func pay(_ number: String) async throws {
          try await browser.wait(until: "document.querySelector('card-payer [name=number]')")
          for (name, text) in [("number", number), ("expiry", "1230"), ("cvc", "123")] {
            try await browser.type(text, into: "card-payer [name=\(name)]")
          }
          try await browser.click("card-payer .button.buy")
        }
        try await pay("4000000000000002")
        try await browser.wait(until: "/declined/.test(document.querySelector('.notice.bad')?.textContent)")
        // Its bank wants a second step, on a page of its own.
        try await pay("4000002500003155")
        try await browser.wait(until: "document.querySelector('[name=answer][value=approve]')")
        try await browser.click("[name=answer][value=approve]")
        try await browser.wait(
          until:
            "/It is yours/.test(document.querySelector('h1')?.textContent) && !document.querySelector('card-payer')")
      }
    }
  }

  @Test func `a viewer follows from the player's header, and with the press that takes part in a giveaway`()
    async throws
  {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let channel = "/api/v1/channels/lamps"
      let stranger = try await web.stranger
      let site = "http://localhost:\(web.port)"
      let follow = ".marquee .follow"
      try await withBrowser { browser in
        try await browser.open("\(site)/watch/\(web.square.show.id)?lang=en")
        try await browser.wait(until: "document.querySelector('\(follow)')?.href.includes('/sign-in?return=')")
        try await browser.open("\(site)/sign-in?lang=en")
        try await browser.type("stranger@example.com", into: "[name=email]")
        try await browser.type(MarketSquare.password, into: "[name=password]")
        try await browser.click("main form .button")
        try await browser.open("\(site)/watch/\(web.square.show.id)?lang=en")
        for (pressed, followers) in [("false", 1), ("true", 0)] {
          try await browser.wait(
            until: "document.querySelector('\(follow)')?.getAttribute('aria-pressed') === '\(pressed)'")
          try await browser.click(follow)
          _ = try await web.until(
            { try await stranger.get(channel).json }, is: { $0["followers"] == .number(Double(followers)) })
        }
        let opened = try await web.owner.post(
          "/api/v1/shows/\(web.square.show.id)/giveaways",
          ["prize": "A brass lamp", "entry": "follow", "durationSeconds": 300])
        #expect(opened.status == 201, "\(opened.text)")
        try await browser.wait(
          until: "/Follow and take part/.test(document.querySelector('giveaway-card .buy')?.textContent)")
        try await browser.click("giveaway-card .buy")
        try await browser.wait(until: "document.querySelector('giveaway-card .badge.good')?.checkVisibility()")
        try await browser.wait(until: "document.querySelector('\(follow)').textContent === 'Following'")
      }
      #expect(try await stranger.get(channel).json["isFollowed"] == true)
      #expect(
        try await stranger.get("/api/v1/shows/\(web.square.show.id)/giveaways").json["items"][0]["entrants"] == 1)
    }
  }

  @Test func `a buyer with an account keeps a card and an address, and then buys with one tap`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      _ = try await web.stranger
      let site = "http://localhost:\(web.port)"
      try await withBrowser { browser in
        try await browser.open("\(site)/sign-in?lang=en")
        try await browser.type("stranger@example.com", into: "[name=email]")
        try await browser.type(MarketSquare.password, into: "[name=password]")
        try await browser.click("main form .button")
        try await browser.open("\(site)/account/wallet?lang=en")
        func card(_ number: String) async throws {
          for (name, text) in [("number", number), ("expiry", "1230"), ("cvc", "123")] {
            try await browser.run("document.querySelector('card-saver [name=\(name)]').value = ''; return true")
            try await browser.type(text, into: "card-saver [name=\(name)]")
          }
          try await browser.click("card-saver .button.strong")
        }
        try await browser.wait(until: "document.querySelector('card-saver [name=number]')")
        try await card("4000000000000002")
        try await browser.wait(
          until: "/declined/.test(document.querySelector('card-saver .notice.bad')?.textContent)")
        // Its bank wants a second step, on a page of its own.
        try await card("4000002500003155")
        try await browser.wait(until: "document.querySelector('[name=answer][value=approve]')")
        try await browser.click("[name=answer][value=approve]")
        try await browser.wait(until: "/3155/.test(document.querySelector('main')?.textContent)")

        // The first order asks for an address, and keeps it; the card is there already.
        try await browser.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")
        func openLamp() async throws {
          try await browser.click(".bag-button")
          try await browser.wait(until: "document.querySelector('.drawer[open] .shelf-row')")
          try await browser.click(".drawer .shelf-row button")
          try await browser.wait(until: "document.querySelector('.drawer[open] .stepper')")
        }
        try await openLamp()
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('.drawer [name=remember]')?.checked")
        for (name, text) in [
          ("phone", "98765 43210"), ("line1", "12 Lamp Lane"), ("postalCode", "411001"), ("city", "Pune"),
        ] {
          try await browser.type(text, into: ".drawer [name=\(name)]")
        }
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "/3155/.test(document.querySelector('.drawer #card')?.textContent)")
        try await browser.wait(until: "!document.querySelector('.drawer-foot .buy').disabled")
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('.done')")

        let buyer = try await web.stranger
        #expect(try await buyer.put("/api/v1/wallet/one-tap", ["isOn": true]).status == 200)
        #expect(try await buyer.get("/api/v1/wallet").json["addresses"][0]["address"]["line1"] == "12 Lamp Lane")
        try await browser.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")
        try await openLamp()
        try await browser.wait(
          until: "/Buy now · ₹1,299/.test(document.querySelector('.drawer-foot .buy')?.textContent)")
        try await browser.wait(
          until: "/3155.*12 Lamp Lane/.test(document.querySelector('.one-tap:not([hidden])')?.textContent)")
        try await browser.click(".drawer-foot .buy")
        try await browser.wait(until: "document.querySelector('.done')")
      }
      let orders = try await web.square.commerce.orders(of: web.square.channel.id, by: web.square.owner).items
      #expect(orders.map(\.state) == [.paid, .paid])
    }
  }
}

extension Browser {
  /// Runs a function body that may await.
  fileprivate func play(_ script: String, _ arguments: JSON...) async throws -> JSON {
    // `run` takes arguments one by one; an arrow function sees those of the function around it.
    let body = "return (async () => { \(script) })()"
    return switch arguments.count {
    case 0: try await run(body)
    case 1: try await run(body, arguments[0])
    case 2: try await run(body, arguments[0], arguments[1])
    default: try await run(body, arguments[0], arguments[1], arguments[2])
    }
  }
}
