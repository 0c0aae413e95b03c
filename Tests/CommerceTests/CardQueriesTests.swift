@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct CardQueriesTests {
  @Test(arguments: Engine.allCases)
  func `a long run costs no more queries than a short one`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let short = try await queries(square)
    var run = [square.lamp.id]
    for number in 0..<20 {
      let product = try await commerce.makeProduct(
        commerce.makeID(), by: square.owner, channel: square.channel.id,
        ProductDraft(
          title: "Product \(number)", options: ["Size"],
          variants: ["S", "M", "L"].map { VariantDraft(optionValues: [$0], prices: ["IN": 100], onHand: 1) }))
      run.append(product.id)
    }
    try await commerce.putRun(by: square.owner, show: square.show.id, run)
    #expect(try await queries(square) == short)
    #expect(short == 6)
    for (place, product) in run.dropFirst().prefix(5).enumerated() {
      _ = try await commerce.openDeal(
        commerce.makeID(), by: square.owner, show: square.show.id,
        DealDraft(
          product: product, prices: ["IN": 90 - Int64(place)], durationSeconds: 60, unitsMax: 1, unitsPerBuyerMax: 1))
    }
    #expect(try await queries(square) == short + 1)
  }

  private func queries(_ square: MarketSquare) async throws -> Int {
    try await square.commerce.database.read { db in
      let show = try Show.require(square.show.id, in: db)
      let counting = CountingConnection(db)
      let now = square.commerce.clock.now
      _ = try ProductCard.run(of: show, market: "IN", dealsSince: now, at: now, in: counting)
      return counting.statements
    }
  }
}

/// Counts what passes through.
private final class CountingConnection: Connection {
  private let other: any Connection
  private(set) var statements = 0

  init(_ other: any Connection) { self.other = other }

  func run(_ sql: SQL) throws -> Int {
    statements += 1
    return try other.run(sql)
  }

  func rows(_ sql: SQL) throws -> [Row] {
    statements += 1
    return try other.rows(sql)
  }
}
