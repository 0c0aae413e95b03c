import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

/// What the host puts on screen, in browsers: polls, announcements, and what counts down.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OnScreenScriptTests {
  /// Lets the market's clock go as the machine's does.
  private static func going<T>(_ web: RunningWeb, _ body: () async throws -> T) async throws -> T {
    let going = Task.detached {
      while !Task.isCancelled {
        web.square.clock.now = WallClock.system.now
        try? await Task.sleep(for: .milliseconds(1))
      }
    }
    defer { going.cancel() }
    web.square.clock.now = WallClock.system.now
    return try await body()
  }

  private static let hostile = "</p><script>window.owned = true</script>\"'<img src=x onerror=\"window.owned = true\">"

  private static func watch(_ browser: Browser, _ web: RunningWeb) async throws {
    try await browser.open("http://localhost:\(web.port)/watch/\(web.square.show.id)?lang=en&market=IN")
    try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length > 0")
  }

  @Test func `a poll is voted in, the others see sums once they have, and nothing that was typed is read as HTML`()
    async throws
  {
    try await RunningWeb.run { web in
      try await Self.going(web) {
        let (commerce, owner, show) = (web.square.commerce, web.square.owner, web.square.show.id)
        try await withBrowsers(2) { browsers in
          for browser in browsers { try await Self.watch(browser, web) }
          let poll = try await commerce.openPoll(
            commerce.makeID(), by: owner, show: show,
            PollDraft(
              question: Self.hostile, answers: ["Red", Self.hostile.prefix(60).description], durationSeconds: 60),
            mediaTime: 0)
          for browser in browsers {
            try await browser.wait(until: "document.querySelectorAll('.poll-answer').length === 2")
            #expect(
              try await browser.run("return document.querySelector('#poll-question').textContent").string
                == poll.question)
          }
          let share = "document.querySelector('.poll-answer [data-part=share]').textContent"
          #expect(try await browsers[0].run("return \(share)") == "")
          try await browsers[0].click(".poll-answer")
          try await browsers[0].wait(until: "\(share) === '100%'")
          // Who has not voted is told nothing yet; who votes another way sees both.
          #expect(try await browsers[1].run("return \(share)") == "")
          try await browsers[1].click(".poll-answer:nth-child(2)")
          for browser in browsers { try await browser.wait(until: "\(share) === '50%'") }
          // A page that is loaded again knows what was voted for.
          try await Self.watch(browsers[0], web)
          try await browsers[0].wait(
            until: "document.querySelector('.poll-answer')?.getAttribute('aria-pressed') === 'true'")
          _ = try await commerce.closePoll(poll.id, by: owner, show: show, mediaTime: 0)
          for browser in browsers {
            try await browser.wait(
              until: "document.querySelector('.poll [data-part=time]')?.textContent === 'Result'")
            #expect(try await browser.run("return document.querySelector('.poll-answer').disabled") == true)
            #expect(try await browser.run("return window.owned ?? false") == false)
          }
          try await commerce.removePoll(poll.id, by: owner, show: show)
          for browser in browsers { try await browser.wait(until: "!document.querySelector('.poll')") }
        }
      }
    }
  }

  @Test func `an announcement leads to its product, goes by itself, and is hidden when the host says so`() async throws
  {
    try await RunningWeb.run { web in
      try await Self.going(web) {
        let (commerce, owner, show) = (web.square.commerce, web.square.owner, web.square.show.id)
        try await withBrowser { browser in
          try await Self.watch(browser, web)
          _ = try await commerce.showBanner(
            commerce.makeID(), by: owner, show: show,
            BannerDraft(
              text: Self.hostile.prefix(120).description, product: web.square.lamp.id, end: .after(seconds: 600)),
            mediaTime: 0)
          try await browser.wait(until: "document.querySelector('.banner-link')?.checkVisibility()")
          #expect(
            try await browser.run("return document.querySelector('.banner-text').textContent").string
              == String(Self.hostile.prefix(120)))
          try await browser.click(".banner-link")
          try await browser.wait(until: "document.querySelector('dialog.drawer')?.open")
          try await commerce.hideBanner(by: owner, show: show, mediaTime: 0)
          try await browser.wait(until: "!document.querySelector('.banner')")
          _ = try await commerce.showBanner(
            commerce.makeID(), by: owner, show: show, BannerDraft(text: "Short", end: .after(seconds: 5)), mediaTime: 0)
          try await browser.wait(until: "document.querySelector('.banner-text')?.textContent === 'Short'")
          try await browser.wait(until: "!document.querySelector('.banner')")
          #expect(try await browser.run("return window.owned ?? false") == false)
        }
      }
    }
  }

  /// A device whose clock is so far ahead, and the machine's own clock as `trueNow`.
  private static func device(ahead milliseconds: Int64) -> String {
    """
    window.trueNow = Date.now.bind(Date);
    const True = Date;
    window.Date = class extends True {
      constructor(...given) { if (given.length === 0) super(True.now() + \(milliseconds)); else super(...given); }
      static now() { return True.now() + \(milliseconds); }
    };
    """
  }

  @Test(arguments: [26_000_000, -300_000_000] as [Int64])
  func `what counts down agrees with the server to a tenth of a second, however wrong the device's clock`(
    ahead: Int64
  ) async throws {
    try await RunningWeb.run { web in
      try await Self.going(web) {
        let (square, commerce) = (web.square, web.square.commerce)
        let (owner, show) = (square.owner, square.show.id)
        let cup = try await commerce.makeProduct(
          commerce.makeID(), by: owner, channel: square.channel.id,
          ProductDraft(
            title: "Cup", variants: [VariantDraft(sku: "CUP-1", prices: ["IN": 50_000, "US": 900], onHand: 3)]))
        try await commerce.putRun(by: owner, show: show, [square.lamp.id, cup.id])
        let deal = try await commerce.openDeal(
          commerce.makeID(), by: owner, show: show,
          DealDraft(
            product: square.lamp.id, prices: ["IN": 99_900], countdownSeconds: 0, durationSeconds: 90, unitsMax: 5,
            unitsPerBuyerMax: 1), mediaTime: 0)
        let auction = try await commerce.openAuction(
          commerce.makeID(), by: owner, show: show,
          AuctionDraft(variant: cup.variants[0].id, market: "IN", openingMinor: 10_000, durationSeconds: 120),
          mediaTime: 0)
        let banner = try await commerce.showBanner(
          commerce.makeID(), by: owner, show: show,
          BannerDraft(text: "The next lamp in", isCountdown: true, end: .after(seconds: 100)), mediaTime: 0)
        let ends = [
          "deal": deal.ends.milliseconds, "auction": auction.ends.milliseconds, "banner": banner.ends.milliseconds,
        ]
        try await withBrowser(width: 1440, height: 900) { browser in
          _ = try await browser.chromium(
            "Page.addScriptToEvaluateOnNewDocument", ["source": .string(Self.device(ahead: ahead))])
          try await Self.watch(browser, web)
          try await browser.wait(
            until: "document.querySelector('.banner-time') && document.querySelector('.auction-time')")
          // The clock has been measured by then: twice at least, a fifth of a second apart.
          try await browser.run(
            """
            window.marks = [];
            const seen = {};
            const places = { deal: "product-shelf [data-deal]", auction: ".auction-time", banner: ".banner-time" };
            const look = () => {
              for (const [kind, place] of Object.entries(places)) {
                const time = document.querySelector(place)?.textContent.match(/(\\d+):(\\d\\d)/);
                if (!time) continue;
                const seconds = Number(time[1]) * 60 + Number(time[2]);
                if (kind in seen && seen[kind] !== seconds) marks.push([kind, seconds, trueNow()]);
                seen[kind] = seconds;
              }
            };
            setTimeout(() => setInterval(look, 5), 2500);
            return true;
            """)
          try await browser.wait(
            until: "['deal', 'auction', 'banner'].every((kind) => marks.filter(([one]) => one === kind).length >= 3)")
          for mark in try await browser.run("return marks").array {
            let (kind, seconds, at) = (mark[0].string ?? "", mark[1].number ?? 0, mark[2].number ?? 0)
            let due = Double(ends[kind] ?? 0) - seconds * 1000
            #expect(abs(at - due) <= 100, "\(kind) said \(Int(seconds)) s \(Int(at - due)) ms late")
          }
          let error = try await browser.run(
            """
            const entry = document.querySelector('script[src*="/js/watch.js"]').src;
            return import(entry.replace("watch.js", "lib/server-time.js")).then(({ serverNow }) => serverNow() - trueNow());
            """
          ).number
          #expect(abs(error ?? .infinity) <= 50, "\(String(describing: error))")
        }
      }
    }
  }
}
