import Commerce
import Hummingbird

/// `/operator/payouts`: who is to be paid, what waits and why, the files for the bank, and what became of them.
struct PayoutsPage: Sendable {
  struct DueView: Sendable {
    let payee: String
    let name: String
    let amountText: String
    let noticeText: String
    let noticeTone: String
    let isHeld: Bool
  }

  struct CurrencyView: Sendable {
    let currency: String
    let text: String
  }

  struct FileView: Sendable {
    let id: String
    let url: String
    let whenISO: String
    let whenText: String
    let text: String
    let sumText: String
    let isOpen: Bool
    let openText: String
  }

  let due: [DueView]
  let hasDue: Bool
  let canPrepare: Bool
  let waiting: [CurrencyView]
  let files: [FileView]
  let hasFiles: Bool
  let payouts: [PayoutView]
  let hasPayouts: Bool
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      try await act(form, visit)
      return visit.redirect("/operator/payouts?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func act(_ form: Form, _ visit: Visit) async throws {
    let (commerce, caller) = (visit.commerce, visit.caller)
    func id<Entity>(_ field: String, _ entity: Entity.Type) throws -> ID<Entity> {
      guard let id = ID<Entity>(form[field]) else { throw Problem.notFound(field) }
      return id
    }
    func payee() throws -> Payee {
      guard let payee = Payee(form["payee"]) else { throw Problem.notFound("payee") }
      return payee
    }
    switch form["do"] {
    case "prepare": try await commerce.preparePayouts(by: caller)
    case "file":
      guard let currency = Currency(form["currency"]) else { throw Problem.notFound("currency") }
      _ = try await commerce.makePayoutFile(commerce.makeID(), by: caller, currency: currency)
    case "filePaid": try await commerce.payoutsArrived(of: id("file", PayoutFile.self), by: caller)
    case "paid": try await commerce.payoutArrived(id("payout", Payout.self), by: caller)
    case "returned":
      try await commerce.payoutCameBack(id("payout", Payout.self), by: caller, reason: form["reason"])
    case "hold": try await commerce.holdPayouts(of: payee(), by: caller, reason: form["reason"])
    case "release": try await commerce.releasePayouts(of: payee(), by: caller)
    default: throw Problem.malformed("The form does not say what to do.", field: "do")
    }
  }

  static func file(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let file = try visit.id("file", PayoutFile.self)
    return PayoutAPI.csv(try await visit.commerce.payoutFile(file, by: visit.caller), named: "payouts-\(file)")
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let (commerce, words) = (visit.commerce, visit.words)
    let due = try await commerce.payoutsDue(by: visit.caller)
    let files = try await commerce.payoutFiles(by: visit.caller)
    let page = try await commerce.payouts(by: visit.caller, after: visit.cursor, limit: visit.pageLimit(50))
    let pending = try await commerce.payouts(by: visit.caller, state: .pending, limit: visit.pageLimit(100)).items
      .filter(\.provider.isEmpty)
    let names = try await commerce.names(of: page.items.map(\.payee))
    let waiting = Dictionary(grouping: pending, by: \.amount.currency).sorted { $0.key.code < $1.key.code }
    let model = PayoutsPage(
      due: due.map { DueView($0, words) }, hasDue: !due.isEmpty,
      canPrepare: due.contains { $0.block == nil || $0.block == .recent },
      waiting: waiting.map { currency, payouts in
        let sum = Money(minor: payouts.reduce(0) { $0 + $1.amount.minor }, currency: currency)
        return CurrencyView(
          currency: currency.code,
          text: words.plural("payouts.waiting", Int64(payouts.count), ["sum": words.money(sum)]))
      },
      files: files.map { FileView($0, words) }, hasFiles: !files.isEmpty,
      payouts: page.items.map { PayoutView($0, name: names[$0.payee], words) }, hasPayouts: !page.items.isEmpty,
      next: page.next.map { "/operator/payouts?after=\($0)" }, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-payouts", title: words["payouts.title"], status: complaint?.status ?? .ok, model)
  }
}

extension PayoutsPage.DueView {
  init(_ due: PayoutDue, _ words: Words) {
    payee = due.payee.description
    name = due.name
    amountText = words.money(due.available)
    isHeld = due.block == .held
    switch due.block {
    case .held: (noticeText, noticeTone) = (words["payouts.held", ["reason": due.holdReason]], "bad")
    case .debt: (noticeText, noticeTone) = (words["payouts.debt"], "bad")
    case let block?: (noticeText, noticeTone) = (words["payouts.block_\(block.rawValue)"], "warn")
    case nil: (noticeText, noticeTone) = (words["payouts.ready"], "good")
    }
  }
}

extension PayoutsPage.FileView {
  init(_ file: PayoutFile, _ words: Words) {
    id = file.id.description
    url = "/operator/payouts/\(file.id)"
    whenISO = file.made.description
    whenText = file.made.plainText
    text = words.plural("payouts.count", file.count)
    sumText = words.money(file.sum)
    isOpen = file.open > 0
    openText = isOpen ? words.plural("payouts.open", file.open) : words["payouts.done"]
  }
}

/// `/operator/books`: the platform's statement of a month, and its journal as a file.
struct BooksPage: Sendable {
  struct RowView: Sendable {
    let name: String
    let openingText: String
    let addedText: String
    let takenText: String
    let closingText: String
  }

  let monthText: String
  let months: [MoneyPage.MonthView]
  let rows: [RowView]
  let hasRows: Bool
  let fileURL: String

  static func show(_ visit: Visit) async throws -> Response {
    let now = StatementMonths.before(visit.commerce.clock.now)
    let month = try visit.query("month") ?? now.first ?? ""
    guard let span = StatementSpan(month: month) else { throw Problem.notFound("page") }
    let booked = try await visit.commerce.books(by: visit.caller, span)
    let markets = try await visit.commerce.markets()
    let words = visit.words
    let model = BooksPage(
      monthText: words.month(month),
      months: now.map { .init(month: $0, url: "/operator/books?month=\($0)", text: words.month($0)) },
      rows: booked.map { booked in
        RowView(
          name: words.account(booked.account, markets: markets), openingText: words.money(booked.opening),
          addedText: words.money(booked.added), takenText: words.money(booked.taken),
          closingText: words.money(booked.closing))
      }, hasRows: !booked.isEmpty, fileURL: "/operator/books/\(month)/journal")
    return try visit.page("operator-books", title: "\(words["payouts.books"]) \(model.monthText)", model)
  }

  /// A line for each entry, piece by piece: a month of any size takes the memory of one.
  static func journal(_ visit: Visit) async throws -> Response {
    let month = try visit.parameter("month")
    guard let span = StatementSpan(month: month) else { throw Problem.notFound("page") }
    let (commerce, caller) = (visit.commerce, visit.caller)
    let first = try await commerce.journal(by: caller, span, after: nil)
    var response = PayoutAPI.csv([], named: "journal-\(month)")
    response.body = ResponseBody { writer in
      var piece = first
      while true {
        if !piece.bytes.isEmpty { try await writer.write(.init(bytes: piece.bytes)) }
        guard let last = piece.last else { break }
        piece = try await commerce.journal(by: caller, span, after: last)
      }
      try await writer.finish(nil)
    }
    return response
  }
}

extension Words {
  /// An account of the books in a person's words; that of one seller or buyer is named elsewhere.
  func account(_ account: String, markets: [Market]) -> String {
    let parts = account.split(separator: ":", maxSplits: 1).map(String.init)
    let subject = parts.count == 2 ? parts[1] : ""
    return switch parts.first {
    case "seller": self["payouts.sellers"]
    case "creator": self["payouts.creators"]
    case "partner": self["payouts.partners"]
    case "buyer": self["operator.buyer"]
    case "provider": self["operator.provider", ["name": subject]]
    case "commission": self["operator.commissionEarned"]
    case "promotion": self["operator.promotion"]
    case "payouts": self["payouts.onTheWay"]
    case "bank": self["payouts.bank"]
    case "tax": self["operator.taxCollected", ["name": markets.first { $0.code == subject }?.name ?? subject]]
    default: account
    }
  }
}
