import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Sellers who are paid through Razorpay Route, against a stand-in that answers as its documentation shows.
@Suite(.timeLimit(.minutes(2))) struct RazorpayRouteTests {
  @Test(arguments: Engine.allCases)
  func `details go on to Razorpay step by step, and nothing of them stays but four digits`(engine: Engine) async throws
  {
    let house = try await RouteHouse(engine)
    let account = try #require(try await house.account())
    #expect(account.isReady && account.state == .activated && account.requirements == [])
    #expect(account.bankEnding == "4321" && account.country == "IN" && !account.takesDetails)
    let names = account.names
    #expect(names.account.hasPrefix("acc_") && names.person.hasPrefix("sth_") && names.product.hasPrefix("acc_prd_"))
    let path = "/v2/accounts/\(names.account)"
    #expect(
      house.posts == [
        "POST /v2/accounts", "POST \(path)/stakeholders", "POST \(path)/products",
        "PATCH \(path)/products/\(names.product)",
      ])
    let made = try #require(house.razorpay.posts.first).body
    #expect(made["type"] == "route" && made["business_type"] == "proprietorship" && made["phone"] == "9876543210")
    #expect(made["email"] == "meera@example.com" && made["notes"]["payee"].string == "\(house.payee)")
    #expect(made["profile"]["category"] == "ecommerce" && made["profile"]["subcategory"] == "home_furnishing_stores")
    let address = made["profile"]["addresses"]["registered"]
    #expect(address["state"] == "KARNATAKA" && address["postal_code"] == "560034" && address["country"] == "IN")
    #expect(made["legal_info"] == ["gst": "29AVOPB1111K1Z5"])
    #expect(house.razorpay.stakeholders.first?["kyc"]["pan"] == "AVOPB1111K")
    let bank = try #require(house.razorpay.products.first)["active_configuration"]["settlements"]
    #expect(
      bank == ["account_number": "0001112223334321", "ifsc_code": "HDFC0000317", "beneficiary_name": "Meera Kumari"])
    let destination = try #require(try await house.destination())
    #expect(destination.provider == "razorpay" && destination.ending == "4321")
    #expect(destination.usable == house.stall.square.clock.now)

    let kept = try await house.stall.database.read { db in
      try ["SELECT * FROM provider_payee", "SELECT * FROM payout_destination", "SELECT * FROM provider_requirement"]
        .flatMap { (sql: SQL) in try db.rows(sql).map { "\($0)" } }
    }
    let everything = kept.joined() + house.stall.log.all.joined() + "\(RouteHouse.details)"
    for secret in ["AVOPB1111K", "0001112223334321", "HDFC0000317", "9876543210", "29AVOPB"] {
      #expect(!everything.contains(secret), "\(secret)")
    }
    #expect(try await house.stall.audit() == [])
    await #expect(throws: PayoutRefusal.byForm("razorpay")) {
      try await house.commerce.connectPayee(house.payee, by: house.owner, country: "IN", back: "/")
    }
    for caller in [Caller(account: nil), house.operator] {
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.tellPayee(house.payee, by: caller, RouteHouse.details)
      }
    }
  }

  @Test func `each detail has its documented form, and the refusal says which`() throws {
    func refused(_ change: (inout PayeeDetails) -> Void) -> PayeeRefusal? {
      var details = RouteHouse.details
      change(&details)
      do {
        _ = try details.checked(Policy())
        return nil
      } catch { return error as? PayeeRefusal }
    }
    #expect(refused { _ in } == nil)
    let wrong: [(PayeeRefusal, [(inout PayeeDetails) -> Void])] = [
      (.businessType, [{ $0.businessType = "guild" }, { $0.businessType = "" }]),
      (
        .businessName,
        [
          { $0.businessName = "Me" }, { $0.businessName = "https://meera.example" },
          { $0.businessName = "<b>Meera</b>" },
        ]
      ),
      (.trade, [{ $0.trade = "ecommerce/weapons_and_ammunitions" }]),
      (.contactName, [{ $0.contactName = "M. Kumari" }, { $0.contactName = "Mee" }, { $0.contactName = "मीरा कुमारी" }]),
      (.email, [{ $0.email = "meera" }]),
      (.phone, [{ $0.phone = "12345" }, { $0.phone = "5876543210" }, { $0.phone = "+44 98765 43210" }]),
      (.street, [{ $0.street = " " }, { $0.street = String(repeating: "a", count: 101) }]),
      (.area, [{ $0.area = "" }]), (.city, [{ $0.city = "B" }]), (.state, [{ $0.state = "XX" }]),
      (.postalCode, [{ $0.postalCode = "060034" }, { $0.postalCode = "56003" }, { $0.postalCode = "५६००३४" }]),
      (
        .ownerPAN,
        [
          { $0.ownerPAN = "" }, { $0.ownerPAN = "AAACL1234C" }, { $0.ownerPAN = "AVOPB111K" },
          { $0.ownerPAN = "AVOPB11111" },
        ]
      ),
      (.businessPAN, [{ $0.businessPAN = "AVOPB1111K" }, { $0.businessType = "llp" }]),
      (.gst, [{ $0.gst = "99AVOPB1111K1Z5" }, { $0.gst = "29AVOPB1111K1Z" }]),
      (.holder, [{ $0.bank.holder = "Meera & Co" }, { $0.bank.holder = "" }]),
      (
        .number,
        [
          { $0.bank.number = "1234" }, { $0.bank.number = String(repeating: "1", count: 36) },
          { $0.bank.number = "12345/6" },
        ]
      ),
      (.code, [{ $0.bank.code = "HDFC1000317" }, { $0.bank.code = "HDFC000031" }, { $0.bank.code = "" }]),
      (.termsAccepted, [{ $0.termsAccepted = false }]),
    ]
    for (refusal, changes) in wrong {
      for (place, change) in changes.enumerated() { #expect(refused(change) == refusal, "\(refusal) \(place)") }
    }
    #expect(Set(wrong.map(\.0)) == Set(PayeeRefusal.allCases), "every one was seen")
    #expect(Set(PayeeRefusal.allCases.map(\.code)).count == PayeeRefusal.allCases.count)
    #expect(refused { ($0.businessType, $0.businessPAN, $0.ownerPAN) = ("llp", "AAAFL1234C", "") } == nil)
  }

  @Test(arguments: Engine.allCases)
  func `an answer that was lost at any step makes nothing twice`(engine: Engine) async throws {
    for step in 0..<5 {
      let house = try await RouteHouse(engine, isConnected: false)
      house.razorpay.loseAnswers(1, after: step)
      await #expect(throws: PayoutRefusal.unanswered, "\(step)") { try await house.tell() }
      #expect(try await house.destination() == nil)
      house.stall.pass(seconds: 60)
      #expect(try await house.tell().isReady, "\(step)")
      #expect(
        house.razorpay.accounts.count == 1 && house.razorpay.stakeholders.count == 1
          && house.razorpay.products.count == 1, "\(step)")
      #expect(house.razorpay.accounts.first?["email"] == "meera@example.com")
      #expect(try await house.stall.audit() == [])
    }
  }

  @Test(arguments: Engine.allCases)
  func `an e-mail address that has another account is refused, and so is what Razorpay does not take`(
    engine: Engine
  ) async throws {
    let house = try await RouteHouse(engine, isConnected: false)
    house.razorpay.change {
      $0.accounts = [["id": "acc_OfSomebodyElse", "email": "meera@example.com", "notes": ["payee": "channel:other"]]]
    }
    let refused = await #expect(throws: PayoutRefusal.self) { try await house.tell() }
    #expect(refused?.code == "payout_details_refused" && refused?.sentence.contains("Give another one") == true)
    #expect(try await house.account()?.account == "")
    house.stall.pass(seconds: 60)
    house.razorpay.change { $0.accounts = [] }
    house.razorpay.fail(
      400, #"{"error":{"code":"BAD_REQUEST_ERROR","description":"Invalid <b>\n pan AVOPB1111K","reason":"NA"}}"#)
    let told = await #expect(throws: PayoutRefusal.self) { try await house.tell() }
    #expect(told?.sentence.contains("“Invalid b  pan AVOPB1111K”") == true, "its owner reads what Razorpay says")
    #expect(!house.stall.log.all.joined().contains("AVOPB1111K"), "and nobody else")
    house.stall.pass(seconds: 60)
    #expect(try await house.tell().isReady)
  }

  @Test func `details are not sent to Razorpay as often as somebody likes`() async throws {
    let house = try await RouteHouse(.sqlite, isConnected: false)
    house.razorpay.judge("needs_clarification")
    let commerce = house.commerce
    let refused = await #expect(throws: PayoutRefusal.self) {
      for _ in 0..<50 { try await commerce.tellPayee(house.payee, by: house.owner, RouteHouse.details) }
    }
    #expect(refused?.code == "too_often" && refused?.kind == .limited)
    #expect(house.razorpay.accounts.count == 1)
  }

  @Test(arguments: Engine.allCases)
  func `what Razorpay wants is told by answers, questions and events, until it has it`(engine: Engine) async throws {
    let house = try await RouteHouse(engine, isConnected: false)
    house.razorpay.judge("needs_clarification", [("settlements.ifsc_code", "needs_clarification")])
    let first = try await house.tell()
    #expect(first.state == .needsClarification && !first.isReady && first.takesDetails)
    #expect(first.requirements == [.init(field: "settlements.ifsc_code", reason: "needs_clarification")])
    #expect(try await house.destination() == nil)
    try await house.settle()
    #expect(try await house.due()?.block == .noDestination)

    house.razorpay.judge("under_review")
    #expect(try await house.tellProduct("under_review") == .acted)
    let second = try await house.account()
    #expect(second?.state == .underReview && second?.requirements == [] && second?.takesDetails == false)
    await #expect(throws: PayoutRefusal.detailsClosed) { try await house.tell() }

    // The event is a hint: what counts is what Razorpay says now.
    #expect(try await house.tellProduct("activated") == .acted)
    #expect(try await house.account()?.isReady == false)
    house.razorpay.judge("activated")
    house.stall.pass(seconds: 60)
    #expect(try await house.commerce.refreshPayee(house.payee, by: house.owner)?.isReady == true)
    #expect(try await house.destination()?.ending == "4321")
    #expect(try await house.due()?.block == nil)
    house.razorpay.judge("suspended")
    #expect(try await house.tellProduct("suspended") == .acted)
    #expect(try await house.due()?.block == .providerNotReady)
    #expect(try await house.stall.audit() == [])
    #expect(
      try await house.stall.deliver(
        "product.route.activated", ["merchant_product": ["id": "acc_prd_x", "merchant_id": "acc_x"]]) == .ignored)
  }

  @Test(arguments: Engine.allCases)
  func `an open account's bank is not changed from here, and one that was reopened waits`(engine: Engine) async throws {
    let house = try await RouteHouse(engine)
    await #expect(throws: PayoutRefusal.detailsClosed) { try await house.tell() }
    house.razorpay.judge("needs_clarification", [("settlements.account_number", "needs_clarification")])
    try await house.tellProduct("needs_clarification")
    house.razorpay.judge("activated")
    house.stall.pass(seconds: 60)
    // It is not activated here yet: nobody has told.
    var other = RouteHouse.details
    other.bank.number = "99990000111122"
    other.email = "meera.kumari@example.com"
    house.razorpay.change { $0.answer = ("under_review", []) }
    #expect(try await house.tell(other).isReady == false)
    let destination = try #require(try await house.destination())
    #expect(destination.ending == "1122" && destination.usable > house.stall.square.clock.now)
    #expect(house.posts.contains { $0.hasPrefix("PATCH /v2/accounts/") && $0.contains("/stakeholders/") })
    house.razorpay.judge("activated")
    try await house.tellProduct("activated")
    try await house.settle()
    #expect(try await house.due()?.block == .newDestination, "who took the account over would be noticed")
    #expect(try await house.stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `an order's money is transferred out of its payment, and taken back when it is refunded`(
    engine: Engine
  ) async throws {
    let house = try await RouteHouse(engine)
    let sold = try await house.settle()
    let owed = try await house.seller
    try await house.prepare()
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.commerce.sendPayouts() == 0)
    let payout = try #require(try await house.payout())
    #expect(payout.state == .paid && payout.provider == "razorpay" && payout.amount.minor == owed)
    let transfer = try #require(house.razorpay.transfers.first)
    #expect(house.razorpay.transfers.count == 1)
    #expect(transfer["amount"].number == Double(owed) && transfer["currency"] == "INR" && transfer["on_hold"] == false)
    #expect(transfer["source"].string?.hasPrefix("pay_") == true)
    #expect(transfer["notes"]["reference"].string == sold.order.number)
    #expect(try await house.account()?.account == transfer["recipient"].string)
    try await house.refund(sold, 10_000)
    let debt = try await house.seller
    #expect(debt < 0)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(house.razorpay.transfers.first?["amount_reversed"].number == Double(-debt))
    try await house.refund(sold)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(house.razorpay.transfers.first?["status"] == "reversed")
    #expect(try await house.seller == 0)
    #expect(try await house.stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a transfer that waits at Razorpay ends when Razorpay says how, by an event or when asked`(
    engine: Engine
  ) async throws {
    let house = try await RouteHouse(engine)
    house.razorpay.change { $0.transferStatus = "pending" }
    for _ in 0..<3 { try await house.settle() }
    try await house.prepare()
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.payout()?.state == .pending)
    #expect(try await house.stall.audit() == [])
    let waiting = house.razorpay.transfers
    #expect(waiting.count == 3)
    func id(_ place: Int) -> String { waiting[place]["id"].string ?? "" }

    #expect(try await house.tellTransfer("processed", waiting[0]) == .acted)
    #expect(
      try await house.number("SELECT COUNT(*) AS number FROM payout_transfer WHERE state = 'sent'") == 0, "a hint")
    house.razorpay.end(transfer: id(0), as: "processed")
    #expect(try await house.tellTransfer("processed", waiting[0]) == .acted)
    #expect(try await house.tellTransfer("processed", waiting[0]) == .ignored, "it has ended")
    var forged = waiting[1]
    forged["id"] = waiting[0]["id"]
    #expect(try await house.tellTransfer("processed", forged) == .ignored, "another one's")
    house.razorpay.end(transfer: id(1), as: "failed", reason: "insufficient_balance")
    #expect(try await house.tellTransfer("failed", waiting[1]) == .acted)
    #expect(house.stall.log.all.contains { $0.contains("transfer_refused") && $0.contains("insufficient_balance") })
    #expect(try await house.payout()?.state == .pending, "one is on its way still")
    house.razorpay.end(transfer: id(2), as: "processed")
    house.stall.pass(seconds: 61)
    #expect(try await house.commerce.sendPayouts() == 1)
    let payout = try #require(try await house.payout())
    #expect(payout.state == .paid && payout.failure == "insufficient_balance")
    #expect(house.razorpay.transfers.count == 3, "none was asked for twice")
    #expect(try await house.seller == Int64(waiting[1]["amount"].number ?? 0))
    #expect(try await house.account()?.isReady == true)
    #expect(try await house.stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `an answer that was lost sends nothing twice, and takes nothing back twice`(engine: Engine) async throws {
    let house = try await RouteHouse(engine)
    let sold = try await house.settle()
    try await house.prepare()
    // The code's payments and the payment's transfers are looked up first.
    house.razorpay.loseAnswers(1, after: 2)
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.commerce.sendPayouts() == 0, "not asked again at once")
    // A no to the question what was made is no answer to what was asked for.
    house.stall.pass(seconds: 61)
    house.razorpay.fail(400, #"{"error":{"code":"BAD_REQUEST_ERROR","description":"The id provided does not exist"}}"#)
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.payout()?.state == .pending)
    house.stall.pass(seconds: 3 * 86_400)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(house.razorpay.transfers.count == 1)
    try await house.refund(sold, 10_000)
    house.razorpay.loseAnswers(1, after: 1)
    #expect(try await house.commerce.sendPayouts() == 0)
    house.stall.pass(seconds: 61)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(house.razorpay.reversals.count == 1)
    #expect(try await house.seller == 0)
    #expect(try await house.stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `what cannot come out of its payment comes out of the balance, once`(engine: Engine) async throws {
    let house = try await RouteHouse(engine)
    // Razorpay's fee leaves too little; a refund has begun; it was paid through somebody else.
    house.razorpay.change { $0.fee = 200_000 }
    try await house.settle()
    try await house.prepare()
    house.razorpay.loseAnswers(1, after: 3)
    #expect(try await house.commerce.sendPayouts() == 0)
    house.stall.pass(seconds: 61)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(house.razorpay.transfers.map(\.source) == ["acc_CJoeHMNpi0nC7k"])
    house.razorpay.change { $0.fee = 0 }
    try await house.refund(try await house.settle(), 10_000)
    try await house.prepare()
    #expect(try await house.commerce.sendPayouts() == 1)
    try await house.settle()
    try await house.prepare()
    try await house.run("UPDATE payout_transfer SET payment = '' WHERE state = 'pending'")
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(house.razorpay.transfers.map(\.source) == Array(repeating: "acc_CJoeHMNpi0nC7k", count: 3))
    let direct = house.razorpay.asked.filter { $0.path == "/v1/transfers" }
    #expect(direct.allSatisfy { $0.headers["X-Transfer-Idempotency"] == $0.body["notes"]["transfer"].string })
    #expect(try await house.seller == 0)
    #expect(try await house.stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `too little balance passes; what Razorpay will not do is the seller's here again, or a debt`(
    engine: Engine
  ) async throws {
    let house = try await RouteHouse(engine)
    let sold = try await house.settle()
    try await house.prepare()
    house.razorpay.change { $0.balance = 100 }
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.payout()?.state == .pending)
    house.razorpay.change { ($0.balance, $0.fee, $0.areDirectTransfersOn) = (nil, 200_000, false) }
    house.stall.pass(seconds: 61)
    // Razorpay refuses, and does not say how the account stands: what is known of it stays.
    house.razorpay.change { $0.isSilent = true }
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.payout()?.state == .returned)
    #expect(try await house.account()?.isReady == true)
    #expect(try await house.seller > 0)
    house.razorpay.change { ($0.fee, $0.areDirectTransfersOn, $0.isSilent) = (0, true, false) }
    try await house.prepare()
    house.razorpay.judge("suspended")
    #expect(try await house.commerce.sendPayouts() == 1)
    let refused = try await house.account()
    #expect(refused?.isReady == false && refused?.state == .suspended)
    house.razorpay.judge("activated")
    try await house.tellProduct("activated")
    try await house.prepare()
    #expect(try await house.commerce.sendPayouts() == 1)
    house.razorpay.change { $0.isSettled = true }
    try await house.refund(sold, 10_000)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.seller < 0, "its bank has it: a debt")
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `another currency than rupees waits for a bank account`(engine: Engine) async throws {
    let house = try await RouteHouse(engine)
    let dollar = try #require(Currency("USD"))
    try await house.stall.database.write { db in
      try Ledger.book(
        .payoutReturned, cause: Array(repeating: 7, count: 16),
        [
          .init(account: .seller(house.stall.square.channel.id), amount: Money(minor: 500_000, currency: dollar)),
          .init(account: .bank, amount: Money(minor: -500_000, currency: dollar)),
        ],
        on: Occasion(at: house.stall.square.clock.now, entropy: house.stall.square.entropy.entropy), in: db)
    }
    #expect(try await house.due()?.block == .currencyNotTaken)
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 0)
  }

  private struct Undone: Error {}

  @Test(arguments: Engine.allCases)
  func `an audit finds accounts and transfers that were changed by hand`(engine: Engine) async throws {
    let house = try await RouteHouse(engine)
    try await house.settle()
    try await house.prepare()
    try await house.commerce.sendPayouts()
    #expect(try await house.stall.audit() == [])
    for (sql, sentence): (SQL, String) in [
      ("UPDATE provider_payee SET state = 'under_review'", "is not what the provider said of it"),
      ("UPDATE provider_payee SET account = ''", "is not what the provider said of it"),
      ("UPDATE payout_destination SET provider_account = 'acc_mine'", "go to an account that is not theirs"),
      ("UPDATE payout_destination SET provider = ''", "go to an account that is not theirs"),
      ("UPDATE payout_transfer SET transfer_id = ''", "is sent without its provider's name for it"),
    ] {
      await #expect(throws: Undone.self) {
        try await house.stall.database.write { db in
          try db.run(sql)
          let report = try Audit.run(in: db)
          #expect(report.differences.contains { $0.contains(sentence) }, "\(sql): \(report.differences)")
          throw Undone()
        }
      }
    }
  }
}

extension JSON {
  fileprivate var source: String? { self["source"].string }
}
