import Store

/// What became of a file of products.
public struct ImportReport: Sendable, Equatable, Codable {
  public internal(set) var made = 0
  /// Those imported from a file before, by their handle.
  public internal(set) var changed = 0
  /// In the order of the file; a product with several rows that are wrong is here with each of them.
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

  /// A row of a product that was not imported, and why.
  public struct Refused: Error, Sendable, Equatable, Codable {
    /// The line of the file, from 1.
    public let line: Int
    public let handle: String
    /// A stable word for what is wrong.
    public let code: String
    /// What stands there and should not; empty where something is missing.
    public let value: String
    public let why: String

    init(line: Int, handle: String, code: String, value: String = "", why: String) {
      self.line = line
      self.handle = handle
      self.code = code
      self.value = value
      self.why = why
    }
  }
}

extension Commerce {
  /// Imports a product export of Shopify's at once, with its prices in `market`. For the channel's owners. A large file
  /// is better begun with `startImport`, which shows what would change, and survives a restart.
  ///
  /// Each product is imported on its own: one that is refused is named in the report, with its lines and why, and the
  /// others are imported. A product that came from a file before, with the same handle, is changed to what the file says
  /// now, and its prices in other markets stay; so a file may be mended and imported again.
  ///
  /// Throws `CSVRefusal` for a file that cannot be read, and `GeneralRefusal`.
  public func importProducts(
    by caller: Caller, channel: ID<Channel>, csv: [UInt8], market code: String
  ) async throws -> ImportReport {
    let market = try await importMarket(code, by: caller, channel: channel)
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
        case .refused(let refused): report.refused += refused.rows
        }
      }
    }
    return report
  }

  /// The market a file's prices are in. Throws unless the caller may import into the channel.
  func importMarket(_ code: String, by caller: Caller, channel: ID<Channel>) async throws -> Market {
    try await database.read { db in
      try Membership.require(.everything, of: channel, by: caller, in: db)
      guard let market = try Market.find(code, in: db) else {
        throw GeneralRefusal.invalid(field: "market", why: "must be the code of a market of this installation")
      }
      return market
    }
  }

  private func importProduct(
    _ entry: ShopifyFile.Entry, by caller: Caller, channel: ID<Channel>, market: String
  ) async throws -> ImportOutcome {
    do {
      let draft = try entry.draft.get()
      return try await writeAndTell { [policy] db in
        let account = try Membership.require(.everything, of: channel, by: caller, in: db)
        let occasion = occasion(by: account, note: "import")
        if let product = try Product.imported([entry.handle], of: channel, in: db)[entry.handle] {
          _ = try draft.fitted(to: product, market: market).change(product, on: occasion, db: db)
          return .changed(product.id)
        }
        try Product.requireRoom(in: channel, policy, db: db)
        let id = ID<Product>(at: occasion.at, entropy: occasion.entropy)
        _ = try draft.make(
          id, in: channel, importHandle: entry.handle,
          fingerprint: try MadeHash.of(draft, by: caller, for: channel.description), on: occasion, db: db)
        return .made(id)
      }
    } catch let refused as RefusedRows {
      return .refused(refused)
    } catch let refusal as any Refusal {
      return .refused(RefusedRows(refusal, line: entry.line, handle: entry.handle))
    }
  }
}

private enum ImportOutcome: Sendable {
  case made(ID<Product>)
  case changed(ID<Product>)
  case refused(RefusedRows)
}

extension ShopifyFile.Entry {
  fileprivate func named(of product: ID<Product>) -> [ImportReport.NamedPicture] {
    pictures.map { .init(product: product, handle: handle, address: $0.address, alt: $0.alt) }
  }
}
