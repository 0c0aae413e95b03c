import Foundation
import TestKit
import Testing

@Suite(.serialized) struct BrowserTests {
  private static func page(_ html: String) -> String {
    "data:text/html;base64," + Data("<!doctype html><meta charset=utf-8>\(html)".utf8).base64EncodedString()
  }

  @Test func `a browser clicks, types and sees what changed`() async throws {
    try await withBrowser { browser in
      try await browser.open(
        Self.page(
          "<input id=who value=old><button onclick=\"out.textContent='Hello '+who.value\">Go</button><p id=out>"))
      try await browser.type("Asha", into: "input")
      try await browser.click("button")
      #expect(try await browser.text("#out") == "Hello Asha")
      #expect(try await browser.run("return [innerWidth, arguments[0] + 1]", 41) == [412, 42])
      #expect(try await browser.screenshot().starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
  }

  @Test func `two browsers are two people`() async throws {
    try await withBrowsers(2) { browsers in
      for browser in browsers { try await browser.open(Self.page("<title>0</title>")) }
      try await browsers[0].run("document.title = 'mine'")
      #expect(try await browsers[1].run("return document.title") == "0")
    }
  }

  @Test func `what does not come true is told with what the page showed`() async throws {
    try await withBrowser { browser in
      try await browser.open(Self.page("<p>sold out"))
      let fault = await #expect(throws: BrowserFault.self) { try await browser.wait(until: "window.never", seconds: 1) }
      #expect(fault?.description.contains("sold out") == true)
    }
  }
}
