/// A report as a table for spreadsheets (CSV, RFC 4180). Amounts are decimal numbers in the currency's own units; what
/// people wrote never begins like a formula.
extension ShowReport {
  public enum File: String, Sendable, Codable, CaseIterable {
    /// One row for each minute, product and currency.
    case minutes
    /// What it comes to, in all, by product and by source.
    case totals
  }

  public func file(_ which: File) -> [UInt8] {
    switch which {
    case .minutes: minutesFile
    case .totals: totalsFile
    }
  }

  /// A `minute` row has what is of no product; `product` rows and `shipping` rows have all the money.
  private var minutesFile: [UInt8] {
    var file = CSVWriter()
    file.add([
      "kind", "minute", "at", "viewers", "messages", "product_id", "product", "taps", "bag_adds", "orders", "units",
      "currency", "gross",
    ])
    let titles = Dictionary(products.map { ($0.product, $0.title) }) { first, _ in first }
    for step in steps {
      let at = step.minute.flatMap { minute in
        show.startedAt.map { $0.adding(milliseconds: minute * 60_000).description }
      }
      let place = [step.minute.map { "\($0)" } ?? "", at ?? ""]
      file.add(
        ["minute"] + place + ["\(step.viewers)", "\(step.messages)", "", "", "", "", "\(step.orders)", "", "", ""])
      for product in step.products {
        let name = ["", "", "\(product.product)", CSVWriter.harmless(titles[product.product] ?? "")]
        // Said once, however many currencies it was sold in.
        let counts = [product.interest.taps, product.interest.bagAdds, product.orders, product.units].map { "\($0)" }
        if product.gross.isEmpty { file.add(["product"] + place + name + counts + ["", ""]) }
        for (index, gross) in product.gross.enumerated() {
          file.add(
            ["product"] + place + name + (index == 0 ? counts : ["", "", "", ""])
              + [gross.currency.code, gross.plainNumber])
        }
      }
      for shipping in step.shipping where shipping.minor != 0 {
        file.add(
          ["shipping"] + place + ["", "", "", "", "", "", "", "", shipping.currency.code, shipping.plainNumber])
      }
    }
    return file.bytes
  }

  private var totalsFile: [UInt8] {
    var file = CSVWriter()
    file.add([
      "kind", "id", "name", "value", "taps", "bag_adds", "orders", "units", "currency", "gross", "cancelled",
      "refunded",
      "net",
    ])
    func count(_ kind: String, _ value: Int64?) {
      file.add([kind, "", "", value.map { "\($0)" } ?? ""] + Array(repeating: "", count: 9))
    }
    count("viewers", viewers)
    count("viewers_peak", attendance.peak)
    count("watched_seconds", attendance.watchedMilliseconds / 1000)
    count("messages", messages)
    count("buyers", buyers)
    count("buyers_on_air", buyersOnAir)
    count("conversion_basis_points", conversionBasisPoints)
    count("orders_waiting", waiting)
    count("orders_lapsed", lapsed)
    func money(_ head: [String], _ counts: [String], _ takings: [Takings]) {
      if takings.isEmpty { file.add(head + [""] + counts + ["", "", "", "", ""]) }
      for (index, sum) in takings.enumerated() {
        file.add(
          head + [""] + (index == 0 ? counts : Array(repeating: "", count: 4)) + [sum.currency.code]
            + [sum.gross, sum.cancelled, sum.refunded, sum.net].map(\.plainNumber))
      }
    }
    money(["total", "", ""], [interest.taps, interest.bagAdds, orders].map { "\($0)" } + [""], takings)
    money(["shipping", "", ""], ["", "", "", ""], shipping)
    for product in products {
      money(
        ["product", "\(product.product)", CSVWriter.harmless(product.title)],
        [product.interest.taps, product.interest.bagAdds, product.orders, product.units].map { "\($0)" },
        product.takings)
    }
    for source in sources {
      money(
        ["source", source.way.rawValue, ""],
        [source.interest.taps, source.interest.bagAdds, source.orders].map { "\($0)" } + [""], source.takings)
    }
    return file.bytes
  }
}
