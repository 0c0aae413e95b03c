/// Stripe Connect: separate charges and transfers (https://docs.stripe.com/connect/separate-charges-and-transfers). All
/// that buyers pay comes to the platform's account; what is a seller's is transferred to their account at Stripe when it
/// is released, and taken back when its order is refunded after that.
extension StripeProvider: PayeeAddresses {
  /// An Express account: Stripe asks for what the law of its country wants to know, and pays it out to its bank.
  public func makePayee(_ payee: Payee, country: String) async throws -> String {
    var form = StripeForm()
    form.set("type", "express")
    form.set("country", country)
    form.set("capabilities[transfers][requested]", "true")
    // Nothing else: who they are, they tell Stripe themselves.
    form.set("metadata[payee]", payee.description)
    let account: StripeNamed = try await api.post("accounts", form, key: "payee/\(payee)/\(country)")
    return account.id
  }

  public var onboardingOrigin: String? {
    settings.isStripeItself ? "https://connect.stripe.com" : settings.apiBase
  }

  public func onboarding(_ account: String, back: String) async throws -> String {
    var form = StripeForm()
    form.set("account", account)
    form.set("type", "account_onboarding")
    form.set("return_url", settings.returnURL("\(back)?connect=returned"))
    form.set("refresh_url", settings.returnURL("\(back)?connect=again"))
    // Each visit has an address of its own: a second press is no repetition of the first.
    let link: StripeLink = try await api.post(
      "account_links", form, key: "onboarding/\(account)/\(clock.now.milliseconds)")
    return link.url
  }

  public func standing(_ names: PayeeNames) async throws -> PayeeStanding {
    let found: StripeAccount = try await api.get("accounts/\(Self.segment(names.account))")
    return PayeeStanding(found.capabilities?.transfers == "active" ? .activated : .needsClarification)
  }

  /// There is none that waits: one that Stripe has made is sent.
  public func transfer(_ id: String) async throws -> ProviderTransfer {
    let found: StripeTransfer = try await api.get("transfers/\(Self.segment(id))")
    return ProviderTransfer(id: found.id, key: found.metadata?["transfer"])
  }

  public func transfer(_ request: TransferRequest) async throws -> ProviderTransfer {
    guard let units = StripeAmount.units(of: request.amount) else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Stripe has no unit for this amount.")
    }
    if isKeyForgotten(request.made) {
      var query = StripeForm()
      query.set("destination", request.account)
      query.set("transfer_group", request.reference)
      let made: StripeTransfer? = try await first(of: "transfers", query) {
        $0.metadata?["transfer"] == request.key
      }
      if let made { return ProviderTransfer(id: made.id) }
    }
    var form = StripeForm()
    form.set("amount", units)
    form.set("currency", request.amount.currency.code.lowercased())
    form.set("destination", request.account)
    form.set("transfer_group", request.reference)
    // The money of this very payment: it may be sent on before it is at the platform's disposal.
    if let payment = request.payment, let charge = try await charge(of: payment) {
      form.set("source_transaction", charge)
    }
    form.set("metadata[transfer]", request.key)
    return ProviderTransfer(id: try await post("transfers", form, key: request.key))
  }

  public func reverse(_ request: ReversalRequest) async throws -> String {
    guard let units = StripeAmount.units(of: request.amount) else {
      throw ProviderRefused(code: "amount_not_payable", sentence: "Stripe has no unit for this amount.")
    }
    let path = "transfers/\(try Self.segment(request.transfer))/reversals"
    if isKeyForgotten(request.made) {
      let made: StripeTransfer? = try await first(of: path, StripeForm()) {
        $0.metadata?["reversal"] == request.key
      }
      if let made { return made.id }
    }
    var form = StripeForm()
    form.set("amount", units)
    form.set("metadata[reversal]", request.key)
    return try await post(path, form, key: request.key)
  }

  /// The charge that a payment succeeded with.
  private func charge(of payment: String) async throws -> String? {
    let intent: StripeCharged = try await api.get("payment_intents/\(Self.segment(payment))")
    return intent.latestCharge?.id
  }

  /// Too little money on the platform's account passes: it is there in some days.
  private func post(_ path: String, _ form: StripeForm, key: String) async throws -> String {
    do {
      return (try await api.post(path, form, key: key) as StripeTransfer).id
    } catch let refused as ProviderRefused where ["balance_insufficient", "insufficient_funds"].contains(refused.code) {
      throw StripeFault(status: 400, code: refused.code)
    } catch let declined as StripeDeclined {
      throw ProviderRefused(code: declined.problem?.error.code ?? "declined", sentence: "Stripe refused it.")
    }
  }
}

/// An account link (https://docs.stripe.com/api/account_links/object).
private struct StripeLink: Decodable { let url: String }

/// A connected account, as much of it as we read (https://docs.stripe.com/api/accounts/object).
private struct StripeAccount: Decodable {
  struct Capabilities: Decodable { let transfers: String? }

  let capabilities: Capabilities?
}

/// A transfer or a reversal of one (https://docs.stripe.com/api/transfers/object).
struct StripeTransfer: StripeItem {
  let id: String
  let metadata: [String: String]?
}

/// A PaymentIntent's charge.
private struct StripeCharged: Decodable {
  /// Told by its id, or in full.
  struct Charge: Decodable {
    let id: String

    private enum CodingKeys: String, CodingKey { case id }

    init(from decoder: any Decoder) throws {
      if let id = try? decoder.singleValueContainer().decode(String.self) {
        self.id = id
      } else {
        id = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .id)
      }
    }
  }

  let latestCharge: Charge?

  enum CodingKeys: String, CodingKey { case latestCharge = "latest_charge" }
}
