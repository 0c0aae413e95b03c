import Commerce
import Hummingbird

/// `/studio/{handle}/imports/{import}`: what a product file would change, how far its import is, and what became of it.
struct ImportPage: Sendable {
  /// An import in a list.
  struct Link: Sendable {
    let url: String
    let name: String
    let whenISO: String
    let whenText: String
    let rowsText: String
    let stateText: String
    let tone: String

    init(_ job: ImportJob, _ channel: Channel, _ words: Words) {
      url = "/studio/\(channel.handle)/imports/\(job.id)"
      name = job.fileName.isEmpty ? words["imports.noName"] : job.fileName
      whenISO = job.createdAt.description
      whenText = job.createdAt.plainText
      rowsText = words.plural("imports.rows", Int64(job.rowCount))
      stateText = job.state.text(words)
      tone = job.state.tone(job.counts)
    }
  }

  struct CountView: Sendable {
    let label: String
    let count: String
    let url: String
    let isCurrent: Bool
    let isBad: Bool
  }

  struct ChangeView: Sendable {
    let label: String
    let variant: String?
    let old: String?
    let new: String?
  }

  struct RefusedView: Sendable {
    let place: String
    let why: String
  }

  struct ItemView: Sendable {
    let title: String
    let itemHandle: String
    let lineText: String
    let productURL: String?
    let outcomeText: String
    let outcomeTone: String
    let changes: [ChangeView]
    let refused: [RefusedView]
    let pictures: String?
  }

  let handle: String
  let channelName: String
  let name: String
  let whenISO: String
  let whenText: String
  let rowsText: String
  let marketName: String
  let keepsStock: Bool
  let error: String?
  let notice: String
  let tone: String
  let isMoving: Bool
  let isImporting: Bool
  let productCount: Int
  let doneCount: Int
  let progressText: String
  let counts: [CountView]
  let canConfirm: Bool
  let hasSomething: Bool
  let confirmText: String
  let formURL: String
  let items: [ItemView]
  let hasItems: Bool
  let next: String?

  init(
    _ job: ImportJob, of channel: Channel, role: Role, market: Market?, items page: Page<ImportItem>,
    only: ImportItem.Outcome?, error: String?, _ words: Words
  ) {
    let link = Link(job, channel, words)
    handle = channel.handle
    channelName = channel.name
    name = link.name
    whenISO = link.whenISO
    whenText = link.whenText
    rowsText = link.rowsText
    marketName = market?.name ?? job.market
    keepsStock = job.keepsStock
    self.error = error
    notice = job.notice(words)
    tone = link.tone
    isMoving = [.receiving, .checking, .importing].contains(job.state)
    isImporting = job.state == .importing
    productCount = max(1, job.productCount)
    doneCount = job.doneCount
    progressText =
      words[
        "imports.progress",
        ["done": Figures.grouped(Int64(job.doneCount)), "products": Figures.grouped(Int64(job.productCount))]]
    counts = ImportItem.Outcome.allCases.map { outcome in
      let isCurrent = outcome == only
      return CountView(
        label: words["imports.\(outcome.rawValue)"], count: Figures.grouped(Int64(job.counts[outcome] ?? 0)),
        url: link.url + (isCurrent ? "" : "?outcome=\(outcome.rawValue)"), isCurrent: isCurrent,
        isBad: outcome == .refused && job.counts[.refused] ?? 0 > 0)
    }
    let something = (job.counts[.new] ?? 0) + (job.counts[.changed] ?? 0)
    canConfirm = role.isOwner && job.state == .ready
    hasSomething = something > 0
    confirmText = words.plural("imports.confirm", Int64(something))
    formURL = link.url
    items = page.items.map { ItemView($0, channel, words) }
    hasItems = !items.isEmpty
    next = page.next.map { "\(link.url)?after=\($0)" + (only.map { "&outcome=\($0.rawValue)" } ?? "") }
  }

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    let id = try visit.id("import", ImportJob.self)
    do {
      switch form["do"] {
      case "confirm":
        _ = try await visit.commerce.confirmImport(id, by: visit.caller)
        return visit.redirect("/studio/\(channel.handle)/imports/\(id)")
      case "discard":
        _ = try await visit.commerce.discardImport(id, by: visit.caller)
        return visit.redirect("/studio/\(channel.handle)?tab=products&import=again")
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let job = try await visit.commerce.importJob(visit.id("import", ImportJob.self), by: visit.caller)
    guard job.channel == channel.id else { throw GeneralRefusal.notFound("import") }
    let only = try visit.query("outcome").flatMap(ImportItem.Outcome.init)
    let items = try await visit.commerce.importItems(
      of: job.id, by: visit.caller, outcome: only, after: visit.cursor, limit: visit.pageLimit(30))
    let market = try await visit.commerce.markets().first { $0.code == job.market }
    let model = ImportPage(
      job, of: channel, role: role, market: market, items: items, only: only, error: complaint?.sentence, visit.words)
    return try visit.page("studio/import", title: model.name, status: complaint?.status ?? .ok, model)
  }
}

extension ImportPage.ItemView {
  init(_ item: ImportItem, _ channel: Channel, _ words: Words) {
    title = item.title.isEmpty ? item.handle : item.title
    itemHandle = item.handle
    lineText = words["imports.line", ["line": "\(item.line)"]]
    productURL = item.product.map { "/studio/\(channel.handle)/products/\($0)" }
    outcomeText = words["imports.\(item.outcome.rawValue)"]
    switch item.outcome {
    case .new: outcomeTone = "good"
    case .changed: outcomeTone = "warn"
    case .unchanged: outcomeTone = ""
    case .refused: outcomeTone = "bad"
    }
    changes = item.outcome == .refused ? [] : item.changes.map { ImportPage.ChangeView($0, words) }
    refused = item.refused.map { row in
      let text = words.find("rowRefusals.\(row.code)")?.replacing("{value}", with: row.value)
      return ImportPage.RefusedView(
        place: words["imports.line", ["line": "\(row.line)"]], why: text ?? row.why)
    }
    let isTaken = item.outcome != .refused && !item.pictures.isEmpty
    pictures = isTaken ? words.plural("imports.pictures", Int64(item.pictures.count)) : nil
  }
}

extension ImportPage.ChangeView {
  init(_ change: ImportItem.Change, _ words: Words) {
    let name =
      switch change.field {
      case .title: words["imports.fieldTitle"]
      case .description: words["imports.fieldDescription"]
      case .category: words["product.category"]
      case .options: words["imports.fieldOptions"]
      case .order: words["imports.fieldOrder"]
      case .variant: words["imports.fieldVariant"]
      case .choice: words["imports.fieldChoice"]
      case .sku: words["imports.fieldSku"]
      case .price: words["imports.fieldPrice"]
      case .compareAt: words["imports.fieldCompareAt"]
      case .onHand: words["imports.fieldOnHand"]
      case .weight: words["imports.fieldWeight"]
      }
    // The one variant of a product without options goes without saying: its price is what there is to tell.
    label = change.field == .variant && change.variant.isEmpty ? words["imports.fieldPrice"] : name
    variant = change.variant.isEmpty ? nil : change.variant
    old = change.old.isEmpty ? nil : change.old
    new = change.new.isEmpty ? nil : change.new
  }
}

extension ImportJob {
  fileprivate func notice(_ words: Words) -> String {
    switch state {
    case .receiving, .checking: words["imports.checking"]
    case .ready:
      (counts[.new] ?? 0) + (counts[.changed] ?? 0) > 0 ? words["imports.ready"] : words["imports.nothing"]
    case .importing: words["imports.importing"]
    case .done: counts[.refused] ?? 0 > 0 ? words["imports.doneRefused"] : words["imports.done"]
    case .discarded: words["imports.discarded"]
    case .failed: words["imports.failed", ["why": why]]
    }
  }
}

extension ImportJob.State {
  fileprivate func text(_ words: Words) -> String {
    switch self {
    case .receiving: words["imports.stateReceiving"]
    case .checking: words["imports.stateChecking"]
    case .ready: words["imports.stateReady"]
    case .importing: words["imports.stateImporting"]
    case .done: words["imports.stateDone"]
    case .discarded: words["imports.stateDiscarded"]
    case .failed: words["imports.stateFailed"]
    }
  }

  fileprivate func tone(_ counts: [ImportItem.Outcome: Int]) -> String {
    switch self {
    case .done: counts[.refused] ?? 0 > 0 ? "warn" : "good"
    case .ready: "warn"
    case .failed: "bad"
    default: ""
    }
  }
}
