import Store

/// What became of a file of products.
public struct ImportReport: Sendable, Equatable, Codable {
  public internal(set) var made = 0
  /// Those imported from a file before, by their handle.
  public internal(set) var changed = 0
  /// In the order of the file.
  public internal(set) var refused: [Refused] = []
  /// Pictures that the file names by address. They are not fetched; whoever has them adds them.
  public internal(set) var pictures: [NamedPicture] = []

  /// A picture of an imported product as the file names it.
  public struct NamedPicture: Sendable, Equatable, Codable {
    public let product: ID<Product>
    public let handle: String
    public let address: String
    public let alt: String
  }

  /// A product that was not imported, and why.
  public struct Refused: Error, Sendable, Equatable, Codable {
    /// The line of the file, from 1.
    public let line: Int
    public let handle: String
    public let why: String
  }
}

extension Commerce {
  /// Imports a product export of Shopify's, with its prices in `market`. For the channel's owners.
  ///
  /// Each product is imported on its own: one that is refused is named in the report, with its line and why, and the
  /// others are imported. A product that came from a file before, with the same handle, is changed to what the file says
  /// now, and its prices in other markets stay; so a file may be mended and imported again.
  ///
  /// Throws `CSVRefusal` for a file that cannot be read, and `GeneralRefusal`.
  public func importProducts(
    by caller: Caller, channel: ID<Channel>, csv: [UInt8], market code: String
  ) async throws -> ImportReport {
    let market = try await database.read { db in
      try Membership.require(.everything, of: channel, by: caller, in: db)
      guard let market = try Market.find(code, in: db) else {
        throw GeneralRefusal.invalid(field: "market", why: "must be the code of a market of this installation")
      }
      return market
    }
    let file = try ShopifyFile(csv, market: market, policy: policy)
    var report = ImportReport()
    // A few at a time: they share a commit then, and leave room for others.
    for start in stride(from: 0, to: file.entries.count, by: 32) {
      try Task.checkCancellation()
      let part = file.entries[start..<min(start + 32, file.entries.count)]
      let outcomes = try await withThrowingTaskGroup(of: (Int, ImportOutcome).self) { group in
        for (place, entry) in part.enumerated() {
          group.addTask { (place, try await importProduct(entry, by: caller, channel: channel, market: code)) }
        }
        return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
      }
      for (entry, outcome) in zip(part, outcomes) {
        switch outcome {
        case .made(let product):
          report.made += 1
          report.pictures += entry.named(of: product)
        case .changed(let product):
          report.changed += 1
          report.pictures += entry.named(of: product)
        case .refused(let refused): report.refused.append(refused)
        }
      }
    }
    return report
  }

  private func importProduct(
    _ entry: ShopifyFile.Entry, by caller: Caller, channel: ID<Channel>, market: String
  ) async throws -> ImportOutcome {
    do {
      let draft = try entry.draft.get()
      return try await writeAndTell { [policy] db in
        let account = try Membership.require(.everything, of: channel, by: caller, in: db)
        let occasion = occasion(by: account, note: "import")
        let row = try db.row(
          "SELECT id FROM product WHERE channel_id = \(channel) AND import_handle = \(entry.handle)")
        if let row {
          let product = try Product.require(row.get("id"), in: db)
          _ = try draft.keepingPrices(of: product, except: market).change(product, on: occasion, db: db)
          return .changed(product.id)
        }
        try Product.requireRoom(in: channel, policy, db: db)
        let id = ID<Product>(at: occasion.at, entropy: occasion.entropy)
        _ = try draft.make(
          id, in: channel, importHandle: entry.handle,
          fingerprint: try MadeHash.of(draft, by: caller, for: channel.description), on: occasion, db: db)
        return .made(id)
      }
    } catch let refused as ImportReport.Refused {
      return .refused(refused)
    } catch let refusal as any Refusal {
      return .refused(.init(line: entry.line, handle: entry.handle, why: refusal.sentence))
    }
  }
}

private enum ImportOutcome: Sendable {
  case made(ID<Product>)
  case changed(ID<Product>)
  case refused(ImportReport.Refused)
}

extension ShopifyFile.Entry {
  fileprivate func named(of product: ID<Product>) -> [ImportReport.NamedPicture] {
    pictures.map { .init(product: product, handle: handle, address: $0.address, alt: $0.alt) }
  }
}

extension ProductDraft {
  /// The draft with the prices that the product's variants have in other markets than the file's.
  fileprivate func keepingPrices(of product: Product, except market: String) -> ProductDraft {
    var draft = self
    for place in draft.variants.indices {
      let options = draft.variants[place].optionValues
      guard let variant = product.variants.first(where: { $0.options == options }) else { continue }
      for (code, price) in variant.prices where code != market { draft.variants[place].prices[code] = price.minor }
      for (code, amount) in variant.compareAt where code != market {
        draft.variants[place].compareAt[code] = amount.minor
      }
    }
    return draft
  }
}
