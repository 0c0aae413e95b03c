/// Razorpay Route (https://razorpay.com/docs/payments/route): a linked account for each who is paid, transfers to it out of
/// the payments of buyers, and reversals when an order is refunded after that. In rupees only.
extension RazorpayProvider: PayeeForms {
  public var country: String { "IN" }

  public var terms: String { "https://razorpay.com/terms/" }

  /// The account, the person behind it, the product, and the bank account, in the order in which Razorpay wants them. What
  /// there is gets the new details, but for what Razorpay does not let anybody change.
  ///
  /// None of it has an idempotency key. A lost answer of the account is found by the e-mail address, which Razorpay takes
  /// once, and by our name of the payee in its notes; one of the person in the account's list; and one of the product, of
  /// which an account has one, by asking for it again or by a webhook.
  public func tell(
    _ details: PayeeDetails, of payee: Payee, known: PayeeNames,
    learned: @Sendable (PayeeNames) async throws -> PayeeNames
  ) async throws -> PayeeStanding {
    var api = api
    api.keepsText = true
    do {
      return try await tell(details, of: payee, known: known, by: api, learned: learned)
    } catch let refused as RazorpayRefused {
      throw ProviderRefused(code: refused.refused.code, sentence: Self.shown(refused.text))
    }
  }

  private func tell(
    _ details: PayeeDetails, of payee: Payee, known: PayeeNames, by api: RazorpayAPI,
    learned: @Sendable (PayeeNames) async throws -> PayeeNames
  ) async throws -> PayeeStanding {
    var names = known
    var isNew = false
    if names.account.isEmpty {
      let (account, isMade) = try await account(of: payee, details, by: api)
      isNew = isMade
      names = try await learned(PayeeNames(account: account))
    }
    let path = "v2/accounts/\(try Self.segment(names.account))"
    if !isNew { let _: RazorpayAccount = try await api.patch(path, NewAccount(details, of: nil)) }

    if names.person.isEmpty {
      let people: RazorpayList<RazorpayStakeholder> = try await api.get("\(path)/stakeholders")
      names.person = people.items.first?.id ?? ""
      isNew = names.person.isEmpty
      if isNew {
        let person: RazorpayStakeholder = try await api.post("\(path)/stakeholders", NewStakeholder(details))
        names.person = person.id
      }
      names = try await learned(names)
    } else {
      isNew = false
    }
    if !isNew {
      let _: RazorpayStakeholder = try await api.patch(
        "\(path)/stakeholders/\(Self.segment(names.person))", NewStakeholder(details))
    }

    if names.product.isEmpty {
      let product: RazorpayProduct = try await api.post("\(path)/products", NewProduct())
      names.product = product.id
      names = try await learned(names)
    }
    return try read(
      try await api.patch("\(path)/products/\(Self.segment(names.product))", NewSettlements(details.bank)))
  }

  /// Made, or found by the e-mail address when it is this payee's.
  private func account(
    of payee: Payee, _ details: PayeeDetails, by api: RazorpayAPI
  ) async throws -> (id: String, isMade: Bool) {
    do {
      let made: RazorpayAccount = try await api.post("v2/accounts", NewAccount(details, of: payee))
      return (made.id, true)
    } catch let refused as RazorpayRefused {
      guard let id = refused.account else { throw refused }
      // One that is not ours to look at is somebody else's; an answer that was lost says nothing of whose it is.
      let found: RazorpayAccount?
      do {
        found = try await api.get("v2/accounts/\(Self.segment(id))")
      } catch is RazorpayRefused {
        found = nil
      }
      guard let found, found.notes?["payee"] == payee.description else {
        throw ProviderRefused(
          code: "email_taken", sentence: "There is an account with this e-mail address already. Give another one.")
      }
      return (found.id, false)
    }
  }

  public func standing(_ names: PayeeNames) async throws -> PayeeStanding {
    // It was begun, and not finished: nothing more is known of it.
    guard !names.product.isEmpty else { return PayeeStanding(.requested) }
    return try read(
      try await api.get("v2/accounts/\(Self.segment(names.account))/products/\(Self.segment(names.product))"))
  }

  private func read(_ product: RazorpayProduct) throws -> PayeeStanding {
    guard let standing = product.standing else { throw RazorpayFault(status: 200, code: "unreadable") }
    return standing
  }

  /// Out of the very payment, of which nothing is to be refunded yet and enough is left after Razorpay's fee; else, and
  /// for what was paid another way, out of the balance (a direct transfer, which Razorpay turns on by request).
  ///
  /// Transfers of a payment have no idempotency key: what was made is looked for among them by our key in the notes.
  public func transfer(_ request: TransferRequest) async throws -> ProviderTransfer {
    guard takes(request.amount.currency), request.amount.minor >= Self.paiseMin else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Razorpay sends Indian rupees, at least one.")
    }
    if let code = request.payment {
      let payment = try await Self.asked { try await payments(of: code) }.first(where: \.hasCome)
      // It was there once: what is not found now may be found later.
      guard let payment else { throw RazorpayFault(status: 200, code: "payment_missing") }
      let path = "payments/\(try Self.segment(payment.id))/transfers"
      let made: RazorpayTransfer? = try await Self.asked {
        try await find(in: path, named: \.id) { $0.notes?["transfer"] == request.key }
      }
      if let made { return try read(made, for: request) }
      // Razorpay transfers nothing of a payment once a refund of it has begun.
      if payment.amountRefunded ?? 0 == 0 {
        do {
          let list: RazorpayList<RazorpayTransfer> = try await api.post(
            path, NewTransfers(transfers: [NewTransfer(request)]))
          guard let made = list.items.first(where: { $0.notes?["transfer"] == request.key }) else {
            throw RazorpayFault(status: 200, code: "unreadable")
          }
          return try read(made, for: request)
        } catch let refused as ProviderRefused where refused.code == "payment_too_small" {
          // Its fee, or what others had of it, leaves too little.
        }
      }
    }
    return try read(
      try await api.post("transfers", NewTransfer(request), key: ("X-Transfer-Idempotency", request.key)), for: request)
  }

  public func transfer(_ id: String) async throws -> ProviderTransfer {
    let found: RazorpayTransfer = try await Self.asked { try await api.get("transfers/\(Self.segment(id))") }
    guard let answer = found.answer else { throw RazorpayFault(status: 200, code: "unreadable") }
    return answer
  }

  /// The money has to be on the linked account still. What was settled to its bank is not taken back: it is a debt here.
  public func reverse(_ request: ReversalRequest) async throws -> String {
    guard takes(request.amount.currency) else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Razorpay sends Indian rupees.")
    }
    let path = "transfers/\(try Self.segment(request.transfer))/reversals"
    let made: RazorpayReversal? = try await Self.asked {
      try await find(in: path, named: \.id) { $0.notes?["reversal"] == request.key }
    }
    if let made { return made.id }
    let reversal: RazorpayReversal = try await api.post(
      path, NewReversal(amount: request.amount.minor, notes: RazorpayNotes(["reversal": request.key])))
    return reversal.id
  }

  private func read(_ transfer: RazorpayTransfer, for request: TransferRequest) throws -> ProviderTransfer {
    guard let answer = transfer.answer, transfer.amount == request.amount.minor,
      transfer.recipient ?? request.account == request.account
    else { throw RazorpayFault(status: 200, code: "unreadable") }
    return answer
  }

  /// A no to a question says nothing of what was asked for before: it is no answer.
  private static func asked<Answer>(_ question: () async throws -> Answer) async throws -> Answer {
    do {
      return try await question()
    } catch let refused as ProviderRefused {
      throw RazorpayFault(status: 400, code: refused.code)
    }
  }

  /// Looks through a list of which the documentation shows no pages: whole as it comes, and on as long as more comes.
  private func find<Item: Decodable & Sendable>(
    in path: String, named name: (Item) -> String, where isIt: (Item) -> Bool
  ) async throws -> Item? {
    var list: RazorpayList<Item> = try await api.get(path)
    var seen: Set<String> = []
    for _ in 0..<100 {
      if let found = list.items.first(where: isIt) { return found }
      let before = seen.count
      seen.formUnion(list.items.map(name))
      // Razorpay's lists have ten items unless more are asked for.
      guard seen.count > before, list.items.count >= 10 else { return nil }
      list = try await api.get(path, [("count", 100), ("skip", Int64(seen.count))])
    }
    throw RazorpayFault(status: 200, code: "list_too_long")
  }

  /// Razorpay's text in one line.
  private static func shown(_ text: String) -> String {
    String(String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter { !"<>{}".contains($0) }).prefix(200))
  }
}

/// What a linked account is made of, or changed to: without a payee, what can be changed.
private struct NewAccount: Encodable, Sendable {
  struct Profile: Encodable, Sendable {
    let category: String
    let subcategory: String
    let addresses: Addresses
  }

  struct Addresses: Encodable, Sendable { let registered: Address }

  struct Address: Encodable, Sendable {
    let street1: String
    let street2: String
    let city: String
    let state: String
    let postalCode: String
    let country: String

    enum CodingKeys: String, CodingKey {
      case street1, street2, city, state, country
      case postalCode = "postal_code"
    }
  }

  struct LegalInfo: Encodable, Sendable {
    let pan: String?
    let gst: String?
  }

  let type: String?
  let email: String?
  let businessType: String?
  let notes: RazorpayNotes?
  let phone: String
  let businessName: String
  let contactName: String
  let profile: Profile
  let legalInfo: LegalInfo?

  enum CodingKeys: String, CodingKey {
    case type, email, notes, phone, profile
    case businessType = "business_type"
    case businessName = "legal_business_name"
    case contactName = "contact_name"
    case legalInfo = "legal_info"
  }

  init(_ details: PayeeDetails, of payee: Payee?) {
    let trade = details.trade.split(separator: "/").map(String.init)
    type = payee.map { _ in "route" }
    email = payee.map { _ in details.email }
    businessType = payee.map { _ in details.businessType }
    // `reference_id` is taken from those alone for whom Razorpay has turned it on.
    notes = payee.map { RazorpayNotes(["payee": $0.description]) }
    phone = details.phone
    businessName = details.businessName
    contactName = details.contactName
    profile = Profile(
      category: trade.first ?? "", subcategory: trade.last ?? "",
      addresses: Addresses(
        registered: Address(
          street1: details.street, street2: details.area, city: details.city,
          state: PayeeDetails.states[details.state] ?? details.state, postalCode: details.postalCode, country: "IN")))
    let (pan, gst) = (details.businessPAN, details.gst)
    legalInfo =
      pan.isEmpty && gst.isEmpty ? nil : LegalInfo(pan: pan.isEmpty ? nil : pan, gst: gst.isEmpty ? nil : gst)
  }
}

private struct NewStakeholder: Encodable, Sendable {
  struct KYC: Encodable, Sendable { let pan: String }

  let name: String
  let email: String
  let kyc: KYC?

  init(_ details: PayeeDetails) {
    name = details.contactName
    email = details.email
    kyc = details.ownerPAN.isEmpty ? nil : KYC(pan: details.ownerPAN)
  }
}

private struct NewProduct: Encodable, Sendable {
  let name = "route"
  let isAccepted = true

  enum CodingKeys: String, CodingKey {
    case name = "product_name"
    case isAccepted = "tnc_accepted"
  }
}

private struct NewSettlements: Encodable, Sendable {
  struct Settlements: Encodable, Sendable {
    let number: String
    let code: String
    let holder: String

    enum CodingKeys: String, CodingKey {
      case number = "account_number"
      case code = "ifsc_code"
      case holder = "beneficiary_name"
    }
  }

  let settlements: Settlements
  let isAccepted = true

  enum CodingKeys: String, CodingKey {
    case settlements
    case isAccepted = "tnc_accepted"
  }

  init(_ bank: BankAccount) {
    settlements = Settlements(number: bank.number, code: bank.code, holder: bank.holder)
  }
}

private struct NewTransfers: Encodable, Sendable { let transfers: [NewTransfer] }

private struct NewTransfer: Encodable, Sendable {
  let account: String
  let amount: Int64
  let currency: String
  let notes: RazorpayNotes

  init(_ request: TransferRequest) {
    account = request.account
    amount = request.amount.minor
    currency = request.amount.currency.code
    notes = RazorpayNotes(["transfer": request.key, "reference": request.reference])
  }
}

private struct NewReversal: Encodable, Sendable {
  let amount: Int64
  let notes: RazorpayNotes
}
