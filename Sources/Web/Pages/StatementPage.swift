import Commerce
import Hummingbird

/// `/studio/{handle}/money/{month}` and `/partner/{via}/money/{month}`: a month's statement, to read, to print, and as a file.
struct StatementPage: Sendable {
  struct SumView: Sendable {
    let name: String
    let amountText: String
    let isStrong: Bool
  }

  struct LineView: Sendable {
    let whenISO: String
    let whenText: String
    let kindText: String
    let number: String
    let url: String?
    let soldText: String?
    let taxText: String?
    let commissionText: String?
    let creatorText: String?
    let amountText: String
    /// The columns of a sale, which are the seller's to read.
    let isOfSeller: Bool
  }

  struct CurrencyView: Sendable {
    let currency: String
    let sums: [SumView]
    let lines: [LineView]
    let hasLines: Bool
    let moreText: String?
  }

  let homeURL: String
  let homeName: String
  let name: String
  let monthText: String
  let fileURL: String
  let statements: [CurrencyView]
  let hasStatements: Bool
  let isOfSeller: Bool

  static func show(_ visit: Visit) async throws -> Response { try await show(visit, visit.channelMoney()) }

  static func showPartner(_ visit: Visit) async throws -> Response { try await show(visit, visit.partnerMoney()) }

  private static func show(_ visit: Visit, _ owner: MoneyOwner) async throws -> Response {
    let month = try visit.parameter("month")
    guard let span = StatementSpan(month: month) else { throw Problem.notFound("page") }
    let statements = try await visit.commerce.statements(of: owner.payee, by: visit.caller, span)
    let model = StatementPage(
      homeURL: owner.url, homeName: visit.words["money.title"], name: owner.name,
      monthText: visit.words.month(month), fileURL: "\(owner.url)/\(month)/file",
      statements: statements.map { CurrencyView($0, visit.words) }, hasStatements: !statements.isEmpty,
      isOfSeller: owner.payee.isSeller)
    return try visit.page(
      "studio/statement", title: "\(visit.words["money.statement"]) \(model.monthText)", model)
  }

  static func file(_ visit: Visit) async throws -> Response { try await file(visit, visit.channelMoney()) }

  static func filePartner(_ visit: Visit) async throws -> Response { try await file(visit, visit.partnerMoney()) }

  private static func file(_ visit: Visit, _ owner: MoneyOwner) async throws -> Response {
    let month = try visit.parameter("month")
    guard let span = StatementSpan(month: month) else { throw Problem.notFound("page") }
    let file = try await visit.commerce.statementFile(of: owner.payee, by: visit.caller, span)
    return PayoutAPI.csv(file, named: "\(owner.fileName)-\(month)")
  }
}

extension Payee {
  fileprivate var isSeller: Bool { if case .channel = self { true } else { false } }
}

extension StatementPage.CurrencyView {
  init(_ statement: Statement, _ words: Words) {
    currency = statement.opening.currency.code
    func sum(_ key: String, _ amount: Money, strong: Bool = false) -> StatementPage.SumView {
      .init(name: words["money.\(key)"], amountText: words.money(amount), isStrong: strong)
    }
    let negative = { (amount: Money) in Money(minor: -amount.minor, currency: amount.currency) }
    let nothing = Money(minor: 0, currency: statement.opening.currency)
    let paidOut = Money(
      minor: (statement.sums[.payout] ?? nothing).minor + (statement.sums[.payoutReturned] ?? nothing).minor,
      currency: nothing.currency)
    let ofSale =
      statement.payee.isSeller
      ? [
        sum("taxes", negative(statement.tax)), sum("commission", negative(statement.commission)),
        sum("creator", negative(statement.creator)),
      ]
      : [
        sum("commissionOf", statement.commission),
        sum(
          "share",
          Money(
            minor: statement.closing.minor - statement.opening.minor - paidOut.minor, currency: nothing.currency)),
      ]
    sums =
      [sum("opening", statement.opening), sum("sold", statement.sold)] + ofSale + [
        sum("paidOut", paidOut), sum("closing", statement.closing, strong: true),
      ]
    lines = statement.lines.map { .init($0, of: statement.payee, words) }
    hasLines = !lines.isEmpty
    let more = statement.count - Int64(statement.lines.count)
    moreText = more > 0 ? words["money.more", ["count": Figures.grouped(more)]] : nil
  }
}

extension StatementPage.LineView {
  init(_ line: StatementLine, of payee: Payee, _ words: Words) {
    isOfSeller = payee.isSeller
    whenISO = line.at.description
    whenText = line.at.plainText
    kindText = words["money.kind_\(line.kind.rawValue)"]
    number = line.number
    // The order's page is for its buyer and its seller.
    url = payee.isSeller ? line.order.map { "/orders/\($0)" } : nil
    let isOrder = line.order != nil
    soldText = isOrder ? words.money(line.sold) : nil
    taxText = isOrder ? words.money(Money(minor: -line.tax.minor, currency: line.tax.currency)) : nil
    commissionText =
      isOrder
      ? words.money(
        Money(
          minor: payee.isSeller ? -line.commission.minor : line.commission.minor, currency: line.commission.currency)
      ) : nil
    let hasCreator = isOrder && line.creator.minor != 0
    creatorText =
      hasCreator ? words.money(Money(minor: -line.creator.minor, currency: line.creator.currency)) : nil
    amountText = words.money(line.amount)
  }
}
