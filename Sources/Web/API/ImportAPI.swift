import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Product files: sent, compared with the catalogue, confirmed, imported.
enum ImportAPI {
  struct ImportAnswer: Codable, Described {
    let id: ID<ImportJob>
    let channel: ID<CommerceChannel>
    let market: String
    let name: String
    let keepsStock: Bool
    let state: ImportJob.State
    let why: String
    let rows: Int
    let products: Int
    let done: Int
    let new: Int
    let changed: Int
    let unchanged: Int
    let refused: Int
    let createdAt: Moment
    let changedAt: Moment

    static let fields = [
      "name": "The name of the file, as it was sent.",
      "why": "Why it failed; empty otherwise.",
      "rows": "Rows of the file, without the one with the names of the columns.",
      "products": "Products in the file.",
      "done": "Products checked, and once it is confirmed, products imported.",
      "new": "Products that are made; also `changed`, `unchanged` and `refused`: as far as it is known.",
    ]

    init(_ job: ImportJob) {
      id = job.id
      channel = job.channel
      market = job.market
      name = job.fileName
      keepsStock = job.keepsStock
      state = job.state
      why = job.why
      rows = job.rowCount
      products = job.productCount
      done = job.doneCount
      new = job.counts[.new] ?? 0
      changed = job.counts[.changed] ?? 0
      unchanged = job.counts[.unchanged] ?? 0
      refused = job.counts[.refused] ?? 0
      createdAt = job.createdAt
      changedAt = job.changedAt
    }
  }

  struct ItemAnswer: Codable, Described {
    let line: Int
    let handle: String
    let title: String
    let product: ID<Product>?
    let outcome: ImportItem.Outcome
    let isDone: Bool
    let changes: [ImportItem.Change]
    let refused: [ImportItem.RefusedRow]
    let pictures: [String]

    static let fields = [
      "outcome": "What importing it does, and once `isDone`, what it did.",
      "changes": "What differs from the catalogue. Amounts are decimal, in the currency of the market.",
      "refused": "The rows that are wrong, by their lines in the file, and why.",
      "pictures": "Pictures the file names by address. They are not fetched.",
    ]

    init(_ item: ImportItem) {
      line = item.line
      handle = item.handle
      title = item.title
      product = item.product
      outcome = item.outcome
      isDone = item.isDone
      changes = item.changes
      refused = item.refused
      pictures = item.pictures
    }
  }

  static let endpoints: [Endpoint] = [
    starting,
    Endpoint(
      .get, "/api/v1/channels/{channel}/imports", "Lists a channel's imports, to its members.",
      gives: List<ImportAnswer>.self
    ) { call in
      List(
        try await call.commerce.importJobs(
          of: call.channel().id, by: call.caller, after: call.cursor(), limit: call.limit()), ImportAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .get, "/api/v1/imports/{import}", "Says how far an import is, to its channel's members.",
      gives: ImportAnswer.self
    ) { call in ImportAnswer(try await call.commerce.importJob(call.id("import"), by: call.caller)) }.by(.account),
    Endpoint(
      .get, "/api/v1/imports/{import}/items", "Lists the products of an import with what becomes of each.",
      gives: List<ItemAnswer>.self
    ) { call in
      let outcome = try call.query("outcome").map { text in
        guard let outcome = ImportItem.Outcome(rawValue: text) else {
          throw Problem.malformed("“outcome” is new, changed, unchanged or refused.", field: "outcome")
        }
        return outcome
      }
      return List(
        try await call.commerce.importItems(
          of: call.id("import"), by: call.caller, outcome: outcome, after: call.cursor(), limit: call.limit()),
        ItemAnswer.init)
    }.paged.query("outcome", "Only these: new, changed, unchanged or refused.").by(.account),
    Endpoint(
      .post, "/api/v1/imports/{import}/confirmation", "Imports what the check has found; for the channel's owners.",
      gives: ImportAnswer.self, as: .accepted
    ) { call in ImportAnswer(try await call.commerce.confirmImport(call.id("import"), by: call.caller)) }.by(.account),
    Endpoint(
      .delete, "/api/v1/imports/{import}", "Discards an import that is not confirmed; nothing of it was imported.",
      as: .noContent
    ) { call in
      _ = try await call.commerce.discardImport(call.id("import"), by: call.caller)
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static var starting: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/channels/{channel}/imports",
      "Takes in a product file of Shopify's (CSV) and compares it with the catalogue; nothing changes until it is confirmed.",
      as: .accepted
    ) { call in
      let channel = try await call.channel()
      let stock = try call.query("stock") ?? "set"
      guard ["set", "keep"].contains(stock) else {
        throw Problem.malformed("“stock” is set or keep.", field: "stock")
      }
      let job = try await call.commerce.startImport(
        call.commerce.makeID(), by: call.caller, channel: channel.id, csv: Array(buffer: call.bytes),
        market: try call.query("market") ?? channel.market, fileName: try call.query("name") ?? "",
        keepsStock: stock == "keep")
      return try Endpoint.json(ImportAnswer(job), as: .accepted)
    }
    endpoint.body = .bytes(["text/csv"], max: { $0.importBytes })
    endpoint.answer = .json(ImportAnswer.self)
    return endpoint.query("market", "In whose currency the prices are; the channel's own when it is left out.")
      .query("stock", "`set` takes the file's stock, `keep` leaves that of variants that are there. `set` if left out.")
      .query("name", "The name of the file, for lists.")
      .by(.account)
  }
}
