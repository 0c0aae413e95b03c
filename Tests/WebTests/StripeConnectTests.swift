import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Sellers with accounts of their own at Stripe: separate charges, transfers and reversals, against a localstripe.
@Suite(.timeLimit(.minutes(2))) struct StripeConnectTests {
  private struct House {
    let stall: StripeStall
    let owner: Caller
    let `operator`: Caller
    var payee: Payee { .channel(stall.square.channel.id) }
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine, lost: Bool = false) async throws {
      stall = try await StripeStall(engine, paysOut: true)
      (owner, `operator`) = (stall.square.owner, stall.square.operator)
      let url = try await commerce.connectPayee(payee, by: owner, country: "IN", back: "/studio/meera/money")
      // They come back before they said anything.
      #expect(try await commerce.refreshPayee(payee, by: owner)?.isReady == false)
      #expect(try await commerce.payoutDestination(of: payee, by: owner) == nil)
      let back = try await stall.stripe.finishOnboarding(at: url)
      #expect(back == "https://haat.example/studio/meera/money?connect=returned")
      stall.square.clock.advance(minutes: 5)
      #expect(try await commerce.refreshPayee(payee, by: owner)?.isReady == true)
    }

    func settle() async throws -> PlacedOrder {
      let placed = try await stall.place(2)
      #expect(try await stall.pay(placed) == .paid)
      let parcel = try await commerce.ship(placed.order.id, by: owner)
      _ = try await commerce.deliver(parcel.id, of: placed.order.id, by: owner)
      try await stall.database.write { db in
        // Stripe's clock is the wall's, so that days are not waited for.
        _ = try db.run("UPDATE orders SET state = 'settled' WHERE id = \(placed.order.id)")
      }
      return placed
    }

    func payout() async throws -> Payout? { try await commerce.payouts(by: `operator`).items.first }
  }

  @Test(arguments: Engine.allCases)
  func `an order's money is transferred out of its charge, and taken back when it is refunded`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 1)
    #expect(try await house.commerce.sendPayouts() == 1)
    let payout = try #require(try await house.payout())
    #expect(payout.state == .paid && payout.provider == "stripe")
    let transfer = try #require(try await house.stall.stripe.transfers().first)
    #expect(transfer["amount"] == .number(Double(payout.amount.minor)) && transfer["currency"] == "inr")
    #expect(transfer["transfer_group"] == .string(sold.order.number))
    #expect(transfer["source_transaction"].string?.hasPrefix("ch_") == true)
    _ = try await house.commerce.refund(sold.order.id, by: house.owner, reason: "all of it")
    #expect(try await house.commerce.sendPayouts() == 1)
    let back = try await house.stall.stripe.transfers().first
    #expect(back?["amount_reversed"] == transfer["amount"])
    #expect(try await house.stall.audit() == [])
    let requests = try await house.stall.stripe.requests().filter { $0.path != "/v1/payment_methods" }
    let made = try #require(requests.first { $0.path == "/v1/accounts" })
    #expect(made["type"] == "express" && made["capabilities[transfers][requested]"] == "true")
    #expect(requests.contains { $0.path == "/v1/account_links" && $0["type"] == "account_onboarding" })
    #expect(try Localstripe.check(requests) == [])
  }

  @Test(arguments: Engine.allCases)
  func `an answer that was lost sends nothing twice, also after Stripe has forgotten the key`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 1)
    // The payment is looked up first; what is lost is the transfer's answer.
    house.stall.line.loseAnswers(1, after: 1)
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.stall.stripe.transfers().count == 1)
    house.stall.square.clock.advance(days: 2)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.stall.stripe.transfers().count == 1)
    _ = try await house.commerce.refund(sold.order.id, by: house.owner, amountMinor: 10_000, reason: "a scratch")
    house.stall.line.loseAnswers(1)
    #expect(try await house.commerce.sendPayouts() == 0)
    house.stall.square.clock.advance(days: 2)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.stall.stripe.transfers().first?["reversals"].array.count == 1)
    #expect(try await house.payout()?.state == .paid)
    #expect(try await house.stall.audit() == [])
    let requests = try await house.stall.stripe.requests().filter { $0.path != "/v1/payment_methods" }
    #expect(requests.contains { $0.method == "GET" && $0.path == "/v1/transfers" })
    #expect(requests.contains { $0.method == "GET" && $0.path.hasSuffix("/reversals") })
    #expect(try Localstripe.check(requests) == [])
  }

  @Test(arguments: Engine.allCases)
  func `an account that Stripe shuts is paid nothing until Stripe says that it is open`(engine: Engine) async throws {
    let house = try await House(engine)
    _ = try await house.settle()
    let account = try #require(try await house.commerce.providerPayee(of: house.payee, by: house.owner)).account
    try await house.stall.stripe.setTransfers(of: account, "inactive")
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 1, "nobody has told us yet")
    #expect(try await house.commerce.sendPayouts() == 1)
    let refused = try await house.payout()
    #expect(refused?.state == .returned && refused?.failure == "insufficient_capabilities_for_transfer")
    #expect(try await house.commerce.payoutsDue(by: house.operator).first?.block == .providerNotReady)
    house.stall.square.clock.advance(seconds: 1)
    try await house.stall.stripe.setTransfers(of: account, "active")
    // A webhook of the connected account, whose content is only a hint.
    let outcome = try await house.stall.deliver(
      ["id": .string(account), "object": "account"], kind: "account.updated", account: account)
    #expect(outcome == .acted)
    #expect(
      try await house.stall.deliver(
        ["id": "acct_other", "object": "account"], kind: "account.updated", account: "acct_other") == .ignored)
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 1)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.payout()?.state == .paid)
    #expect(try await house.stall.audit() == [])
  }
}
