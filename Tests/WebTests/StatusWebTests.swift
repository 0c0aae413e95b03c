import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// `/operator/status`, as a page and over the API.
@Suite(.timeLimit(.minutes(2))) struct StatusWebTests {
  private static let path = "/api/v1/operator/status"

  @Test func `an operator sees what is ordered and asked, and how the house stands`() async throws {
    try await RunningWeb.run { web in
      #expect(try await web.guest.get(Self.path).status == 401)
      #expect(try await web.owner.get(Self.path).status == 403)
      #expect(try await [303, 401].contains(web.guest.get("/operator/status").status))
      #expect(try await web.owner.get("/operator/status").status == 403)
      let house = try await web.operator
      #expect(try await house.get("\(Self.path)?range=week").status == 400)
      let before = try await house.get(Self.path).json
      _ = try await web.placed()
      _ = try await web.placed()
      let now = try await house.get(Self.path).json
      let (was, step) = (before["steps"].array.last ?? .null, now["steps"].array.last ?? .null)
      #expect((step["orders"].number ?? 0) - (was["orders"].number ?? 0) == 2)
      #expect((step["requests"].number ?? 0) >= 4 && step["failures"] == 0)
      #expect((step["checkoutP99Microseconds"].number ?? 0) > 0 && (step["answerP50Microseconds"].number ?? 0) > 0)
      #expect(now["version"].string == WebConfiguration.version && now["processes"] == 1 && now["range"] == "hour")
      #expect(now["payments"]["providers"][0]["name"] == "sandbox")
      #expect(now["payments"]["openPayments"] == 0 && now["payments"]["troubles"].array.isEmpty)
      // Asked meanwhile: the provider, the disk and the database.
      let around = try await web.until({ try await house.get(Self.path).json }, is: { $0["disk"] != .null })
      #expect(around["payments"]["providers"][0]["answers"] == true && around["database"] == "SQLite")
      #expect((around["disk"]["freeBytes"].number ?? 0) > 0 && (around["disk"]["databaseBytes"].number ?? 0) > 0)
    }
  }

  @Test func `the page is all there without scripts, in both languages, with a table for each chart`() async throws {
    try await RunningWeb.run { web in
      let house = try await web.operator
      _ = try await web.placed()
      let page = try await house.get("/operator/status?lang=en")
      #expect(page.status == 200)
      #expect(page.text.components(separatedBy: "class=\"status-chart\"").count == 11, "ten charts")
      #expect(page.text.components(separatedBy: "<details>").count >= 11, "and ten tables")
      #expect(page.text.contains("Orders, The last hour: at most 1; now "))
      #expect(page.text.contains("src=\"/operator/status/now?range=hour\""))
      let day = try await house.get("/operator/status?range=day&lang=hi").text
      #expect(day.contains("सिस्टम की हालत") && day.contains("पिछला दिन") && day.firstMatch(of: /[> ]status\.[a-z]/) == nil)
      let part = try await house.get("/operator/status/now?range=day").text
      #expect(part.contains("data-live=\"chart-orders\"") && !part.contains("<html"))
      #expect(try await house.get("/operator").text.contains("/operator/status"))
    }
  }

  @Test func `what was before a restart is on the charts, and a gap where nothing ran`() async throws {
    try await RunningWeb.run { web in
      let commerce = web.square.commerce
      let minute = commerce.clock.now.milliseconds / 60_000
      var figures = StatusFigures()
      (figures.orders, figures.viewers) = (41, 5)
      let process: ID<ServerProcess> = commerce.makeID()
      for ago: Int64 in [10, 20] {
        try await commerce.keepStatus(
          StatusMinute(minute: minute - ago, process: process, started: commerce.clock.now, figures: figures))
      }
      let house = try await web.operator
      let steps = try await house.get(Self.path).json["steps"].array
      #expect(steps.map { $0["orders"] } == [41, 41, 0])
      let text = try await house.get("/operator/status?lang=en").text
      let orders = text.components(separatedBy: "id=\"chart-orders\"").last ?? ""
      let line = orders.components(separatedBy: "status-line first\" d=\"").dropFirst().first ?? ""
      #expect(line.prefix { $0 != "\"" }.count { $0 == "M" } == 3, "each on its own")
    }
  }

  @Test func `a minute that is over is kept, and counted once`() async throws {
    try await RunningWeb.run { web in
      let board = StatusBoard(commerce: web.square.commerce)
      let now = web.square.commerce.clock.now
      var all = StatusFigures()
      all.orders = 3
      #expect(await board.note(all, at: now) == nil)
      all.orders = 5
      #expect(await board.note(all, at: now) == nil)
      #expect(await board.current.figures.orders == 5)
      all.orders = 6
      let finished = await board.note(all, at: now.adding(seconds: 60))
      #expect(finished?.figures.orders == 5 && finished?.minute == now.milliseconds / 60_000)
      #expect(await board.current.figures.orders == 1)
    }
  }
}
