import Foundation
import Testing

@testable import Web

struct TemplateTests {
  @Test func `no template has anything a strict content security policy would block`() throws {
    for (path, text) in try ResourceFiles.texts("Templates", ".mustache") {
      for match in text.matches(of: /<script\b([^>]*)>/) {
        let attributes = String(match.1)
        // Data blocks are not run.
        let isData = attributes.contains(/type="application\/(ld\+)?json"/)
        #expect(attributes.contains("src=\"") || isData, "\(path)")
      }
      #expect(text.firstMatch(of: /<style\b|\sstyle=|\son[a-z]+=|javascript:|https?:\/\//) == nil, "\(path)")
    }
  }

  @Test func `only ready-made JSON goes into a page unescaped`() throws {
    for (path, text) in try ResourceFiles.texts("Templates", ".mustache") {
      for match in text.matches(of: /\{\{\{([^}]*)\}\}\}|\{\{&([^}]*)\}\}/) {
        #expect(
          ["frame.strings", "frame.sharing.structured", "data"].contains(String(match.1 ?? match.2 ?? "")), "\(path)")
      }
      for match in text.matches(of: /\s[a-z-]+=\{\{/) {
        Issue.record("\(path): an unquoted attribute at \(match.output)")
      }
    }
  }

  @Test func `scripts never read words as HTML`() throws {
    for (path, text) in try ResourceFiles.texts("Static/js", ".js") {
      let risky = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTMLUnsafe/
      #expect(text.firstMatch(of: risky) == nil, "\(path)")
    }
  }

  @Test func `a page that asks before a form is sent has the script that asks`() throws {
    let below = ResourceFiles.root.appending(path: "Static/js")
    var asking = 0
    for (path, text) in try ResourceFiles.texts("Templates", ".mustache") where text.contains("data-confirm") {
      asking += 1
      // Pages that name no script of their own have the one that every page has.
      let entry = text.firstMatch(of: /\/js\/([a-z]+\.js)"/).map { String($0.1) } ?? "site.js"
      #expect(ModuleGraph.imports(of: entry, below: below).contains("lib/confirm.js"), "\(path): \(entry)")
    }
    #expect(asking > 5)
  }

  @Test func `every module, icon and file that is named is there`() throws {
    let statics = ResourceFiles.root.appending(path: "Static")
    let sprite = try String(contentsOf: statics.appending(path: "icons.svg"), encoding: .utf8)
    let icons = Set(sprite.matches(of: /symbol id="([a-z]+)"/).map { String($0.1) })
    for (path, text) in try ResourceFiles.texts("Templates", ".mustache") {
      for match in text.matches(of: /icons\.svg#([a-z]+)"/) {
        #expect(icons.contains(String(match.1)), "\(path): \(match.1)")
      }
      for match in text.matches(of: /\{\{frame\.assets\}\}\/([a-z\/-]+\.(?:css|js|svg))/) {
        let file = statics.appending(path: String(match.1)).path
        #expect(FileManager.default.fileExists(atPath: file), "\(path): \(match.1)")
      }
    }
    for (path, text) in try ResourceFiles.texts("Static/js", ".js") {
      for match in text.matches(of: /\bicon\("([a-z]+)"\)/) {
        #expect(icons.contains(String(match.1)), "\(path): \(match.1)")
      }
    }
    for entry in ["site.js", "home.js", "swipe.js", "watch.js", "control.js", "studio.js", "camera.js"] {
      for module in ModuleGraph.imports(of: entry, below: statics.appending(path: "js")) {
        let file = statics.appending(path: "js/\(module)").path
        #expect(FileManager.default.fileExists(atPath: file), "\(entry): \(module)")
      }
    }
  }

  @Test(arguments: ["\"", "'", "<", ">", "&"])
  func `a character of HTML is escaped even with a mark upon it`(character: String) {
    // One grapheme cluster, which is not the bare character to anything that compares characters.
    let escaped = Array(UnicodeScalarEscaping().escapeText(character + Self.mark).unicodeScalars)
    #expect(escaped.first == "&" && escaped.count > 3)
    #expect(!escaped.dropFirst().contains { $0 == character.unicodeScalars.first })
  }

  private static let mark = "\u{301}"

  @Test func `escaping holds in every part of a page, inherited blocks and partials too`() throws {
    let screens = try Screens(resources: ResourceFiles.root)
    let words = try #require(screens.words("en"))
    let hostile = "\"" + Self.mark + " onmouseover=alert(1) x=\"" + Self.mark + "><script>alert(1)</script>"
    var page = SignInPage(returnPath: "/")
    page.email = hostile
    page.error = hostile
    let html = try #require(screens.render("sign-in", page, Frame.plain(title: hostile), words))
    let openings = html.components(separatedBy: "<script>").count - 1
    let scalars = Array(html.unicodeScalars)
    let bareQuotes = zip(scalars, scalars.dropFirst()).count { $0 == "\"" && $1.value == 0x301 }
    #expect(openings == 0)
    #expect(bareQuotes == 0)
  }

  @Test func `a data block cannot end its element`() throws {
    let text = try DataBlock.text(["name": "</script><script>alert(1)</script><!--\u{2028}&"])
    #expect(!text.contains("<") && !text.contains(">") && !text.contains("&") && !text.contains("\u{2028}"))
    let read = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    #expect(read["name"] == "</script><script>alert(1)</script><!--\u{2028}&")
  }
}

extension Frame {
  /// What surrounds a page in a test.
  static func plain(title: String) -> Frame {
    Frame(
      language: "en", direction: "ltr", locale: "en-IN", title: title, description: title, sharing: nil,
      assets: "/static/x", modules: [], account: nil, returnPath: "%2F", languages: [], atOrders: false,
      atStudio: false, atOperator: false, off: [:])
  }
}
