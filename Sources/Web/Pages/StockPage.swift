import Commerce
import Hummingbird

/// `/studio/{handle}/stock/{variant}`: what happened to a variant's stock, and the forms to receive and to correct it.
struct StockPage: Sendable {
  struct EntryView: Sendable {
    let kindText: String
    let tone: String
    let changes: [String]
    let afterText: String
    let who: String
    let orderURL: String?
    let orderText: String?
    let note: String?
    let whenISO: String
    let whenText: String
  }

  let handle: String
  let channelName: String
  let productURL: String
  let title: String
  let variant: String?
  let sku: String
  let onHand: String
  let onHandPlain: String
  let reserved: String
  let available: String
  /// How many wait for it, and have an offer; nil where nobody does.
  let waitlistText: String?
  /// The preorder it is on, or where it can be put on one; nil for who may not.
  let preorderURL: String?
  let preorderText: String
  let canChange: Bool
  let isRetired: Bool
  let formURL: String
  let error: String?
  let isSaved: Bool
  let entries: [EntryView]
  let hasEntries: Bool
  let next: String?

  init(
    _ journal: StockJournal, of id: ID<Variant>, _ channel: Channel, _ role: Role, _ list: Waitlist,
    _ preorder: Preorder?, error: String?,
    isSaved: Bool,
    _ words: Words
  ) {
    handle = channel.handle
    channelName = channel.name
    productURL = "/studio/\(channel.handle)/products/\(journal.product)"
    title = journal.productTitle
    variant = journal.variantTitle.isEmpty ? nil : journal.variantTitle
    sku = journal.sku
    onHand = Figures.grouped(journal.level.onHand)
    onHandPlain = "\(journal.level.onHand)"
    reserved = Figures.grouped(journal.level.reserved)
    available = Figures.grouped(journal.level.available)
    waitlistText =
      list == .empty
      ? nil
      : words.plural("waitlist.waiting", list.waiting) + " · " + words.plural("waitlist.offeredCount", list.offered)
    preorderURL =
      preorder.map { "/studio/\(channel.handle)/preorders/\($0.id)" }
      ?? (role.isOwner && !journal.isRetired
        ? "/studio/\(channel.handle)/preorders?variant=" + Visit.encoded(journal.sku.isEmpty ? "\(id)" : journal.sku)
        : nil)
    preorderText =
      preorder.map { words.plural("preorder.waiting", $0.unitsWaiting) } ?? words["preorder.new"]
    isRetired = journal.isRetired
    canChange = role.isOwner && !journal.isRetired
    formURL = "/studio/\(channel.handle)/stock/\(id)"
    self.error = error
    self.isSaved = isSaved
    entries = journal.entries.items.map { entry in
      EntryView(entry, seesOrders: role.dealsWithOrders, words)
    }
    hasEntries = !entries.isEmpty
    next = journal.entries.next.map { "/studio/\(channel.handle)/stock/\(id)?after=\($0)" }
  }

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    let id = try visit.id("variant", Variant.self)
    do {
      guard let count = Int64(form["count"]) else {
        throw GeneralRefusal.invalid(field: "count", why: "must be a whole number")
      }
      guard !form["note"].isEmpty else { throw GeneralRefusal.invalid(field: "note", why: "must not be empty") }
      switch form["do"] {
      case "receive":
        try await visit.commerce.receiveStock(by: visit.caller, variant: id, count: count, note: form["note"])
      case "correct":
        try await visit.commerce.setStock(by: visit.caller, variant: id, onHand: count, note: form["note"])
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/studio/\(channel.handle)/stock/\(id)?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let id = try visit.id("variant", Variant.self)
    let journal = try await visit.commerce.stockJournal(
      of: id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    guard journal.channel == channel.id else { throw GeneralRefusal.notFound("variant") }
    let list = try await visit.commerce.waitlist(of: id, by: visit.caller)
    let preorder = try await visit.commerce.preorder(of: id, by: visit.caller)
    let model = StockPage(
      journal, of: id, channel, role, list, preorder, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil,
      visit.words)
    return try visit.page("studio/stock", title: model.title, status: complaint?.status ?? .ok, model)
  }
}

extension StockPage.EntryView {
  fileprivate init(_ entry: StockEntry, seesOrders: Bool, _ words: Words) {
    switch entry.kind {
    case .received: (kindText, tone) = (words["stock.received"], "good")
    case .corrected: (kindText, tone) = (words["stock.corrected"], "warn")
    case .reserved: (kindText, tone) = (words["stock.reservedKind"], "")
    case .released: (kindText, tone) = (words["stock.released"], "")
    case .sold: (kindText, tone) = (words["stock.sold"], "good")
    case .returned: (kindText, tone) = (words["stock.returned"], "warn")
    }
    func signed(_ number: Int64) -> String {
      (number < 0 ? "−" : "+") + Figures.grouped(Int64(clamping: number.magnitude))
    }
    var changes: [String] = []
    if entry.onHandChange != 0 { changes.append(words["stock.change", ["change": signed(entry.onHandChange)]]) }
    if entry.reservedChange != 0 {
      changes.append(words["stock.changeReserved", ["change": signed(entry.reservedChange)]])
    }
    self.changes = changes
    afterText =
      words[
        "stock.after",
        ["onHand": Figures.grouped(entry.after.onHand), "reserved": Figures.grouped(entry.after.reserved)]]
    who = entry.by ?? words["stock.house"]
    orderURL = seesOrders ? entry.order.map { "/orders/\($0)" } : nil
    orderText = entry.order.map { words["stock.order", ["number": $0.orderNumber]] }
    note = entry.note.isEmpty ? nil : entry.note
    whenISO = entry.at.description
    whenText = entry.at.plainText
  }
}
