import Commerce
import Hummingbird

/// `/studio/{handle}/packing`: what waits to be sent, to read, to print and to pack by; its labels as a file; and what
/// was sent, many at once.
struct PackingPage: Sendable {
  /// So many of a variant are wanted from the shelf.
  struct PickView: Sendable {
    let units: String
    let title: String
    let sku: String?
  }

  struct LineView: Sendable {
    let units: String
    let title: String
    let sku: String?
    let picture: String?
  }

  struct SlipView: Sendable {
    let id: String
    let number: String
    let url: String
    let whenISO: String
    let whenText: String
    let recipient: String
    let address: [String]
    let phone: String?
    let lines: [LineView]
    let sizeText: String
    let note: String?
    let isRest: Bool
    let isCancelAsked: Bool
  }

  struct ResultView: Sendable {
    let sentText: String?
    let refused: [RefusedView]
    let hasRefused: Bool
  }

  struct RefusedView: Sendable {
    let row: String
    let order: String
    let why: String
  }

  let handle: String
  let channelName: String
  let ordersURL: String
  let formURL: String
  let labelsURL: String
  let countText: String
  let printedISO: String
  let printedText: String
  let picks: [PickView]
  let slips: [SlipView]
  let hasSlips: Bool
  /// Only some that were chosen are shown.
  let isChosen: Bool
  let next: String?
  let result: ResultView?
  let error: String?
  /// What is in the field for what carriers gave back.
  let rows: String
  let isSendingOpen: Bool

  /// An A4 sheet has about three; so many are a morning's work, and few enough for an address.
  static let slipsMax = 100

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, chosen(visit)) }

  static func labels(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let file = try await visit.commerce.labelsFile(of: channel.id, by: visit.caller, only: chosen(visit))
    return PayoutAPI.csv(file, named: "\(channel.handle)-labels-\(visit.commerce.clock.now.plainDay)")
  }

  static func send(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    let text = form["rows"]
    do {
      let rows: [ParcelRow]
      switch form["do"] {
      case "sent": rows = form.values("order").map { ParcelRow(order: $0) }
      case "rows": rows = try ParcelRow.read(text)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      guard !rows.isEmpty else {
        throw GeneralRefusal.invalid(field: form["do"] == "rows" ? "rows" : "order", why: "must not be empty")
      }
      let sent = try await visit.commerce.sendOrders(rows, of: channel.id, by: visit.caller)
      return try await page(visit, [], result: sent)
    } catch {
      return try await page(visit, [], rows: text, visit.complaint(error))
    }
  }

  /// Those named in the address.
  private static func chosen(_ visit: Visit) throws -> [ID<Order>] {
    try PlainQuery.values("order", of: visit.request.uri).map { text in
      guard let id = ID<Order>(text) else { throw Problem.notFound("order") }
      return id
    }
  }

  private static func page(
    _ visit: Visit, _ chosen: [ID<Order>], result: [SentRow]? = nil, rows: String = "",
    _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let page = try await visit.commerce.ordersToSend(
      of: channel.id, by: visit.caller, only: chosen, after: visit.cursor, limit: visit.pageLimit(slipsMax))
    let products = page.items.flatMap { waiting in waiting.lines.map { waiting.order.lines[$0.position].product } }
    let covers = try await visit.commerce.covers(products: Array(Set(products)))
    let model = PackingPage(
      page, of: channel, covers, isChosen: !chosen.isEmpty, result: result, rows: rows, error: complaint?.sentence,
      at: visit.commerce.clock.now, visit.words)
    return try visit.page(
      "studio/packing", title: "\(visit.words["packing.title"]) · \(channel.name)", status: complaint?.status ?? .ok,
      model)
  }

  private init(
    _ page: Page<OrderToSend>, of channel: Channel, _ covers: [ID<Product>: Picture], isChosen: Bool,
    result: [SentRow]?, rows: String, error: String?, at now: Moment, _ words: Words
  ) {
    handle = channel.handle
    channelName = channel.name
    ordersURL = "/studio/\(channel.handle)?tab=orders"
    let url = "/studio/\(channel.handle)/packing"
    (formURL, labelsURL) = (url, "\(url)/labels")
    let units = page.items.reduce(0) { $0 + $1.units }
    countText =
      words.plural("packing.orders", Int64(page.items.count)) + " · " + words.plural("packing.units", units)
    (printedISO, printedText) = (now.description, now.plainText)
    picks = Self.picks(page.items)
    slips = page.items.map { SlipView($0, covers, words) }
    hasSlips = !slips.isEmpty
    self.isChosen = isChosen
    next = isChosen ? nil : page.next.map { "\(url)?after=\($0)" }
    let refused = result?.filter { $0.refusal != nil } ?? []
    self.result = result.map { ResultView($0, refused, words) }
    self.error = error
    // What was refused is there to be mended.
    let again = refused.map { sent in
      let fields = [sent.row.order, sent.row.carrier, sent.row.tracking, sent.row.link]
      let last = fields.lastIndex { !$0.isEmpty } ?? 0
      return fields[...last].map(Self.quoted).joined(separator: ",")
    }
    self.rows = again.isEmpty ? rows : again.joined(separator: "\n")
    isSendingOpen = !self.rows.isEmpty
  }

  private static func quoted(_ field: String) -> String {
    field.contains { [",", "\"", "\n"].contains($0) } ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
  }

  /// What all of them want from the shelf, the most wanted first.
  private static func picks(_ waiting: [OrderToSend]) -> [PickView] {
    var sums: [ID<Variant>: (units: Int64, title: String, sku: String)] = [:]
    for order in waiting {
      for line in order.lines {
        let bought = order.order.lines[line.position]
        // Of a bundle's part the title names the bundle too, which is none of the shelf's.
        sums[bought.variant, default: (0, bought.title, bought.sku)].units += line.left
      }
    }
    return sums.values.sorted { ($1.units, $0.title, $0.sku) < ($0.units, $1.title, $1.sku) }.map {
      PickView(units: Figures.grouped($0.units), title: $0.title, sku: $0.sku.isEmpty ? nil : $0.sku)
    }
  }
}

extension PackingPage.SlipView {
  fileprivate init(_ waiting: OrderToSend, _ covers: [ID<Product>: Picture], _ words: Words) {
    let order = waiting.order
    let to = order.buyer.address
    id = order.id.description
    number = order.number
    url = "/orders/\(order.id)"
    let when = order.paid ?? order.placed
    (whenISO, whenText) = (when.description, when.plainText)
    recipient = to.name
    address = [to.line1, to.line2, "\(to.postalCode) \(to.city)", to.region, to.country].filter { !$0.isEmpty }
    phone = order.buyer.phone.isEmpty ? nil : order.buyer.phone
    lines = waiting.lines.map { line in
      let bought = order.lines[line.position]
      return PackingPage.LineView(
        units: Figures.grouped(line.left), title: bought.title, sku: bought.sku.isEmpty ? nil : bought.sku,
        picture: covers[bought.product]?.thumbnail)
    }
    let units = words.plural("packing.units", waiting.units)
    sizeText = waiting.grams > 0 ? "\(units) · \(Weight.text(waiting.grams))" : units
    note = waiting.note.isEmpty ? nil : waiting.note
    isRest = waiting.isRest
    isCancelAsked = waiting.isCancelAsked
  }
}

extension PackingPage.ResultView {
  fileprivate init(_ all: [SentRow], _ refused: [SentRow], _ words: Words) {
    let sent = Int64(all.count - refused.count)
    sentText = sent > 0 ? words.plural("packing.sent", sent) : nil
    self.refused = refused.compactMap { row in
      row.refusal.map {
        PackingPage.RefusedView(
          row: words["packing.row", ["row": Figures.grouped(Int64(row.place + 1))]],
          order: ID<Order>(row.row.order)?.orderNumber ?? row.row.order,
          why: Problem($0).map(words.sentence) ?? $0.sentence)
      }
    }
    hasRefused = !refused.isEmpty
  }
}
