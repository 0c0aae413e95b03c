import Commerce
import TestKit
import Testing

@testable import Web

/// Two people run one show in two browsers.
@Suite(.timeLimit(.minutes(3))) struct CrewScriptTests {
  @Test func `each sees what the other does, keys pin, and a run that changed is shown and not overwritten`()
    async throws
  {
    try await RunningWeb.run { web in
      let (commerce, square) = (web.square.commerce, web.square)
      let cup = try await commerce.makeProduct(
        commerce.makeID(), by: square.owner, channel: square.channel.id,
        ProductDraft(title: "Tea cup", variants: [VariantDraft(sku: "CUP", prices: ["IN": 9_900], onHand: 5)]))
      try await commerce.putRun(by: square.owner, show: square.show.id, [square.lamp.id, cup.id])
      let ravi = try await square.person("Ravi")
      try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "ravi@example.com", role: .host)
      func enter(_ browser: Browser, _ email: String) async throws {
        try await browser.open("http://localhost:\(web.port)/sign-in?lang=en")
        try await browser.type(email, into: "#email")
        try await browser.type(MarketSquare.password, into: "#password")
        try await browser.click("main form button")
        try await browser.wait(until: "location.pathname !== '/sign-in'")
        try await browser.open("http://localhost:\(web.port)/studio/shows/\(square.show.id)")
        try await browser.wait(until: "document.querySelectorAll('.deeds li').length > 1")
      }
      try await withBrowser { lata in
        try await enter(lata, MarketSquare.ownerEmail)
        try await lata.wait(until: "!document.querySelector('[data-part=alone]').hidden")
        try await withBrowser { other in
          try await enter(other, "ravi@example.com")
          for browser in [lata, other] {
            try await browser.wait(until: "document.querySelectorAll('.crew li').length === 2")
            #expect(try await browser.text(".crew") == "Lata (Owner)\nRavi (Host)")
          }
          // Next, and next again, from what is pinned; while somebody types, a letter is a letter.
          try await other.find("body").type("n")
          let first = "document.querySelector('.deeds li')?.innerText"
          try await lata.wait(until: "\(first).startsWith('Ravi pinned “Brass lamp”')")
          try await lata.wait(until: "document.querySelector('.is-pinned strong')?.innerText === 'Brass lamp'")
          try await lata.find("body").type("n")
          try await other.wait(until: "document.querySelector('.is-pinned strong')?.innerText === 'Tea cup'")
          try await other.wait(until: "\(first).startsWith('Lata pinned “Tea cup”')")
          try await other.type("n1", into: "#text")
          #expect(try await other.run("return document.getElementById('text').value") == "n1")
          #expect(try await commerce.show(square.show.id).pinned == cup.id)
          try await other.find("body").type("1")
          try await lata.wait(until: "document.querySelector('.is-pinned strong')?.innerText === 'Brass lamp'")
          try await lata.find("body").type("u")
          try await other.wait(until: "!document.querySelector('.is-pinned')")
          // The keys are told, and can be turned off.
          try await lata.find("body").type("?")
          try await lata.wait(until: "document.querySelector('dialog.keys').open")
          try await lata.click("dialog.keys .check")
          try await lata.click("dialog.keys form button")
          try await lata.find("body").type("n")
          // Ravi takes the lamp out while Lata has the list before her.
          try await lata.click("details:has(run-finder) > summary")
          try await commerce.putRun(by: ravi, show: square.show.id, [cup.id])
          try await lata.wait(until: "document.querySelectorAll('.run-item').length === 1")
          try await lata.click("run-finder [value=run]")
          try await lata.wait(until: "document.querySelector('[role=alert]')?.innerText.includes('Somebody else')")
          #expect(try await commerce.run(of: square.show.id) == [cup.id])
          #expect(try await commerce.show(square.show.id).pinned == nil, "keys that are off do nothing")
          // Saved again, knowing it, it holds.
          try await lata.click("run-finder [value=run]")
          try await other.wait(until: "document.querySelectorAll('.run-item').length === 2")
          #expect(try await commerce.run(of: square.show.id) == [square.lamp.id, cup.id])
          let troubles = try await lata.consoleLines().filter {
            $0.hasPrefix("SEVERE") && !$0.contains("Failed to load resource")
          }
          #expect(troubles.isEmpty, "\(troubles)")
        }
      }
    }
  }
}
