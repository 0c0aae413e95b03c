import Store
import TestKit
import Testing

@testable import Commerce

/// Classes of goods with rates of their own, tax that prices include, and tax that is added to them.
@Suite struct TaxTests {
  /// A stall with a lamp at the standard rate of 18 %, a book at 5 % and bread without tax, whose shipping of ₹49 is
  /// taxed.
  private func stall(
    _ engine: Engine, added: Bool, prices: [Int64] = [10_000, 3_333, 999], shipping: Bool = true
  ) async throws -> Stall {
    let stall = try await Stall(engine, prices: prices)
    try await stall.run("UPDATE account SET is_operator = 1")
    var india = try await stall.commerce.market("IN")
    india.taxTable = TaxTable([
      .init("reduced", Rate(basisPoints: 500).unsafelyUnwrapped), .init("Zero", .zero),
    ])
    india.isTaxAdded = added
    india.taxesShipping = shipping
    let saved = try await stall.commerce.putMarket(by: stall.owner, india)
    #expect(saved.taxTable.entries.map(\.name) == ["reduced", "zero"])
    #expect(try await stall.commerce.market("IN") == saved)
    for (product, name) in zip(stall.products, [TaxTable.standard, "reduced", "Zero"]) {
      _ = try await stall.commerce.changeProduct(product, by: stall.owner, ProductChange(taxClass: name))
    }
    return stall
  }

  private func bag(_ stall: Stall, coupon: String? = nil) -> Bag {
    let lines = zip(stall.offers, [2, 3, 1] as [Int64]).map { Bag.Line(offer: $0, quantity: $1) }
    return Bag(show: nil, market: "IN", lines: lines, coupon: coupon)
  }

  @Test(arguments: Engine.allCases)
  func `prices that include tax contain it at the rate of each class`(engine: Engine) async throws {
    let stall = try await stall(engine, added: false)
    let quote = try await stall.commerce.quote(bag(stall))
    // 20 000 and 4 900 with 18 %, 9 999 with 5 %, 999 with none.
    #expect(quote.lines.map(\.tax.minor) == [3_051, 476, 0] && quote.sellers[0].shippingTax.minor == 747)
    #expect(quote.taxes.map(\.rate.basisPoints) == [1_800, 500] && quote.taxes.map(\.amount.minor) == [3_798, 476])
    #expect(quote.tax.minor == 4_274 && quote.taxAdded.minor == 0)
    #expect(quote.total.minor == 20_000 + 9_999 + 999 + 4_900)
    let order = try await stall.sell(bag(stall)).order
    #expect(order.total == quote.total && order.taxes == quote.taxes && !order.isTaxAdded)
    #expect(order.lines.map(\.taxClass) == ["standard", "reduced", "zero"])
    #expect(try await stall.commerce.order(order.id, by: stall.owner).lines == order.lines)
    #expect(try await balance("tax:IN", stall) == 4_274)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `tax that is added is on top of prices and shipping, and said before anybody pays`(engine: Engine) async throws {
    let stall = try await stall(engine, added: true)
    let quote = try await stall.commerce.quote(bag(stall))
    // 18 % of 20 000 and of 4 900; 5 % of 9 999 is 499.95.
    #expect(quote.lines.map(\.tax.minor) == [3_600, 500, 0] && quote.sellers[0].shippingTax.minor == 882)
    #expect(quote.subtotal.minor == 30_998 && quote.shipping.minor == 4_900)
    #expect(quote.taxes.map(\.amount.minor) == [4_482, 500] && quote.taxAdded == quote.tax)
    #expect(quote.total.minor == 30_998 + 4_900 + 4_982)
    // The commission is of the price: nothing of the tax.
    #expect(quote.lines.map(\.commission.minor) == [2_000, 1_000, 100])
    let order = try await stall.sell(bag(stall)).order
    #expect(order.total == quote.total && order.taxes == quote.taxes && order.isTaxAdded)
    #expect(order.subtotal == quote.subtotal && order.shipping == quote.shipping)
    let stored = try await stall.commerce.order(order.id, by: stall.owner)
    #expect(stored.lines == order.lines && stored.subtotal == order.subtotal && stored.shipping == order.shipping)
    #expect(stored.shippingPaid.minor == 5_782 && stored.taxAdded == order.tax)
    #expect(try await balance("tax:IN", stall) == 4_982)
    #expect(try await balance("commission", stall) == 3_100)
    #expect(try await balance("seller:\(stall.channel)", stall) == 30_998 - 3_100 + 4_900)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases, [false, true])
  func `an order that goes back line by line gives back exactly its tax`(engine: Engine, added: Bool) async throws {
    let stall = try await stall(engine, added: added)
    let commerce = stall.commerce
    let sold = try await stall.sell(bag(stall))
    let before = try await balance("tax:IN", stall)
    let book = try await commerce.refund(
      sold.order.id, by: stall.owner, lines: [Refund.Units(position: 1, quantity: 1)], reason: "torn")
    #expect(book.amount.minor == (added ? 3_499 : 3_333), "a third of what was paid for three, tax and all")
    #expect(try await balance("tax:IN", stall) == before - (added ? 167 : 159))
    for (position, quantity) in [(0, 2), (1, 2), (2, 1)] as [(Int, Int64)] {
      _ = try await commerce.refund(
        sold.order.id, by: stall.owner, lines: [Refund.Units(position: position, quantity: quantity)], reason: "all")
      #expect(try await commerce.audit().differences == [])
    }
    let order = try await stall.order(sold)
    #expect(order.state == .refunded && order.refunded == order.total)
    for account in ["tax:IN", "commission", "seller:\(stall.channel)", "provider:sandbox"] {
      #expect(try await balance(account, stall) == 0, "\(account)")
    }
  }

  @Test(arguments: Engine.allCases, [false, true])
  func `a refund of an amount and of the shipping takes its tax in proportion`(
    engine: Engine, added: Bool
  ) async throws {
    let stall = try await stall(engine, added: added)
    let sold = try await stall.sell(bag(stall))
    let shipping: Int64 = added ? 5_782 : 4_900
    let before = try await balance("tax:IN", stall)
    #expect(
      try await refusal {
        try await stall.commerce.refund(sold.order.id, by: stall.owner, shippingMinor: shipping + 1, reason: "late")
      } == "refund_shipping_too_large")
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, shippingMinor: shipping, reason: "late")
    #expect(try await balance("tax:IN", stall) == before - (added ? 882 : 747))
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, amountMinor: 12_345, reason: "dent")
    #expect(try await stall.commerce.audit().differences == [])
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "all")
    #expect(try await balance("tax:IN", stall) == 0)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a seller's coupon lowers the tax that is added, and the platform's does not`(engine: Engine) async throws {
    let stall = try await stall(engine, added: true, shipping: false)
    let commerce = stall.commerce
    for (code, channel) in [("TENTH", stall.channel), ("HOUSE", nil)] {
      _ = try await commerce.makeCoupon(
        commerce.makeID(), by: stall.owner, channel: channel,
        CouponDraft(code: code, market: "IN", percentBasisPoints: 1_000, claimsMax: 9, claimsPerBuyerMax: 9))
    }
    let tenth = try await commerce.quote(bag(stall, coupon: "TENTH"))
    #expect(tenth.discount.minor == 3_100 && tenth.lines.map(\.tax.minor) == [3_240, 450, 0])
    #expect(tenth.total.minor == 30_998 - 3_100 + 4_900 + 3_690)
    let house = try await commerce.quote(bag(stall, coupon: "HOUSE"))
    #expect(house.lines.map(\.tax.minor) == [3_600, 500, 0])
    #expect(house.total.minor == 30_998 - 3_100 + 4_900 + 4_100)
    for code in ["TENTH", "HOUSE"] {
      let sold = try await stall.sell(bag(stall, coupon: code))
      _ = try await commerce.refund(sold.order.id, by: stall.owner, amountMinor: 7_777, reason: "dent")
      #expect(try await commerce.audit().differences == [])
      _ = try await commerce.refund(sold.order.id, by: stall.owner, reason: "all")
    }
    for account in ["tax:IN", "promotion", "commission", "seller:\(stall.channel)"] {
      #expect(try await balance(account, stall) == 0, "\(account)")
    }
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `an order keeps the rates it was sold under, whatever the market says later`(engine: Engine) async throws {
    let stall = try await stall(engine, added: true)
    let sold = try await stall.sell(bag(stall))
    var india = try await stall.commerce.market("IN")
    india.isTaxAdded = false
    india.taxIncluded = .zero
    india.taxTable = .empty
    india.taxesShipping = false
    try await stall.commerce.putMarket(by: stall.owner, india)
    let later = try await stall.order(sold)
    #expect(later.taxes == sold.order.taxes && later.isTaxAdded && later.total == sold.order.total)
    // A class that the market does not name any more has its standard rate.
    #expect(try await stall.commerce.quote(bag(stall)).tax.minor == 0)
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "all")
    #expect(try await balance("tax:IN", stall) == 0)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a table names each class once, and a product's class is one that some market knows`(
    engine: Engine
  ) async throws {
    let stall = try await stall(engine, added: false)
    let commerce = stall.commerce
    let wrong: [[TaxTable.Entry]] = [
      [.init("a", .zero), .init("A", .zero)], [.init("standard", .zero)], [.init("", .zero)], [.init("a:b", .zero)],
      [.init(String(repeating: "a", count: 31), .zero)], (0..<11).map { .init("class \($0)", .zero) },
    ]
    for entries in wrong {
      var india = try await commerce.market("IN")
      india.taxTable = TaxTable(entries)
      #expect(try await refusal { try await commerce.putMarket(by: stall.owner, india) } == "invalid", "\(entries)")
    }
    let code = try await refusal {
      try await commerce.changeProduct(stall.products[0], by: stall.owner, ProductChange(taxClass: "luxury"))
    }
    #expect(code == "invalid")
    // What a product has may stay when its market forgets it, and does when something else changes.
    try await stall.run("UPDATE market SET tax_table = ''")
    let mended = try await commerce.changeProduct(stall.products[1], by: stall.owner, ProductChange(title: "Book"))
    #expect(mended.taxClass == "reduced")
    let saved = try await commerce.changeProduct(stall.products[1], by: stall.owner, ProductChange(taxClass: "reduced"))
    #expect(saved.taxClass == "reduced")
  }

  @Test(arguments: Engine.allCases)
  func `a bidder is told what a bid comes to with the tax that is added, and wins at that`(
    engine: Engine
  ) async throws {
    let room = try await AuctionTests.Room(engine)
    let stall = room.stall
    try await stall.run("UPDATE market SET tax_table = 'reduced:500', tax_is_added = 1, taxes_shipping = 1")
    try await stall.run("UPDATE product SET tax_class = 'reduced'")
    try await room.open()
    let asha = try await room.bidder("Asha Kumar")
    let standing = try await room.standing(asha)
    #expect(standing.taxRate.basisPoints == 500 && standing.isTaxAdded && standing.shipping.minor == 4_900)
    #expect(standing.total.minor == 500_00 + 25_00 + 4_900 + 882)
    _ = try await stall.commerce.setSpendLimit(by: asha, .day, currency: Stall.rupee, minor: 1_000_00)
    #expect(try await refusal { try await room.bid(960, by: asha) } == "spend_limit", "₹960 is ₹1,008 with its tax")
    try await room.bid(600, by: asha)
    try await room.end()
    let order = try await #require(room.orders(of: asha).first)
    #expect(order.total == standing.total && order.isTaxAdded)
    #expect(try await room.payments() == 1)
    try await room.audit()
  }

  static let tampering: [(SQL, String)] = [
    ("UPDATE order_line SET tax_added_minor = tax_added_minor + 1 WHERE position = 0", "a line's tax is"),
    ("UPDATE order_line SET tax_bp = 500 WHERE position = 0", "a line's tax is"),
    (
      "UPDATE order_line SET tax_minor = tax_added_minor, tax_added_minor = 0 WHERE position = 1",
      "of tax is added to a line"
    ),
    ("UPDATE orders SET shipping_tax_minor = shipping_tax_minor + 1", "the tax on its shipping is"),
    ("UPDATE orders SET tax_added_minor = 0", "of tax is added to a line"),
  ]

  @Test(arguments: Engine.allCases, tampering.indices)
  func `the audit finds tax that is not what its rates come to`(engine: Engine, index: Int) async throws {
    let (sql, sentence) = Self.tampering[index]
    let stall = try await stall(engine, added: true)
    _ = try await stall.sell(bag(stall))
    #expect(try await stall.commerce.audit().differences == [])
    try await stall.run(sql)
    let found = try await stall.commerce.audit()
    #expect(found.differences.contains { $0.contains(sentence) }, "\(found.summary)")
  }

  private func balance(_ account: String, _ stall: Stall) async throws -> Int64 {
    try await stall.number(
      "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = \(account)")
  }
}
