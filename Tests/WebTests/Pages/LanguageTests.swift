import Commerce
import Foundation
import Testing

@testable import Web

struct LanguageTests {
  @Test func `every language says the same things`() throws {
    let words = try ResourceFiles.words()
    #expect(try Screens(resources: ResourceFiles.root).languages.all == words.keys.sorted())
    let english = try #require(words["en"])
    for (language, texts) in words {
      #expect(Set(texts.keys).symmetricDifference(english.keys).sorted() == [], "\(language)")
      for (key, text) in texts {
        #expect(!text.isEmpty, "\(language) \(key)")
        // `{detail}` is the server's own English sentence: a language may do without it.
        let wanted = try placeholders(english[key] ?? "").subtracting(["{detail}"])
        #expect(try placeholders(text).subtracting(["{detail}"]) == wanted, "\(language) \(key)")
      }
    }
  }

  private func placeholders(_ text: String) throws -> Set<String> {
    var texts = [text]
    var argument: String?
    if case .counted(let name, let forms) = try MessageText(text) { (argument, texts) = (name, [String](forms.values)) }
    let found = texts.flatMap { $0.matches(of: /\{[a-z0-9]+\}/).map { String($0.output) } }
    // One form may say its number in words.
    return Set(found).union(argument.map { ["{\($0)}"] } ?? [])
  }

  @Test func `templates, handlers and scripts use no words that are not there`() throws {
    let english = try #require(ResourceFiles.words()["en"])
    for (path, text) in try ResourceFiles.texts("Templates", ".mustache") {
      for match in text.matches(of: /\{\{[#^]?t\.([A-Za-z0-9.]+)\}\}/) {
        let found = try #require(english[String(match.1)], "\(path): \(match.1)")
        #expect(!found.contains(", plural,"), "\(path): \(match.1) depends on a number, which a template does not give")
      }
    }
    for (path, text) in try ResourceFiles.texts("Static/js", ".js") {
      for match in text.matches(of: /\bt\("([a-z][A-Za-z0-9]*\.[A-Za-z0-9]+)"/) {
        #expect(english[String(match.1)] != nil, "\(path): \(match.1)")
      }
      for match in text.matches(of: /\bplural\("([A-Za-z0-9.]+)"/) {
        #expect(english[String(match.1)] != nil, "\(path): \(match.1)")
      }
    }
    let pages = ResourceFiles.root.appending(path: "../Pages").standardizedFileURL
    for file in try FileManager.default.contentsOfDirectory(at: pages, includingPropertiesForKeys: nil) {
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: /words\["([a-z][A-Za-z]*\.[A-Za-z0-9]+)"/)
      {
        #expect(english[String(match.1)] != nil, "\(file.lastPathComponent): \(match.1)")
      }
    }
  }

  @Test func `a page's scripts get the words they use`() throws {
    let scripts = try ResourceFiles.texts("Static/js", ".js")
    let screens = try Screens(resources: ResourceFiles.root)
    for (template, entry) in [
      ("watch", "watch.js"), ("studio/control", "control.js"), ("studio/channel", "studio.js"),
      ("studio/camera", "camera.js"), ("reminder", "reminder.js"),
    ] {
      let given = screens.scriptGroups(of: template)
      for path in ModuleGraph.imports(of: entry, below: ResourceFiles.root.appending(path: "Static/js")) {
        // The studio's entry serves three pages, and each element stands in one of them.
        guard template != "studio/channel" || path.contains("stock") || path.contains("csv") else { continue }
        for match in try #require(scripts[path]).matches(of: /\b(?:t|plural)\("([a-z][A-Za-z0-9]*)\.[A-Za-z0-9]+"/) {
          let group = String(match.1)
          // Rows of the shelf and steps of the checkout are not in the control room.
          guard !(template == "studio/control" && group == "checkout") else { continue }
          #expect(given.contains(group), "\(template): \(path) uses \(group)")
        }
      }
    }
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (100_000, "1,00,000"), (12_345_678, "1,23,45,678")])
  func `numbers are grouped as in India`(number: Int64, text: String) {
    #expect(Figures.grouped(number) == text)
  }

  @Test func `money is written with its symbol, and with a fraction only when there is one`() throws {
    let rupees = try #require(Currency("INR")), euros = try #require(Currency("EUR")),
      yen = try #require(Currency("JPY"))
    let francs = try #require(Currency("CHF"))
    func text(_ minor: Int64, _ currency: Currency) -> String {
      Figures.text(Money(minor: minor, currency: currency), groupsInLakhs: currency == rupees)
    }
    #expect(text(10_000_000, rupees) == "₹1,00,000")
    #expect(text(38_120, rupees) == "₹381.20")
    #expect(text(-38_105, rupees) == "-₹381.05")
    #expect(text(100_000_000, euros) == "€1,000,000")
    #expect(text(1500, yen) == "¥1,500")
    #expect(text(1200, francs) == "CHF\u{A0}12")
    #expect(text(.min, rupees).hasPrefix("-₹"))
  }

  @Test func `what a person types as an amount is read exactly or not at all`() throws {
    let rupees = try #require(Currency("INR")), yen = try #require(Currency("JPY"))
    #expect(Figures.minor("1299", rupees) == 129_900)
    #expect(Figures.minor("1299.5", rupees) == 129_950)
    #expect(Figures.minor("0.07", rupees) == 7)
    #expect(Figures.minor("1500", yen) == 1500)
    for wrong in ["", ".5", "-1", "1,299", "1.999", "12 ", "1e3", "९", "9999999999999", "1.2.3"] {
      #expect(Figures.minor(wrong, rupees) == nil, "\(wrong)")
    }
    #expect(Figures.minor("15.5", yen) == nil)
    #expect(Figures.basisPoints("8.25") == 825)
    #expect(Figures.plain(129_905, rupees) == "1299.05")
    #expect(Figures.percent(try #require(Rate(basisPoints: 825))) == "8.25")
    #expect(Figures.percent(try #require(Rate(basisPoints: 850))) == "8.5")
    #expect(Figures.percent(try #require(Rate(basisPoints: 800))) == "8")
  }

  @Test func `counted words follow the language's plural forms`() throws {
    let screens = try Screens(resources: ResourceFiles.root)
    let english = try #require(screens.words("en")), hindi = try #require(screens.words("hi"))
    #expect(english.stock(1) == "Only 1 left")
    #expect(english.stock(0) == english["show.soldOut"])
    #expect(english.stock(10) == english["show.inStock"])
    #expect(hindi.stock(1) != hindi.stock(2).replacing("2", with: "1"))
  }
}
