import Foundation
import TestKit
import Testing

/// A host's evening: plans a show on a phone, goes live with its camera, runs the show from a second screen, ends it and
/// reads how it went; and what a viewer sees of it. The camera is Chromium's own moving picture. With `HAAT_SCREENSHOTS`
/// it is looked at on both sizes, in both languages, in light and dark colours.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostJourneyTests {
  private static let products = ["Jaali brass table lamp", "Blue pottery mug", "Hammered copper chai kettle"]

  @Test(arguments: Look.all(otherwise: "en"))
  func `a host plans a show, goes live with a camera, runs it, ends it and reads the report`(look: Look) async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 5, isLive: false)
    try await stall.takeIn(demoProductsOf: program)
    try await withBrowsers(
      3, width: look.screen.width, height: look.screen.height, arguments: Browser.fakeCamera
    ) { browsers in
      let people = browsers.map { Person(browser: $0, site: addresses.web.absoluteString, look: look) }
      let (camera, desk, viewer) = (people[0], people[1], people[2])
      for person in people { try await person.prefer() }
      try await OnAirTests.signIn(camera.browser, at: addresses.web)
      let show = try await Self.plan(camera)
      try await viewer.open("/watch/\(show)", until: "document.querySelector('.curtain').checkVisibility()")
      try await viewer.keep("host-4-viewer-waits")
      try await Self.goLive(camera, viewer)
      try await OnAirTests.signIn(desk.browser, at: addresses.web)
      let sold = try await Self.showProducts(show, desk, viewer)
      try await Self.talk(desk, viewer)
      try await Self.end(desk, camera, viewer)
      try await Self.read(desk, sold: sold)
      for browser in browsers { #expect(try await OnAirTests.complaints(of: browser) == []) }
    }
    let audit = try await program.run(["audit"])
    #expect(audit.status == 0, "\(audit.output)")
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }

  /// Gives the show's id.
  private static func plan(_ host: Person) async throws -> String {
    let browser = host.browser
    try await host.open("/studio/asha")
    try await host.keep("host-1-studio")
    try await browser.click("main a[href$='/shows/new']")
    try await browser.type(host.look.language == "hi" ? "शाम के दीये" : "Lamps at dusk", into: "#title")
    let chosen = try await browser.run(
      """
      for (const row of document.querySelectorAll("main .rows li")) {
        const box = row.querySelector("[type=checkbox]");
        if (box.checked !== arguments[0].some((title) => row.textContent.includes(title))) box.click();
      }
      return document.querySelectorAll("main .rows :checked").length;
      """, .array(products.map { .string($0) }))
    #expect(chosen == 3)
    try await host.keep("host-2-plan")
    try await browser.click("main form .button.buy")
    try await browser.wait(until: "document.querySelector('control-room')?.room !== undefined")
    #expect(try await browser.run("return document.querySelectorAll('.run-item').length") == 3)
    try await host.keep("host-3-planned")
    return try await browser.run("return document.querySelector('control-room').getAttribute('show')").string ?? ""
  }

  /// The picture is the host's alone until the host says otherwise; then the show begins by itself.
  private static func goLive(_ host: Person, _ viewer: Person) async throws {
    let browser = host.browser
    try await browser.click("main a[href$='/camera']")
    try await browser.wait(until: "document.querySelector('[data-part=turn-on]')?.disabled === false")
    try await host.keep("host-5-camera-off")
    try await browser.click("[data-part=turn-on]")
    try await browser.wait(until: "document.querySelector('camera-desk').getAttribute('stage') === 'ready'")
    try await browser.wait(until: "document.querySelector('[data-part=preview]').videoWidth > 0")
    try await browser.wait(until: "document.querySelector('[data-part=level]').value > 0.1")
    #expect(try await viewer.browser.run("return document.querySelector('.curtain').checkVisibility()") == true)
    try await host.keep("host-6-camera-ready")
    try await browser.click("[data-part=go]")
    try await browser.wait(until: "document.querySelector('camera-desk').getAttribute('link') === 'accepted'")
    try await OnAirTests.seeFramesAdvance(viewer.browser)
    // The page that was open before shows the picture, and not what was before it.
    let isInFront = try await viewer.browser.run(
      """
      const { x, y, width, height } = document.querySelector(".stage").getBoundingClientRect();
      const seen = document.elementsFromPoint(x + width / 2, y + height / 2);
      return seen.find((one) => one.matches("video, .backdrop")).localName === "video";
      """)
    #expect(isInFront == true)
    try await browser.wait(until: "/Mbit/.test(document.querySelector('[data-part=figures]').textContent)")
    try await host.keep("host-7-camera-live")
  }

  /// One product and the next, and somebody buys that, whose title is given.
  private static func showProducts(_ show: String, _ desk: Person, _ viewer: Person) async throws -> String {
    try await desk.open("/studio/shows/\(show)")
    try await OnAirTests.seeFramesAdvance(desk.browser)
    try await desk.keep("host-8-control-room")
    let order = try await desk.browser.run(
      "return [...document.querySelectorAll('.run-item strong')].map((title) => title.textContent)"
    ).array.compactMap(\.string)
    #expect(Set(order) == Set(products))
    func pin(_ place: Int) async throws {
      try await desk.browser.click(".run-item:nth-child(\(place + 1)) .pin-button")
      try await viewer.browser.wait(
        until: "document.querySelector('pinned-card h2')?.textContent === '\(order[place])'")
    }
    try await pin(0)
    try await viewer.keep("host-9-viewer-sees-pin")
    try await pin(1)
    #expect(try await desk.browser.run("return document.querySelectorAll('.is-pinned').length") == 1)
    try await desk.browser.run("document.querySelector('.run').scrollIntoView({ block: 'center' })")
    try await desk.keep("host-10-next-product")
    try await OnAirTests.buy(viewer.browser) { _ in }
    try await viewer.browser.click(".drawer-foot .strong")
    try await desk.browser.wait(until: "document.querySelector('[data-part=orders]').textContent === '1'")
    return order[1]
  }

  private static func talk(_ desk: Person, _ viewer: Person) async throws {
    let isHindi = desk.look.language == "hi"
    let words = isHindi ? "नमस्ते! हाथ से बना हुआ।" : "Welcome! All of it is made by hand."
    try await desk.browser.type(words, into: ".say [name=text]")
    try await desk.browser.click(".say .button")
    try await viewer.browser.wait(until: "document.querySelector('.message.staff')?.textContent.includes('\(words)')")

    try await desk.browser.run("document.querySelector('poll-desk').scrollIntoView({ block: 'center' })")
    try await desk.browser.click("poll-desk summary")
    try await desk.browser.type(isHindi ? "कौन सा पहले?" : "Which one next?", into: "#poll-question")
    try await desk.browser.type(isHindi ? "दीया" : "The lamp", into: "#poll-answer-0")
    try await desk.browser.type(isHindi ? "केतली" : "The kettle", into: "#poll-answer-1")
    try await desk.keep("host-11-poll-desk")
    try await desk.browser.click("poll-desk form .button.strong")
    try await viewer.browser.wait(until: "document.querySelectorAll('.poll-answer').length === 2")
    try await viewer.browser.click(".poll-answer")
    try await viewer.browser.wait(
      until: "document.querySelector('.poll-answer [data-part=share]').textContent.includes('100')")
    try await viewer.keep("host-12-viewer-votes")
    try await desk.browser.wait(
      until: "document.querySelector('[data-poll] [data-part=sum]')?.textContent.includes('100')")
    try await desk.browser.run("document.querySelector('.control-chat').scrollIntoView()")
    try await desk.keep("host-13-chat")
  }

  /// For everybody at once.
  private static func end(_ desk: Person, _ camera: Person, _ viewer: Person) async throws {
    try await desk.browser.run("window.confirm = () => true; scrollTo(0, 0)")
    try await desk.browser.click("[data-part=end] button")
    try await desk.browser.wait(until: "document.querySelector('control-room')?.getAttribute('state') === 'ended'")
    try await desk.keep("host-14-ended")
    try await viewer.browser.wait(until: "document.querySelector('.curtain')?.checkVisibility()")
    try await viewer.keep("host-15-viewer-ended")
    try await camera.browser.wait(until: "!document.querySelector('[data-part=complaint]').hidden")
    #expect(
      try await camera.browser.run("return document.querySelector('[data-part=go]').checkVisibility()") == false,
      "a show that has ended does not go live again")
    try await camera.keep("host-16-camera-ended")
  }

  private static func read(_ host: Person, sold title: String) async throws {
    let browser = host.browser
    try await browser.click("main a[href$='/report']")
    try await browser.wait(until: "document.querySelector('.report .figures') !== null")
    try await host.keep("host-17-report")
    try await browser.run("document.querySelector('.number-tables').scrollIntoView()")
    try await host.keep("host-18-report-tables")
    let rows = try await browser.run(
      "return [...document.querySelectorAll('[data-live=products] tr')].map((row) => row.textContent)")
    #expect(rows.array.contains { $0.string?.hasPrefix(title) == true && $0.string?.contains("₹") == true }, "\(rows)")
  }
}
