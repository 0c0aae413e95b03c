import Store

extension ProductDraft {
  /// The draft with its texts cleaned. Throws `GeneralRefusal.invalid`, naming the field (`variants[2].prices.IN`) and
  /// the limit.
  func checked(_ policy: Policy) throws -> ProductDraft {
    guard options.count <= policy.optionsPerProductMax else {
      throw GeneralRefusal.invalid(field: "options", why: "must be at most \(policy.optionsPerProductMax)")
    }
    guard (1...policy.variantsPerProductMax).contains(variants.count) else {
      throw GeneralRefusal.invalid(field: "variants", why: "must be 1 to \(policy.variantsPerProductMax)")
    }
    var draft = self
    draft.title = try policy.text(title, "title", max: policy.titleCharactersMax)
    draft.description = try policy.text(
      description, "description", max: policy.descriptionCharactersMax, required: false, lines: true)
    draft.category = try category.map { try policy.category($0) }
    draft.options = try options.enumerated().map { place, name in
      try policy.text(name, "options[\(place)]", max: policy.optionCharactersMax)
    }
    guard Set(draft.options).count == options.count else {
      throw GeneralRefusal.invalid(field: "options", why: "must have different names")
    }
    draft.limits = try limits?.checked("limits", policy)
    draft.taxClass = try taxClass.map { try policy.taxClass($0, "taxClass") }
    draft.variants = try variants.enumerated().map { place, variant in
      try variant.checked("variants[\(place)]", options: options.count, policy)
    }
    try draft.requireDifferentVariants()
    return draft
  }

  private func requireDifferentVariants() throws {
    var seen: Set<[String]> = []
    for (place, variant) in variants.enumerated() where !seen.insert(variant.optionValues).inserted {
      let why = options.isEmpty ? "needs an option to tell it from the others" : "is the same choice as another"
      throw GeneralRefusal.invalid(field: "variants[\(place)].optionValues", why: why)
    }
    let ids = variants.compactMap(\.id)
    guard Set(ids).count == ids.count else {
      throw GeneralRefusal.invalid(field: "variants", why: "must each have another id")
    }
  }
}

extension VariantDraft {
  fileprivate func checked(_ field: String, options: Int, _ policy: Policy) throws -> VariantDraft {
    guard optionValues.count == options else {
      throw GeneralRefusal.invalid(
        field: "\(field).optionValues", why: "must be \(options), one for each option of the product")
    }
    var draft = self
    draft.sku = try policy.text(sku, "\(field).sku", max: policy.skuCharactersMax, required: false)
    draft.optionValues = try optionValues.enumerated().map { place, value in
      try policy.text(value, "\(field).optionValues[\(place)]", max: policy.optionCharactersMax)
    }
    guard prices.count <= policy.marketsMax, compareAt.count <= policy.marketsMax else {
      throw GeneralRefusal.invalid(field: "\(field).prices", why: "must be at most \(policy.marketsMax)")
    }
    for (market, price) in prices where !(1...Money.minorMax).contains(price) {
      throw GeneralRefusal.invalid(
        field: "\(field).prices.\(market.prefix(8))", why: "must be between 1 and \(Money.minorMax) minor units")
    }
    for (market, amount) in compareAt {
      guard let price = prices[market], amount > price, amount <= Money.minorMax else {
        throw GeneralRefusal.invalid(
          field: "\(field).compareAt.\(market.prefix(8))",
          why: "must be above the price in that market, and at most \(Money.minorMax) minor units")
      }
    }
    if let onHand, !(0...policy.onHandMax).contains(onHand) {
      throw GeneralRefusal.invalid(field: "\(field).onHand", why: "must be between 0 and \(policy.onHandMax)")
    }
    draft.limits = try limits?.checked("\(field).limits", policy)
    if let grams, !(0...policy.parcelGramsMax).contains(grams) {
      throw GeneralRefusal.invalid(
        field: "\(field).weightGrams", why: "must be between 0 and \(policy.parcelGramsMax) grams")
    }
    return draft
  }
}
