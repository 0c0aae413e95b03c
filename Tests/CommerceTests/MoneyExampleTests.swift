import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// docs/money.md shows one order with every entry of the books: made here, so that it cannot say what is not so.
@Suite struct MoneyExampleTests {
  @Test(arguments: Engine.allCases)
  func `the worked example in the documents is what the books say`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [129_900, 5_050])
    let commerce = stall.commerce
    let asOperator = Caller(account: commerce.makeID())
    try await stall.database.write { [account = asOperator.account.unsafelyUnwrapped] db in
      try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
      try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
    }
    for (code, caller, channel) in [("TENTH", stall.owner, stall.channel), ("WELCOME", asOperator, nil)] {
      _ = try await commerce.makeCoupon(
        commerce.makeID(), by: caller, channel: channel,
        CouponDraft(
          code: code, market: "IN", percentBasisPoints: channel == nil ? nil : 1_000,
          amountMinor: channel == nil ? 10_000 : nil, claimsMax: 9))
    }
    var text = ""
    for (code, who) in [("TENTH", "The seller's coupon, 10 %"), ("WELCOME", "The platform's coupon, ₹100")] {
      let bag = Bag(
        show: nil, market: "IN",
        lines: [Bag.Line(offer: stall.offers[0], quantity: 1), Bag.Line(offer: stall.offers[1], quantity: 2)],
        coupon: code)
      let placed = try await stall.sell(bag)
      let order = placed.order
      text += "### \(who)\n\n"
      text += "| line | price | off | sold for | tax in it | commission | seller |\n|---|--:|--:|--:|--:|--:|--:|\n"
      for line in order.lines {
        let seller = line.sold.minor - line.tax.minor - line.commission.minor
        text += "| \(line.quantity) × \(Self.rupees(line.unitPrice.minor)) | \(Self.rupees(line.total.minor)) "
        text += "| \(Self.rupees(line.discount.minor)) | \(Self.rupees(line.sold.minor)) "
        text += "| \(Self.rupees(line.tax.minor)) | \(Self.rupees(line.commission.minor)) | \(Self.rupees(seller)) |\n"
      }
      text += "| parcel | \(Self.rupees(order.shipping.minor)) | 0.00 | \(Self.rupees(order.shipping.minor)) | 0.00 "
      text += "| 0.00 | \(Self.rupees(order.shipping.minor)) |\n\n"
      text += "The buyer pays ₹\(Self.rupees(order.total.minor)).\n\n"
      text += try await Self.entries("Payment", of: order.id, kind: "payment", stall)
      _ = try await commerce.refund(order.id, by: stall.owner, amountMinor: 50_000, reason: "one is scratched")
      text += try await Self.entries("Refund of ₹500.00", of: order.id, kind: "refund", stall)
    }
    #expect(try await commerce.audit().differences == [])
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(contentsOf: root.appending(path: "docs/money.md"), encoding: .utf8)
    #expect(document.contains(text), "docs/money.md does not say so:\n\(text)")
  }

  /// One transfer as a table; its entries sum to nothing.
  private static func entries(
    _ title: String, of order: ID<Order>, kind: String, _ stall: Stall
  ) async throws -> String {
    let rows = try await stall.database.read { db in
      try db.rows(
        """
        SELECT entry.account AS account, entry.amount_minor AS amount FROM ledger_entry entry
        JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        WHERE transfer.order_id = \(order) AND transfer.kind = \(kind) ORDER BY entry.position
        """
      ).map { (try $0.get("account", as: String.self), try $0.get("amount", as: Int64.self)) }
    }
    #expect(rows.reduce(0) { $0 + $1.1 } == 0)
    let lines = rows.map { account, amount in
      "| `\(account.hasPrefix("seller:") ? "seller:…" : account)` | \(rupees(amount)) |"
    }
    return "| \(title) | ₹ |\n|---|--:|\n" + lines.joined(separator: "\n") + "\n\n"
  }

  private static func rupees(_ minor: Int64) -> String {
    let (whole, rest) = minor.magnitude.quotientAndRemainder(dividingBy: 100)
    return (minor < 0 ? "−" : "") + "\(whole)." + (rest < 10 ? "0" : "") + "\(rest)"
  }
}
