import TestKit
import Testing

/// How a journey is looked at: a size, the colours that the reader's device prefers, and a language.
struct Look: Sendable, CustomTestStringConvertible {
  let screen: ScreenshotTests.Screen
  let language: String

  var testDescription: String { "\(screen.suffix)-\(language)" }

  /// All of them where pictures are kept; otherwise a phone by day, in one language.
  static func all(otherwise language: String) -> [Look] {
    guard Screenshots.folder != nil else { return [Look(screen: ScreenshotTests.Screen.all[0], language: language)] }
    return ScreenshotTests.Screen.all.flatMap { screen in ["en", "hi"].map { Look(screen: screen, language: $0) } }
  }
}

/// Somebody at a browser, who sees an installation in one look.
struct Person: Sendable {
  let browser: Browser
  /// Without a slash at its end.
  let site: String
  let look: Look

  /// Says which colours and which language it is to be from now on.
  func prefer() async throws {
    try await browser.chromium(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": .string(look.screen.isDark ? "dark" : "light")]]])
    try await browser.open("\(site)/?lang=\(look.language)")
  }

  func open(_ path: String, until ready: String = "document.readyState === 'complete'") async throws {
    try await browser.open("\(site)\(path)")
    try await browser.wait(until: ready)
  }

  /// A picture of what is open, which nobody has to scroll sideways to read. What moves in comes to rest first.
  func keep(_ name: String) async throws {
    let fits = try await browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    #expect(fits == true, "\(name) is wider than the screen")
    guard Screenshots.folder != nil else { return }
    try await browser.wait(
      until: """
        document.getAnimations().every(({ playState, effect }) =>
          playState !== "running" || effect.getComputedTiming().endTime === Infinity)
        """)
    try await Screenshots.keep(browser, "\(name)-\(look.testDescription)")
  }
}
