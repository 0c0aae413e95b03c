import Foundation
import Synchronization
import TestKit

/// Route as its documentation shows it (razorpay.com/docs/api/payments/route); nothing of it was ever recorded from
/// Razorpay itself. It takes what the documentation takes, and refuses with the documentation's texts what that says is
/// refused: a second account of one e-mail address, a PAN or an IFSC of another form, a name with signs, what is changed
/// while it is looked at, a transfer of a refunded payment or of more than there is.
extension RazorpayStandIn {
  struct Route {
    var accounts: [JSON] = []
    /// By account.
    var stakeholders: [String: [JSON]] = [:]
    var products: [String: JSON] = [:]
    /// By account: what is asked for when the bank account is given.
    var answer: (status: String, requirements: [JSON]) = ("activated", [])
    var transfers: [JSON] = []
    var reversals: [JSON] = []
    var keys: [String: JSON] = [:]
    var transferStatus = "processed"
    /// Razorpay's own fee of a payment, in paise.
    var fee = 0.0
    /// What is left on the platform's balance; nil for enough.
    var balance: Double?
    /// Whether the linked accounts have been settled to their banks.
    var isSettled = false
    var areDirectTransfersOn = true
    /// How a product answers a question, if not as it stands.
    var isSilent = false
  }

  var accounts: [JSON] { state.withLock { $0.route.accounts } }
  var stakeholders: [JSON] { state.withLock { $0.route.stakeholders.values.flatMap { $0 } } }
  var transfers: [JSON] { state.withLock { $0.route.transfers } }
  var reversals: [JSON] { state.withLock { $0.route.reversals } }
  var products: [JSON] { state.withLock { Array($0.route.products.values) } }

  func change(_ body: @Sendable (inout Route) -> Void) { state.withLock { body(&$0.route) } }

  /// What Razorpay makes of an account's details, from now on and for those there are.
  func judge(_ status: String, _ requirements: [(field: String, reason: String)] = []) {
    state.withLock { state in
      let wanted: [JSON] = requirements.map { field, reason in
        [
          "field_reference": .string(field), "resolution_url": "/accounts/acc_QTzf1oMb6lfvIL/products/acc_prd_QTzg",
          "reason_code": .string(reason), "status": "required",
        ]
      }
      state.route.answer = (status, wanted)
      for account in state.route.products.keys {
        state.route.products[account]?["activation_status"] = .string(status)
        state.route.products[account]?["requirements"] = .array(wanted)
      }
    }
  }

  /// What becomes of a transfer that was pending.
  func end(transfer id: String, as status: String, reason: String? = nil) {
    state.withLock { state in
      guard let place = state.route.transfers.firstIndex(where: { $0["id"].string == id }) else { return }
      state.route.transfers[place]["status"] = .string(status)
      if status == "processed" { state.route.transfers[place]["processed_at"] = .number(Double(self.seconds)) }
      if let reason { state.route.transfers[place]["error"]["reason"] = .string(reason) }
    }
  }

  func answer(ofRoute asked: Asked, _ parts: [String], _ state: inout State) -> (Int, JSON) {
    switch (asked.method, parts.first, parts.count) {
    case ("GET", "payments", _):
      return list(state.route.transfers.filter { $0["source"].string == parts[1] }, asked)
    case ("POST", "payments", _): return transfer(of: parts[1], asked, &state)
    case ("POST", "transfers", 1): return transferDirectly(asked, &state)
    case ("GET", "transfers", 2):
      return state.route.transfers.first { $0["id"].string == parts[1] }.map { (200, $0) } ?? missing
    case ("GET", "transfers", 3):
      return list(state.route.reversals.filter { $0["transfer_id"].string == parts[1] }, asked)
    case ("POST", "transfers", 3): return reverse(parts[1], asked, &state)
    case ("POST", "accounts", 1): return makeAccount(asked.body, &state)
    default: break
    }
    guard parts.count > 1, let place = state.route.accounts.firstIndex(where: { $0["id"].string == parts[1] }) else {
      return Self.error("Linked account does not exist", reason: "linked_account_id_does_not_exist")
    }
    let isLocked = state.route.products[parts[1]]?["activation_status"] == "under_review"
    if asked.method == "PATCH", isLocked {
      return Self.error("Merchant activation form has been locked for editing by admin.")
    }
    switch (asked.method, parts.dropFirst(2).first, parts.count) {
    case ("GET", nil, _): return (200, state.route.accounts[place])
    case ("PATCH", nil, _):
      guard asked.body["email"] == .null, asked.body["business_type"] == .null else {
        return Self.error("email is/are not required and should not be sent")
      }
      if let fault = Self.fault(ofAccount: asked.body) { return Self.error(fault) }
      for name in ["phone", "legal_business_name", "contact_name", "profile", "legal_info"]
      where asked.body[name] != .null {
        state.route.accounts[place][name] = asked.body[name]
      }
      return (200, state.route.accounts[place])
    case ("GET", "stakeholders", 3): return list(state.route.stakeholders[parts[1]] ?? [], asked)
    case ("POST", "stakeholders", 3): return tellStakeholder(parts[1], nil, asked.body, &state)
    case ("PATCH", "stakeholders", 4): return tellStakeholder(parts[1], parts[3], asked.body, &state)
    case ("POST", "products", 3): return makeProduct(parts[1], asked.body, &state)
    case ("GET", "products", 4), ("PATCH", "products", 4):
      guard let product = state.route.products[parts[1]], product["id"].string == parts[3], !state.route.isSilent else {
        return state.route.isSilent
          ? (503, .null) : Self.error("The provided product config id doesn't exist for the merchant", reason: "NA")
      }
      return asked.method == "GET" ? (200, product) : settle(parts[1], asked.body, &state)
    default: return missing
    }
  }

  private static func matches(_ text: JSON, _ pattern: String) -> Bool {
    text.string?.range(of: "^(?:\(pattern))$", options: .regularExpression) != nil
  }

  private static func fault(ofAccount body: JSON) -> String? {
    let address = body["profile"]["addresses"]["registered"]
    if !matches(body["phone"], "[0-9+]{8,15}") { return "The phone format is invalid." }
    if !matches(body["legal_business_name"], ".{4,200}") {
      return "The legal business name must be at least 4 characters."
    }
    if !matches(body["contact_name"], "[A-Za-z ]{4,255}") {
      return "The contact name may only contain alphabets and spaces"
    }
    if body["profile"]["category"].string?.isEmpty ?? true || body["profile"]["subcategory"].string?.isEmpty ?? true {
      return "Invalid business subcategory for business category"
    }
    for field in ["street1", "street2", "city", "state", "postal_code", "country"]
    where address[field].string?.isEmpty ?? true {
      return "The \(field) field is required."
    }
    if !matches(address["postal_code"], "[0-9]{6}") { return "The postal code must be 6 characters." }
    if body["legal_info"]["pan"] != .null, !matches(body["legal_info"]["pan"], "[A-Z]{3}[CHFATBJGL][A-Z][0-9]{4}[A-Z]")
    {
      return "The pan format is invalid."
    }
    if body["legal_info"]["gst"] != .null,
      !matches(body["legal_info"]["gst"], "[0123][0-9][A-Z]{5}[0-9]{4}[A-Z][0-9][A-Z0-9][A-Z0-9]")
    {
      return "The gst format is invalid."
    }
    return nil
  }

  private func makeAccount(_ body: JSON, _ state: inout State) -> (Int, JSON) {
    guard body["type"] == "route" else { return Self.error("Invalid type: \(body["type"].string ?? "")") }
    guard body["reference_id"] == .null else {
      return Self.error("Route code Support feature not enabled to add account code.")
    }
    let types = [
      "llp", "ngo", "other", "individual", "partnership", "proprietorship", "public_limited", "private_limited",
      "trust",
      "society", "not_yet_registered", "educational_institutes",
    ]
    guard types.contains(body["business_type"].string ?? "") else { return Self.error("Invalid business type: xyz") }
    guard let email = body["email"].string, email.contains("@") else {
      return Self.error("The email field is required.")
    }
    if let fault = Self.fault(ofAccount: body) { return Self.error(fault) }
    if let known = state.route.accounts.first(where: { $0["email"].string == email }) {
      return Self.error("Merchant email already exists for account - \((known["id"].string ?? "").dropFirst(4))")
    }
    state.count += 1
    var account = body
    account["id"] = .string("acc_GRWKk7qQsLnD\(state.count)")
    account["status"] = "created"
    account["customer_facing_business_name"] = body["legal_business_name"]
    account["created_at"] = .number(Double(seconds))
    state.route.accounts.append(account)
    return (200, account)
  }

  private func tellStakeholder(
    _ account: String, _ id: String?, _ body: JSON, _ state: inout State
  ) -> (Int, JSON) {
    guard body["name"].string?.isEmpty == false, body["email"].string?.isEmpty == false else {
      return Self.error("The name field is required.")
    }
    if body["kyc"]["pan"] != .null, !Self.matches(body["kyc"]["pan"], "[A-Z]{3}P[A-Z][0-9]{4}[A-Z]") {
      return Self.error("The pan format is invalid.")
    }
    var person = body
    person["entity"] = "stakeholder"
    person["notes"] = []
    if let id {
      guard let place = state.route.stakeholders[account]?.firstIndex(where: { $0["id"].string == id }) else {
        return missing
      }
      person["id"] = .string(id)
      state.route.stakeholders[account]?[place] = person
    } else {
      state.count += 1
      person["id"] = .string("sth_GLGgm8fFCK\(state.count)")
      state.route.stakeholders[account, default: []].append(person)
    }
    return (200, person)
  }

  private func makeProduct(_ account: String, _ body: JSON, _ state: inout State) -> (Int, JSON) {
    guard body["product_name"] == "route" else { return Self.error("The product requested is invalid.") }
    guard body["tnc_accepted"] == true else { return Self.error("The selected tnc accepted is invalid.") }
    if let known = state.route.products[account] { return (200, known) }
    state.count += 1
    let id = "acc_prd_K1eopFF8G2\(state.count)"
    let wanted: [JSON] = ["beneficiary_name", "account_number", "ifsc_code"].map { field in
      [
        "field_reference": .string("settlements.\(field)"),
        "resolution_url": .string("/accounts/\(account)/products/\(id)"), "reason_code": "field_missing",
        "status": "required",
      ]
    }
    let product: JSON = [
      "requested_configuration": [],
      "active_configuration": [
        "settlements": ["account_number": .null, "ifsc_code": .null, "beneficiary_name": .null]
      ],
      "requirements": .array(wanted),
      "tnc": ["id": "tnc_K1eopApuHyBE7D", "accepted": true, "accepted_at": .number(Double(seconds))],
      "id": .string(id), "product_name": "route", "activation_status": "needs_clarification",
      "account_id": .string(account), "requested_at": .number(Double(seconds)),
    ]
    state.route.products[account] = product
    return (200, product)
  }

  private func settle(_ account: String, _ body: JSON, _ state: inout State) -> (Int, JSON) {
    let bank = body["settlements"]
    guard Self.matches(bank["ifsc_code"], "[A-Z]{4}0[A-Z0-9]{6}") else { return Self.error("Invalid IFSC Code") }
    guard Self.matches(bank["account_number"], "[A-Z0-9]{5,35}") else {
      return Self.error("The bank account number must be between 5 and 35 characters")
    }
    guard Self.matches(bank["beneficiary_name"], "[A-Za-z0-9 ]{1,120}") else {
      return Self.error("The name may only contain alphabets, digits and spaces")
    }
    guard var product = state.route.products[account] else { return missing }
    product["active_configuration"] = ["settlements": bank]
    product["activation_status"] = .string(state.route.answer.status)
    product["requirements"] = .array(state.route.answer.requirements)
    state.route.products[account] = product
    return (200, product)
  }

  private func transfer(of payment: String, _ asked: Asked, _ state: inout State) -> (Int, JSON) {
    let paid = state.payments.values.joined().first { $0["id"].string == payment && $0["captured"] == true }
    guard let paid, let captured = paid["amount"].number else { return missing }
    guard paid["amount_refunded"].number ?? 0 == 0 else {
      return Self.error("Transfer is not allowed on a payment that is refunded")
    }
    let wanted = asked.body["transfers"].array
    let gone = state.route.transfers.filter { $0["source"].string == payment && $0["status"] != "failed" }
      .reduce(0) { $0 + ($1["amount"].number ?? 0) }
    let sum = wanted.reduce(0) { $0 + ($1["amount"].number ?? 0) }
    guard gone + sum + state.route.fee <= captured else {
      return Self.error("The sum of amount requested for transfer is greater than the captured amount")
    }
    var made: [JSON] = []
    for (place, one) in wanted.enumerated() {
      let (status, answer) = make(one, from: payment, "transfers.\(place).", &state)
      guard status == 200 else { return (status, answer) }
      made.append(answer)
    }
    return (200, ["entity": "collection", "count": .number(Double(made.count)), "items": .array(made)])
  }

  private func transferDirectly(_ asked: Asked, _ state: inout State) -> (Int, JSON) {
    guard let key = asked.headers["X-Transfer-Idempotency"], (4...36).contains(key.count) else {
      return Self.error("The idempotency key is invalid")
    }
    // What was done stays done, whatever was turned off since.
    if let known = state.route.keys[key] { return (200, known) }
    guard state.route.areDirectTransfersOn else {
      return Self.error("The requested URL was not found on the server.", reason: "NA")
    }
    let (status, answer) = make(asked.body, from: "acc_CJoeHMNpi0nC7k", "", &state)
    if status == 200 { state.route.keys[key] = answer }
    return (status, answer)
  }

  private func make(_ body: JSON, from source: String, _ prefix: String, _ state: inout State) -> (Int, JSON) {
    guard let amount = body["amount"].number, amount >= 100 else {
      return Self.error("The \(prefix)amount must be at least 100.")
    }
    guard let account = body["account"].string, state.route.accounts.contains(where: { $0["id"].string == account })
    else { return Self.error("input is an invalid account_code.") }
    guard state.route.products[account]?["activation_status"] == "activated" else {
      return Self.error("The linked account is not activated", reason: "linked_account_not_activated")
    }
    if let balance = state.route.balance, balance < amount {
      return Self.error("Transfer cannot be made due to insufficient balance")
    }
    state.count += 1
    let id = "trf_JJD535tJtk6\(state.count)"
    let isDone = state.route.transferStatus == "processed"
    let transfer: JSON = [
      "id": .string(id), "entity": "transfer", "status": .string(state.route.transferStatus), "source": .string(source),
      "recipient": .string(account), "amount": .number(amount), "currency": body["currency"], "amount_reversed": 0,
      "notes": body["notes"], "linked_account_notes": [], "on_hold": false, "on_hold_until": .null,
      "recipient_settlement_id": .null, "created_at": .number(Double(seconds)),
      "processed_at": isDone ? .number(Double(seconds)) : .null,
      "error": [
        "code": .null, "description": .null, "reason": .null, "field": .null, "step": .null, "id": .string(id),
        "source": .null, "metadata": .null,
      ],
    ]
    state.route.transfers.insert(transfer, at: 0)
    return (200, transfer)
  }

  private func reverse(_ id: String, _ asked: Asked, _ state: inout State) -> (Int, JSON) {
    guard let place = state.route.transfers.firstIndex(where: { $0["id"].string == id }),
      let whole = state.route.transfers[place]["amount"].number
    else { return Self.error("transfer_id is not a valid id") }
    let gone = state.route.transfers[place]["amount_reversed"].number ?? 0
    guard let amount = asked.body["amount"].number, amount >= 100 else {
      return Self.error("The amount must be at least INR 1.00")
    }
    guard gone + amount <= whole else {
      return Self.error("The amount is greater than what is left of the transfer")
    }
    guard !state.route.isSettled else {
      return Self.error("The linked account does not have sufficient balance to process reversal.")
    }
    state.count += 1
    state.route.transfers[place]["amount_reversed"] = .number(gone + amount)
    state.route.transfers[place]["status"] = gone + amount == whole ? "reversed" : "partially_reversed"
    let reversal: JSON = [
      "id": .string("rvrsl_EB0BWgGDAu\(state.count)"), "entity": "reversal", "transfer_id": .string(id),
      "amount": .number(amount), "fee": 0, "tax": 0, "currency": "INR", "notes": asked.body["notes"],
      "initiator_id": "CJoeHMNpi0nC7k", "customer_refund_id": .null, "utr": .null,
      "created_at": .number(Double(seconds)),
    ]
    state.route.reversals.insert(reversal, at: 0)
    return (200, reversal)
  }
}
