import Commerce

/// The tax at one rate: `Including 18 % tax`, or `18 % tax` where it was added.
struct TaxView: Sendable {
  let name: String
  let amountText: String

  static func all(_ taxes: [TaxSum], isAdded: Bool, _ words: Words) -> [TaxView] {
    taxes.map { tax in
      TaxView(
        name: words[isAdded ? "checkout.taxAdded" : "checkout.taxIncluded", ["rate": Figures.percent(tax.rate)]],
        amountText: words.money(tax.amount))
    }
  }
}
