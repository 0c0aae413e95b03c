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
          amountMinor: channel == nil ? 10_000 : nil, claimsMax: 9, claimsPerBuyerMax: 9))
    }
    let show = try await Self.creatorShow(in: stall)
    _ = try await commerce.makePartner(
      commerce.makeID(), by: asOperator, PartnerDraft(name: "The Blog", via: "blog", rateBasisPoints: 2_500))
    var text = ""
    let orders = [
      ("TENTH", "The seller's coupon, 10 %", nil, OrderSource.page),
      ("WELCOME", "The platform's coupon, ₹100", nil, .page),
      ("TENTH", "In a creator's show, with a refund fee", show, .page),
      ("TENTH", "The same, by a partner's link", show, OrderSource(via: "blog")),
      ("TENTH", "The seller's coupon, where tax is added to prices and to shipping", nil, .page),
    ]
    for (code, who, show, source) in orders {
      if show != nil, source == .page {
        _ = try await commerce.makeCommissionPlan(
          commerce.makeID(), by: asOperator,
          CommissionPlanDraft(market: "IN", commissionBasisPoints: 1_000, refundFeeBasisPoints: 2_000))
      }
      if who.contains("is added") {
        try await stall.run("UPDATE market SET tax_is_added = 1, taxes_shipping = 1")
      }
      let bag = Bag(
        show: show, market: "IN",
        lines: [Bag.Line(offer: stall.offers[0], quantity: 1), Bag.Line(offer: stall.offers[1], quantity: 2)],
        coupon: code)
      let order = try await stall.sell(bag, source: source).order
      text += "### \(who)\n\n" + Self.lines(of: order)
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

  /// A show of another channel, which has 15 % of what it sells of these.
  private static func creatorShow(in stall: Stall) async throws -> ID<Show> {
    let (commerce, now) = (stall.commerce, stall.clock.now)
    let (channel, show): (ID<Channel>, ID<Show>) = (commerce.makeID(), commerce.makeID())
    try await stall.database.write { [owner = stall.owner.account.unsafelyUnwrapped] db in
      try Stall.insertChannel(channel, handle: "meera", owner: owner, at: now, in: db)
    }
    _ = try await commerce.makeAffiliateTerms(
      commerce.makeID(), by: stall.owner, channel: stall.channel, AffiliateTermsDraft(rateBasisPoints: 1_500))
    _ = try await commerce.scheduleShow(
      show, by: stall.owner, channel: channel,
      ShowDraft(title: "Meera's", scheduledAt: now.adding(seconds: 60), markets: ["IN"]))
    try await commerce.putRun(by: stall.owner, show: show, stall.products)
    return show
  }

  private static func lines(of order: Order) -> String {
    let (hasCreator, hasPartner) = (order.creator != nil, order.partner != nil)
    var text = "| line | price | off | sold for | \(order.isTaxAdded ? "tax added" : "tax in it") | commission |"
    text += "\(hasPartner ? " of it the partner's |" : "")\(hasCreator ? " creator |" : "") seller |\n"
    text += "|---|--:|--:|--:|--:|--:|\(hasPartner ? "--:|" : "")\(hasCreator ? "--:|" : "")--:|\n"
    for line in order.lines {
      let seller = line.net.minor - line.commission.minor - line.creatorShare.minor
      text += "| \(line.quantity) × \(rupees(line.unitPrice.minor)) | \(rupees(line.total.minor)) "
      text += "| \(rupees(line.discount.minor)) | \(rupees(line.sold.minor)) "
      text += "| \(rupees(line.tax.minor)) | \(rupees(line.commission.minor)) |"
      text += hasPartner ? " \(rupees(line.partnerShare.minor)) |" : ""
      text += hasCreator ? " \(rupees(line.creatorShare.minor)) |" : ""
      text += " \(rupees(seller)) |\n"
    }
    text += "| parcel | \(rupees(order.shipping.minor)) | 0.00 | \(rupees(order.shipping.minor)) "
    text += "| \(rupees(order.shippingTax.minor)) | 0.00 |\(hasPartner ? " 0.00 |" : "")\(hasCreator ? " 0.00 |" : "") "
    text += "\(rupees(order.shippingPaid.minor - order.shippingTax.minor)) |\n\n"
    return text + "The buyer pays ₹\(rupees(order.total.minor)).\n\n"
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
      "| `\(["seller:", "creator:", "partner:"].first(where: account.hasPrefix).map { $0 + "…" } ?? account)` | \(rupees(amount)) |"
    }
    return "| \(title) | ₹ |\n|---|--:|\n" + lines.joined(separator: "\n") + "\n\n"
  }

  private static func rupees(_ minor: Int64) -> String {
    let (whole, rest) = minor.magnitude.quotientAndRemainder(dividingBy: 100)
    return (minor < 0 ? "−" : "") + "\(whole)." + (rest < 10 ? "0" : "") + "\(rest)"
  }
}
