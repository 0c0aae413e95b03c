public import Foundation

/// Opens `count` headless Chromiums, each with a profile of its own, and closes them whatever the body does.
///
/// Two browsers are two people: they share no cookie and no storage. The window is a phone's unless said otherwise.
public func withBrowsers<Result: Sendable>(
  _ count: Int = 1, width: Int = 412, height: Int = 915, arguments: [String] = [], preferences: JSON = [:],
  _ body: ([Browser]) async throws -> Result
) async throws -> Result {
  let driver = try Chromedriver()
  defer { driver.stop() }
  var browsers: [Browser] = []
  do {
    for _ in 0..<count {
      browsers.append(
        try await Browser(
          port: driver.port, width: width, height: height, arguments: arguments, preferences: preferences))
    }
    let result = try await body(browsers)
    await Browser.quit(browsers)
    return result
  } catch {
    await Browser.quit(browsers)
    throw error
  }
}

/// Opens one headless Chromium and closes it whatever the body does.
public func withBrowser<Result: Sendable>(
  width: Int = 412, height: Int = 915, arguments: [String] = [], preferences: JSON = [:],
  _ body: (Browser) async throws -> Result
) async throws -> Result {
  try await withBrowsers(1, width: width, height: height, arguments: arguments, preferences: preferences) {
    try await body($0[0])
  }
}

/// A real browser with one window, as a test sees it: what a person would do and see, and scripts in the page.
public struct Browser: Sendable {
  /// How long `find`, `wait` and a script's promise may take.
  public static let patienceSeconds = 20
  /// Arguments with which Chromium's own moving picture and beeps are the camera and the microphone, and may be used.
  public static let fakeCamera = [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
  ]

  private let port: UInt16
  private let session: String

  init(port: UInt16, width: Int, height: Int, arguments: [String], preferences: JSON) async throws {
    let options: JSON = [
      "prefs": preferences,
      "args": .array(
        (["--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--window-size=\(width),\(height)"]
          + arguments).map { .string($0) }),
    ]
    let capabilities: JSON = [
      "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"],
      "timeouts": ["script": .number(Double(Self.patienceSeconds * 1000)), "pageLoad": 30_000],
    ]
    let request: JSON = ["capabilities": ["alwaysMatch": capabilities]]
    let answer = try await WebDriverRequest(method: "POST", port: port, path: "session", body: request).answer()
    guard let id = answer["sessionId"].string else { throw BrowserFault("no session in \(answer)") }
    self.port = port
    session = "session/\(id)"
    // Chromium's windows are at least 500 pixels wide; the page's own size is free.
    try await resize(width: width, height: height)
  }

  /// Not cancelled with the test: a browser must be closed even when the test ran out of time.
  static func quit(_ browsers: [Browser]) async {
    await Task.detached { for browser in browsers { _ = try? await browser.ask("DELETE", "") } }.value
  }

  /// Loads a page and waits for its `load` event.
  public func open(_ url: String) async throws { _ = try await command("url", ["url": .string(url)]) }

  /// Goes on in a new tab of the same person, with the same cookies and storage.
  public func newTab() async throws {
    let tab = try await command("window/new", ["type": "tab"])
    _ = try await command("window", ["handle": tab["handle"]])
  }

  public func url() async throws -> String { try await ask("GET", "/url").string ?? "" }

  /// The size of the page's view in CSS pixels, as a phone's emulation sets it.
  public func resize(width: Int, height: Int, scale: Int = 1, isTouch: Bool = false) async throws {
    _ = try await chromium(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": .number(Double(scale)),
        "mobile": .bool(isTouch),
      ])
  }

  /// What the browser can load from now on, as on a weak mobile network; nil for all there is.
  public func limitNetwork(kilobitsPerSecond: Int?) async throws {
    _ = try await chromium("Network.enable", [:])
    _ = try await chromium(
      "Network.emulateNetworkConditions",
      [
        "offline": false, "latency": 0, "uploadThroughput": -1,
        "downloadThroughput": .number(kilobitsPerSecond.map { Double($0) * 125 } ?? -1),
      ])
  }

  /// Runs a function body in the page. `arguments[0]…` are `arguments`; a promise it returns is awaited.
  @discardableResult
  public func run(_ script: String, _ arguments: JSON...) async throws -> JSON {
    try await command("execute/sync", ["script": .string(script), "args": .array(arguments)])
  }

  /// Waits until a JavaScript expression is truthy, and gives its value. Looks again every 50 ms, in the page.
  @discardableResult
  public func wait(until expression: String, seconds: Int = Browser.patienceSeconds) async throws -> JSON {
    // One request may wait only as long as scripts may; navigation in between loses the page's loop, so it is asked again.
    let deadline = ContinuousClock.now + .seconds(seconds)
    var last = "it stayed false"
    while ContinuousClock.now < deadline {
      do {
        let value = try await run(
          """
          const until = performance.now() + 1000
          for (;;) {
            const value = await (\(expression))
            if (value) return { value }
            if (performance.now() > until) return null
            await new Promise(resume => setTimeout(resume, 50))
          }
          """)
        if value != .null { return value["value"] }
      } catch let fault as BrowserFault {
        last = fault.description
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    let page = try? await run("return location.href + '\\n' + (document.body ? document.body.innerText : '')")
    throw BrowserFault(
      "“\(expression)” did not come true in \(seconds) s (\(last)) on \(page?.string?.prefix(2000) ?? "a lost page")")
  }

  /// The first element that a CSS selector finds, waited for.
  public func find(_ selector: String, seconds: Int = Browser.patienceSeconds) async throws -> Element {
    let quoted = try Self.literal(selector)
    try await wait(until: "document.querySelector(\(quoted)) !== null", seconds: seconds)
    let answer = try await command("element", ["using": "css selector", "value": .string(selector)])
    guard let id = answer["element-6066-11e4-a52e-4f735466cecf"].string else {
      throw BrowserFault("no element in \(answer)")
    }
    return Element(browser: self, id: id)
  }

  /// Waits until the element is there, can be seen, is not disabled and stands still (a drawer that slides in takes its
  /// buttons along), then clicks as a person does.
  public func click(_ selector: String) async throws {
    let quoted = try Self.literal(selector)
    try await wait(
      until: """
        (async e => {
          if (!e || !e.checkVisibility() || e.disabled) return false
          const before = e.getBoundingClientRect()
          await new Promise(resume => setTimeout(resume, 60))
          const after = e.getBoundingClientRect()
          return before.top === after.top && before.left === after.left
        })(document.querySelector(\(quoted)))
        """)
    try await find(selector).click()
  }

  /// Does something in the page of a frame, and comes back to the page around all frames.
  ///
  /// - Parameter host: the element in whose shadow the frame is; nil for one that is in the page.
  public func within<Result>(
    _ selector: String, of host: String? = nil, _ body: () async throws -> Result
  ) async throws -> Result {
    let frame: JSON
    if let host {
      let place =
        "document.querySelector(\(try Self.literal(host)))?.shadowRoot?.querySelector(\(try Self.literal(selector)))"
      frame = try await wait(until: place)
    } else {
      frame = ["element-6066-11e4-a52e-4f735466cecf": .string(try await find(selector).id)]
    }
    _ = try await command("frame", ["id": frame])
    let result: Result
    do {
      result = try await body()
    } catch {
      _ = try? await command("frame", ["id": .null])
      throw error
    }
    _ = try await command("frame", ["id": .null])
    return result
  }

  /// Replaces what a field holds by typing.
  public func type(_ text: String, into selector: String) async throws {
    let element = try await find(selector)
    try await element.clear()
    try await element.type(text)
  }

  /// The text a person sees in the first element found.
  public func text(_ selector: String) async throws -> String { try await find(selector).text() }

  /// What the page's console said since it was last asked; a refused script or style (CSP) is said there too.
  public func consoleLines() async throws -> [String] {
    try await command("se/log", ["type": "browser"]).array
      .map { "\($0["level"].string ?? "") \($0["message"].string ?? "")" }
  }

  /// The view as a PNG.
  public func screenshot() async throws -> Data {
    guard let text = try await ask("GET", "/screenshot").string, let data = Data(base64Encoded: text) else {
      throw BrowserFault("the screenshot was not base64")
    }
    return data
  }

  /// A command of the Chrome DevTools Protocol.
  @discardableResult
  public func chromium(_ command: String, _ parameters: JSON) async throws -> JSON {
    try await self.command("goog/cdp/execute", ["cmd": .string(command), "params": parameters])
  }

  func command(_ path: String, _ body: JSON) async throws -> JSON { try await ask("POST", "/" + path, body) }

  func ask(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
    try await WebDriverRequest(method: method, port: port, path: session + path, body: body).answer()
  }

  private static func literal(_ text: String) throws -> String {
    String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
  }
}

/// One element of a page, as long as that page is shown.
public struct Element: Sendable {
  let browser: Browser
  let id: String

  public func click() async throws { _ = try await browser.command("element/\(id)/click", [:]) }
  public func clear() async throws { _ = try await browser.command("element/\(id)/clear", [:]) }
  public func type(_ text: String) async throws {
    _ = try await browser.command("element/\(id)/value", ["text": .string(text)])
  }
  public func text() async throws -> String {
    try await browser.ask("GET", "/element/\(id)/text").string ?? ""
  }
  public func attribute(_ name: String) async throws -> String? {
    try await browser.ask("GET", "/element/\(id)/attribute/\(name)").string
  }
}
