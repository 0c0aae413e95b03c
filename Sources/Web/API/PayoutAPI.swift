import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// Payouts: what is released leaves the house; and statements, which say how it came to be.
enum PayoutAPI {
  struct PayoutAnswer: Codable, Described {
    let id: ID<Payout>
    let number: String
    let payee: String
    let amount: Money
    let state: Payout.State
    let holder: String
    let ending: String
    let file: ID<PayoutFile>?
    let provider: String?
    let failure: String?
    let madeAt: Moment
    let endedAt: Moment?

    static let fields = [
      "payee": "channel:<id>, or partner:<id>.", "ending": "The last four characters of the bank account's number.",
      "provider": "The payment provider that sends it; left out for a bank.",
      "failure": "Why it, or a part of it, came back.",
    ]

    init(_ payout: Payout) {
      id = payout.id
      number = payout.number
      payee = payout.payee.description
      amount = payout.amount
      state = payout.state
      holder = payout.holder
      ending = payout.ending
      file = payout.file
      provider = payout.provider.isEmpty ? nil : payout.provider
      failure = payout.failure.isEmpty ? nil : payout.failure
      madeAt = payout.made
      endedAt = payout.ended
    }
  }

  struct DueAnswer: Codable, Described {
    let payee: String
    let name: String
    let available: Money
    let block: PayoutDue.Block?
    let holdReason: String?

    static let fields = [
      "available": "Released, less what was paid out or is on its way; negative is a debt.",
      "block": "What keeps it from being paid out; left out when nothing does.",
    ]

    init(_ due: PayoutDue) {
      payee = due.payee.description
      name = due.name
      available = due.available
      block = due.block
      holdReason = due.holdReason.isEmpty ? nil : due.holdReason
    }
  }

  struct FileAnswer: Codable, Described {
    let id: ID<PayoutFile>
    let madeAt: Moment
    let payouts: Int64
    let sum: Money
    let open: Int64

    static let fields = ["open": "Payouts of it that were neither paid nor came back yet."]

    init(_ file: PayoutFile) {
      id = file.id
      madeAt = file.made
      payouts = file.count
      sum = file.sum
      open = file.open
    }
  }

  struct NewFile: Codable {
    let id: ID<PayoutFile>?
    let currency: Currency
  }

  struct NewDestination: Codable, Described {
    let holder: String
    let number: String
    let code: String?

    static let fields = [
      "number": "An IBAN, or the account's number.", "code": "The bank's: an IFSC, a BIC or another; not with an IBAN.",
    ]
  }

  struct DestinationAnswer: Codable, Described {
    let holder: String
    let ending: String
    let provider: String?
    let usableFrom: Moment

    static let fields = [
      "provider": "The payment provider at which the account is; left out for a bank account.",
      "usableFrom": "Payouts go there from then on: a change waits.",
    ]

    init(_ destination: PayoutDestination) {
      holder = destination.holder
      ending = destination.ending
      provider = destination.provider.isEmpty ? nil : destination.provider
      usableFrom = destination.usable
    }
  }

  struct ProviderAccount: Codable, Described {
    let provider: String
    let country: String
    let isReady: Bool
    let state: PayeeStanding.State?
    let requirements: [Requirement]
    let takesDetails: Bool
    let bankEnding: String?

    static let fields = [
      "isReady": "Whether the provider would take money for it when it was last asked.",
      "state": "How it stood then; left out until the provider has said.",
      "takesDetails": "Whether details may be given for it, where the provider has no pages of its own.",
      "bankEnding": "The last four characters of the bank account it is paid out to, where it was given here.",
    ]

    init?(_ payee: ProviderPayee?) {
      guard let payee else { return nil }
      provider = payee.provider
      country = payee.country
      isReady = payee.isReady
      state = payee.state
      requirements = payee.requirements.map { Requirement(field: $0.field, reason: $0.reason) }
      takesDetails = payee.takesDetails
      bankEnding = payee.bankEnding.isEmpty ? nil : payee.bankEnding
    }
  }

  struct Requirement: Codable, Described {
    let field: String
    let reason: String

    static let fields = [
      "field": "What the provider wants, in its words, such as settlements.ifsc_code.",
      "reason": "Why, such as field_missing or needs_clarification.",
    ]
  }

  /// What a provider without pages of its own wants to know.
  struct NewDetails: Codable, Described {
    let businessType: String
    let businessName: String
    let trade: String
    let contactName: String
    let email: String
    let phone: String
    let street: String
    let area: String
    let city: String
    let state: String
    let postalCode: String
    let businessPAN: String?
    let ownerPAN: String?
    let gst: String?
    let bank: NewDestination
    let termsAccepted: Bool

    static let fields = [
      "businessType": "Such as individual, proprietorship or private_limited.",
      "trade": "Category and subcategory in the provider's words, such as ecommerce/fashion_and_lifestyle.",
      "contactName": "The owner's, or of whoever may sign, as it is on their PAN card.",
      "state": "Two letters, such as KA.",
      "businessPAN": "The business's; may be left out for one person.",
      "ownerPAN": "The contact's; may be left out where the business has one of its own.",
      "termsAccepted": "Whether they have agreed to the provider's terms.",
    ]

    var details: PayeeDetails {
      PayeeDetails(
        businessType: businessType, businessName: businessName, trade: trade, contactName: contactName, email: email,
        phone: phone, street: street, area: area, city: city, state: state, postalCode: postalCode,
        businessPAN: businessPAN ?? "", ownerPAN: ownerPAN ?? "", gst: gst ?? "",
        bank: BankAccount(holder: bank.holder, number: bank.number, code: bank.code ?? ""),
        termsAccepted: termsAccepted)
    }
  }

  struct Connection: Codable, Described {
    let country: String

    static let fields = ["country": "Where the payee is at home, ISO 3166 such as IN; for good."]
  }

  struct Onboarding: Codable, Described {
    let url: String

    static let fields = [
      "url": "Where the payee tells the provider who they are; holds for one visit of a few minutes."
    ]
  }

  struct Reason: Codable { let reason: String }
  struct Count: Codable { let count: Int }

  struct StatementAnswer: Codable, Described {
    let opening: Money
    let closing: Money
    let sold: Money
    let tax: Money
    let commission: Money
    let creator: Money
    let count: Int64
    let lines: [LedgerAPI.LedgerLine]

    static let fields = [
      "sold": "What buyers paid less what they had back, with what the platform put in.",
      "lines": "The first 500; the file has all.",
    ]

    init(_ statement: Statement) {
      opening = statement.opening
      closing = statement.closing
      sold = statement.sold
      tax = statement.tax
      commission = statement.commission
      creator = statement.creator
      count = statement.count
      lines = statement.lines.map(LedgerAPI.LedgerLine.init)
    }
  }

  struct BookedAnswer: Codable {
    let account: String
    let opening: Money
    let added: Money
    let taken: Money
    let closing: Money

    init(_ booked: BookedAccount) {
      account = booked.account
      opening = booked.opening
      added = booked.added
      taken = booked.taken
      closing = booked.closing
    }
  }

  static let endpoints: [Endpoint] = ofChannels + ofOperator + [bankFile]

  private static let ofChannels: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/payouts", "Lists a channel's payouts, newest first, to its owners.",
      gives: List<PayoutAnswer>.self
    ) { call in
      List(
        try await call.commerce.payouts(
          of: .channel(call.channel().id), by: call.caller, after: call.cursor(), limit: call.limit()),
        PayoutAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/payouts/due",
      "Says what could be paid out to a channel now, by currency, and what keeps it; to its owners.",
      gives: List<DueAnswer>.self
    ) { call in
      List(
        try await call.commerce.payoutsDue(of: .channel(call.channel().id), by: call.caller).map(DueAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/payout-destination", "Says where a channel's money goes, to its owners.",
      gives: DestinationAnswer.self
    ) { call in
      let payee = Payee.channel(try await call.channel().id)
      guard let destination = try await call.commerce.payoutDestination(of: payee, by: call.caller) else {
        throw Problem.notFound("bank account")
      }
      return DestinationAnswer(destination)
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/payout-destination",
      "Says where a channel's money goes from now on; for its owners. The number cannot be read again.",
      takes: NewDestination.self, gives: DestinationAnswer.self
    ) { call, body in
      DestinationAnswer(
        try await call.commerce.setPayoutDestination(
          of: .channel(call.channel().id), by: call.caller,
          BankAccount(holder: body.holder, number: body.number, code: body.code ?? "")))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/payout-account",
      "Says whether a channel has an account at the payment provider, and whether it is ready; to its owners.",
      gives: ProviderAccount.self
    ) { call in
      let payee = Payee.channel(try await call.channel().id)
      return try account(await call.commerce.providerPayee(of: payee, by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/channels/{channel}/payout-account",
      "Opens an account for a channel at the payment provider, or a new visit to it; for its owners.",
      takes: Connection.self, gives: Onboarding.self
    ) { call, body in
      let channel = try await call.channel()
      return Onboarding(
        url: try await call.commerce.connectPayee(
          .channel(channel.id), by: call.caller, country: body.country, back: "/studio/\(channel.handle)/money"))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/payout-account/details",
      "Passes on what the payment provider wants to know of a channel, where it has no page for that; for its owners. "
        + "None of it can be read again.",
      takes: NewDetails.self, gives: ProviderAccount.self
    ) { call, body in
      let payee = Payee.channel(try await call.channel().id)
      return try account(await call.commerce.tellPayee(payee, by: call.caller, body.details))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/channels/{channel}/payout-account/check",
      "Asks the provider how a channel's account stands, and pays to it once it is ready; for its owners.",
      gives: ProviderAccount.self
    ) { call in
      let payee = Payee.channel(try await call.channel().id)
      return try account(await call.commerce.refreshPayee(payee, by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/statements/{month}",
      "A channel's statement of a month of UTC such as 2026-11, one for each currency; to its owners.",
      gives: List<StatementAnswer>.self
    ) { call in
      List(
        try await call.commerce.statements(
          of: .channel(call.channel().id), by: call.caller, span(of: call.text("month"))
        ).map(StatementAnswer.init))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/channels/{channel}/payout-hold", "Keeps a channel's money back, with a reason; for the operator.",
      takes: Reason.self
    ) { call, body in
      try await call.commerce.holdPayouts(of: .channel(call.channel().id), by: call.caller, reason: body.reason)
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/channels/{channel}/payout-hold", "Lets a channel's money go again; for the operator.",
      as: .noContent
    ) { call in
      try await call.commerce.releasePayouts(of: .channel(call.channel().id), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static let ofOperator: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/payouts/due", "Says what could be paid out now, and what not and why, to the operator.",
      gives: List<DueAnswer>.self
    ) { call in
      List(try await call.commerce.payoutsDue(by: call.caller).map(DueAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/payouts", "Lists payouts, newest first, to the operator.", gives: List<PayoutAnswer>.self
    ) { call in
      let state = try call.query("state")
      guard state == nil || state.flatMap(Payout.State.init) != nil else {
        throw Problem.malformed("“state” must be pending, sent, paid or returned.", field: "state")
      }
      return List(
        try await call.commerce.payouts(
          by: call.caller, state: state.flatMap(Payout.State.init), after: call.cursor(), limit: call.limit()),
        PayoutAnswer.init)
    }.paged.query("state", "pending, sent, paid or returned; all when it is left out.").by(.account),
    Endpoint(
      .post, "/api/v1/payouts", "Makes payouts of all that can be paid out now; for the operator.", gives: Count.self
    ) { call in
      Count(count: try await call.commerce.preparePayouts(by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/payouts/{payout}/arrival", "Says that a payout was paid; for the operator.",
      gives: PayoutAnswer.self
    ) { call in
      PayoutAnswer(try await call.commerce.payoutArrived(call.id("payout"), by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/payouts/{payout}/return", "Says that a payout came back, and why; for the operator.",
      takes: Reason.self, gives: PayoutAnswer.self
    ) { call, body in
      PayoutAnswer(try await call.commerce.payoutCameBack(call.id("payout"), by: call.caller, reason: body.reason))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/payout-files", "Lists the last 50 files for banks, to the operator.",
      gives: List<FileAnswer>.self
    ) { call in
      List(try await call.commerce.payoutFiles(by: call.caller).map(FileAnswer.init))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/payout-files",
      "Puts all payouts of a currency that wait into a file for a bank; for the operator.",
      takes: NewFile.self, gives: FileAnswer.self, as: .created
    ) { call, body in
      FileAnswer(
        try await call.commerce.makePayoutFile(
          body.id ?? call.commerce.makeID(), by: call.caller, currency: body.currency))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/payout-files/{file}/arrival",
      "Says that all of a file was paid, but for what came back; for the operator.", gives: Count.self
    ) { call in
      Count(count: try await call.commerce.payoutsArrived(of: call.id("file"), by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/ledger/books/{month}",
      "What each account of the books had, came to and has in a month of UTC such as 2026-11, to the operator.",
      gives: List<BookedAnswer>.self
    ) { call in
      List(try await call.commerce.books(by: call.caller, span(of: call.text("month"))).map(BookedAnswer.init))
    }.by(.account),
  ]

  private static var bankFile: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/payout-files/{file}", "Gives a file for a bank (CSV), to the operator."
    ) { call in
      let file: ID<PayoutFile> = try call.id("file")
      return csv(try await call.commerce.payoutFile(file, by: call.caller), named: "payouts-\(file)")
    }
    endpoint.answer = .text("text/csv")
    return endpoint.by(.account)
  }

  static func account(_ payee: ProviderPayee?) throws -> ProviderAccount {
    guard let answer = ProviderAccount(payee) else { throw Problem.notFound("account") }
    return answer
  }

  static func csv(_ bytes: [UInt8], named name: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"\(name).csv\"",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func span(of month: String) throws -> StatementSpan {
    guard let span = StatementSpan(month: month) else {
      throw Problem.malformed("“month” must be a year and a month such as 2026-11.", field: "month")
    }
    return span
  }
}
