import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

/// The design system, where all of it stands, and pages that are written from the right.
@Suite(.serialized, .timeLimit(.minutes(4))) struct DesignBrowserTests {
  @Test func `every part of the base is on the page of the design system, in both schemes and languages`() async throws
  {
    try await RunningWeb.run { web in
      let page = try await web.guest.get("/design", headers: ["Accept": "text/html"])
      #expect(page.status == 200)
      for set in [
        #"data-theme="light" lang="en""#, #"data-theme="dark" lang="en""#, #"data-theme="light" lang="hi""#,
        #"data-theme="dark" lang="hi""#,
      ] { #expect(page.text.contains(set), "\(set)") }
      let base = try String(contentsOf: ResourceFiles.root.appending(path: "Static/css/base.css"), encoding: .utf8)
      let parts = base[try #require(base.range(of: "/* Buttons */")).lowerBound...]
      // `.stretch` makes a whole row the link, and has no look; a thing's last class is enough.
      let classes = Set(parts.matches(of: /\.([a-z][a-z-]*)/).map { String($0.1) })
        .subtracting(["stretch", "cover", "large", "label", "input", "half", "third", "tone-"])
      let shown = Set(page.text.matches(of: /class="([^"]*)"/).flatMap { $0.1.split(separator: " ").map(String.init) })
      #expect(classes.subtracting(shown).sorted() == [])
    }
  }

  @Test func `a scheme that a page chooses has the colours of the base`() throws {
    func colours(_ file: String, in opening: String) throws -> [String: String] {
      let text = try String(contentsOf: ResourceFiles.root.appending(path: "Static/css/\(file)"), encoding: .utf8)
      let block = text[try #require(text.range(of: opening)).upperBound...].prefix { $0 != "}" }
      return block.matches(of: /--([a-z-]+): ([^;]+);/).reduce(into: [:]) { $0[String($1.1)] = String($1.2) }
    }
    let light = try colours("base.css", in: ":root {"), night = try colours("base.css", in: "dark) {\n  :root {")
    let dark = light.merging(night) { $1 }
    for (name, value) in try colours("themes.css", in: "[data-theme=\"light\"] {") {
      #expect(value == light[name], "\(name)")
    }
    let chosen = try colours("themes.css", in: "[data-theme=\"dark\"] {")
    for (name, value) in chosen { #expect(value == dark[name], "\(name)") }
    #expect(Set(night.keys).subtracting(chosen.keys) == [])
  }

  @Test func `pages written from the right fit a phone and a desktop, with what comes first on the right`() async throws
  {
    let resources = FileManager.default.temporaryDirectory.appending(path: "haat-resources-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: resources) }
    try FileManager.default.copyItem(at: ResourceFiles.root, to: resources)
    let languages = resources.appending(path: "Languages")
    try RightToLeft.file(from: languages).write(to: languages.appending(path: "ar.json"))
    try await RunningWeb.run(configure: { $0.resourcesDirectory = resources.path }) { web in
      let square = web.square
      try await withBrowser { browser in
        let site = "http://localhost:\(web.port)"
        try await browser.open("\(site)/sign-in?lang=ar")
        try await browser.type(MarketSquare.ownerEmail, into: "#email")
        try await browser.type(MarketSquare.password, into: "#password")
        try await browser.click("main form button")
        try await browser.wait(until: "location.pathname !== '/sign-in'")
        for (width, height) in [(390, 844), (1_440, 900)] {
          try await browser.resize(width: width, height: height)
          for path in [
            "/", "/search?q=lamp", "/@\(square.channel.handle)", "/products/\(square.lamp.id)",
            "/watch/\(square.show.id)", "/studio/\(square.channel.handle)?tab=products",
            "/studio/shows/\(square.show.id)", "/account", "/design",
          ] {
            try await browser.open(site + path)
            try await browser.wait(until: "document.readyState === 'complete'")
            let found = try await browser.run(
              """
              const root = document.documentElement
              // What reaches out on the left is scrolled to, in pages from the right.
              return [getComputedStyle(root).direction, root.scrollWidth - root.clientWidth]
              """
            ).array
            #expect(found == ["rtl", 0], "\(path), \(width)")
          }
          try await browser.open(site + "/")
          let sides = try await browser.run(
            """
            const middle = (selector) => { const box = document.querySelector(selector).getBoundingClientRect(); return box.left + box.width / 2 }
            return middle(".brand") > middle(".masthead nav")
            """)
          #expect(sides == true, "\(width)")
        }
        try await browser.resize(width: 390, height: 844)
        try await browser.open("\(site)/watch/\(square.show.id)")
        // Scripts write numbers as the file says, in figures that the server's are like.
        #expect(
          try await browser.run("return new Intl.NumberFormat(document.documentElement.dataset.locale).format(7)")
            == "7")
      }
    }
  }
}
