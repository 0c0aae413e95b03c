import Commerce

/// A show's numbers as its control room and its report show them.
struct NumbersView: Sendable {
  struct Figure: Sendable {
    let key: String
    let name: String
    let text: String
    let hint: String?
  }

  struct TakingsView: Sendable {
    let currency: String
    let grossText: String
    let cancelledText: String
    let refundedText: String
    let netText: String
    let shippingText: String
  }

  struct ProductView: Sendable {
    let title: String
    let url: String
    let tapsText: String
    let bagAddsText: String
    let ordersText: String
    let unitsText: String
    let grossText: String
    let backText: String
  }

  struct SourceView: Sendable {
    let name: String
    let tapsText: String
    let bagAddsText: String
    let ordersText: String
    let grossText: String
  }

  let figures: [Figure]
  let takings: [TakingsView]
  let hasTakings: Bool
  let products: [ProductView]
  let hasProducts: Bool
  let sources: [SourceView]
  let hasSources: Bool
  let chart: ShowChart?

  /// - Parameter now: how many watch; nil once the show is over.
  init(_ report: ShowReport, now: Int?, _ words: Words) {
    func figure(_ key: String, _ text: String, hint: String? = nil) -> Figure {
      Figure(key: key, name: words["numbers.\(key)"], text: text, hint: hint)
    }
    func figure(_ key: String, _ count: Int64, hint: String? = nil) -> Figure {
      figure(key, Figures.grouped(count), hint: hint)
    }
    let minutes = Figures.grouped(report.attendance.watchedMilliseconds / 60_000)
    figures =
      (now.map { [figure("viewersNow", Int64($0))] } ?? []) + [
        figure("viewers", report.viewers, hint: words["audience.minutes", ["minutes": minutes]]),
        figure("peak", report.attendance.peak), figure("messages", report.messages),
        figure("taps", report.interest.taps), figure("bagAdds", report.interest.bagAdds),
        figure(
          "orders", report.orders,
          hint: report.waiting > 0 ? words.plural("numbers.waitingCount", report.waiting) : nil),
        figure("sold", Self.sum(report.takings, words)),
        figure(
          "conversion", Self.percent(report.conversionBasisPoints),
          hint: words.plural("numbers.buyerCount", report.buyersOnAir)),
      ]
    takings = zip(report.takings, report.shipping).map { sum, shipping in
      TakingsView(
        currency: sum.currency.code, grossText: words.money(sum.gross), cancelledText: Self.minus(sum.cancelled, words),
        refundedText: Self.minus(sum.refunded, words), netText: words.money(sum.net),
        shippingText: words.money(shipping.gross))
    }
    hasTakings = !takings.isEmpty
    products = report.products.map { product in
      ProductView(
        title: product.title, url: "/products/\(product.product)", tapsText: Figures.grouped(product.interest.taps),
        bagAddsText: Figures.grouped(product.interest.bagAdds), ordersText: Figures.grouped(product.orders),
        unitsText: Figures.grouped(product.units), grossText: Self.sum(product.takings, words),
        backText: Self.back(product.takings, words))
    }
    hasProducts = !products.isEmpty
    sources = report.sources.map { source in
      SourceView(
        name: words["numbers.way_\(source.way.rawValue)"], tapsText: Figures.grouped(source.interest.taps),
        bagAddsText: Figures.grouped(source.interest.bagAdds), ordersText: Figures.grouped(source.orders),
        grossText: Self.sum(source.takings, words))
    }
    hasSources = !sources.isEmpty
    chart = ShowChart(report, words)
  }

  static func sum(_ takings: [ShowReport.Takings], _ words: Words) -> String {
    let sums = takings.filter { $0.grossMinor != 0 }
    return sums.isEmpty ? "–" : sums.map { words.money($0.gross) }.joined(separator: " + ")
  }

  /// What went back, for whatever reason.
  private static func back(_ takings: [ShowReport.Takings], _ words: Words) -> String {
    let sums = takings.map { Money(minor: $0.grossMinor - $0.net.minor, currency: $0.currency) }
      .filter { $0.minor != 0 }
    return sums.isEmpty ? "–" : sums.map { minus($0, words) }.joined(separator: " ")
  }

  private static func minus(_ amount: Money, _ words: Words) -> String {
    amount.minor == 0 ? "–" : "−" + words.money(amount)
  }

  /// `3.2 %`; a dash where there is nothing to compare with.
  static func percent(_ basisPoints: Int64?) -> String {
    guard let basisPoints else { return "–" }
    // Hundredths say more than is known.
    let tenths = (basisPoints + 5) / 10
    return "\(tenths / 10)\(tenths % 10 == 0 ? "" : ".\(tenths % 10)")\u{A0}%"
  }
}
