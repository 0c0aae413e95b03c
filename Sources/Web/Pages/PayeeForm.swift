import Commerce

/// What a provider without pages of its own wants to know of whoever is paid through it, as a form. PANs and the account's
/// number are never filled in again.
struct PayeeFormView: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  let summary: String
  let buttonText: String
  let isOpen: Bool
  let businessTypes: [Choice]
  let trades: [Choice]
  let states: [Choice]
  let businessName: String
  let contactName: String
  let email: String
  let phone: String
  let street: String
  let area: String
  let city: String
  let postalCode: String
  let gst: String
  let holder: String
  let code: String
  let hasAgreed: Bool
  let termsURL: String

  init(_ form: Form?, of provider: any PayeeForms, _ words: Words, isNew: Bool, isOpen: Bool) {
    func typed(_ name: String) -> String { form?[name] ?? "" }
    func choices(_ values: [String], _ name: String, _ group: String) -> [Choice] {
      let chosen = typed(name)
      return values.map { value in
        let key = value.split(separator: "/").last.map(String.init) ?? value
        return Choice(value: value, text: words["payee.\(group)_\(key)"], isChosen: value == chosen)
      }
    }
    summary = words[isNew ? "payee.open" : "payee.change"]
    buttonText = words[isNew ? "payee.send" : "payee.sendAgain"]
    self.isOpen = isOpen
    businessTypes = choices(PayeeDetails.businessTypes, "businessType", "type")
    trades = choices(PayeeDetails.trades, "trade", "trade")
    states = choices(PayeeDetails.states.keys.sorted(), "state", "state").sorted { $0.text < $1.text }
    businessName = typed("businessName")
    contactName = typed("contactName")
    email = typed("email")
    phone = typed("phone")
    street = typed("street")
    area = typed("area")
    city = typed("city")
    postalCode = typed("postalCode")
    gst = typed("gst")
    holder = typed("bankHolder")
    code = typed("ifsc")
    hasAgreed = !typed("terms").isEmpty
    termsURL = provider.terms
  }
}

extension PayeeDetails {
  /// As it was typed into `PayeeFormView`.
  init(_ form: Form) {
    self.init(
      businessType: form["businessType"], businessName: form["businessName"], trade: form["trade"],
      contactName: form["contactName"], email: form["email"], phone: form["phone"], street: form["street"],
      area: form["area"], city: form["city"], state: form["state"], postalCode: form["postalCode"],
      businessPAN: form["businessPAN"], ownerPAN: form["ownerPAN"], gst: form["gst"],
      bank: BankAccount(holder: form["bankHolder"], number: form["bankNumber"], code: form["ifsc"]),
      termsAccepted: form["terms"] == "yes")
  }
}

extension Words {
  /// How an account at a provider stands that takes no money yet, and a tone.
  func standing(_ state: PayeeStanding.State?) -> (String, String) {
    switch state {
    case nil, .requested, .needsClarification: (self["money.connectWaits"], "warn")
    case .underReview: (self["payee.underReview"], "")
    case .activated: (self["money.connectReady"], "")
    case .suspended: (self["payee.suspended"], "bad")
    case .rejected: (self["payee.rejected"], "bad")
    }
  }

  /// What a provider wants: which detail, and why. One that we have no word for is told in the provider's.
  func wanted(_ requirement: PayeeStanding.Requirement) -> String {
    let parts = requirement.field.split(separator: ".").map(String.init)
    let last = parts.last ?? ""
    let name =
      find("payee.field_\(parts.joined(separator: "_"))") ?? find("payee.field_\(last)")
      ?? find("payee.field_\(parts.first ?? "")") ?? requirement.field
    let why = find("payee.reason_\(requirement.reason)") ?? find("payee.reason_needs_clarification") ?? "{field}"
    return why.replacing("{field}", with: name)
  }
}
