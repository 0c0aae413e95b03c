import Store

extension Commerce {
  /// Derives every balance and every stock anew from the journals, and says what does not add up. It reads one moment of
  /// the database and changes nothing.
  public func audit() async throws -> AuditReport {
    try await database.read { db in try Audit.run(in: db) }
  }
}

/// An audit under way: what was counted, and what did not add up.
struct Audit {
  static let differencesMax = 1000

  static func run(in db: any Connection) throws -> AuditReport {
    var audit = Audit()
    try audit.stock(in: db)
    try audit.orders(in: db)
    try audit.shipments(in: db)
    try audit.refundLines(in: db)
    try audit.cancellations(in: db)
    try audit.returns(in: db)
    try audit.partners(in: db)
    try audit.deals(in: db)
    try audit.limits(in: db)
    try audit.coupons(in: db)
    try audit.follows(in: db)
    try audit.ratings(in: db)
    try audit.audience(in: db)
    try audit.numbers(in: db)
    try audit.clips(in: db)
    try audit.chat(in: db)
    try audit.claims(in: db)
    try audit.giveaways(in: db)
    try audit.polls(in: db)
    try audit.banners(in: db)
    try audit.auctions(in: db)
    try audit.waitlists(in: db)
    try audit.bundles(in: db)
    try audit.preorders(in: db)
    try audit.payments(in: db)
    try audit.payouts(in: db)
    try audit.admission(in: db)
    try audit.ledger(in: db)
    try audit.timelines(in: db)
    return audit.report
  }

  private(set) var differences: [String] = []
  private var differencesMore = 0
  private var lines: [String] = []

  mutating func differ(_ sentence: String) {
    if differences.count < Self.differencesMax { differences.append(sentence) } else { differencesMore += 1 }
  }

  /// A line of the summary.
  mutating func note(_ line: String) { lines.append(line) }

  /// One difference for each row that a query finds wrong.
  mutating func expectNone(_ rows: [Row], _ sentence: (Row) throws -> String) rethrows {
    for row in rows { differ(try sentence(row)) }
  }

  var report: AuditReport {
    var summary = lines
    summary.append(
      differences.isEmpty ? "Everything adds up." : "\(differences.count + differencesMore) things do not add up:")
    summary += differences.prefix(50).map { "  - \($0)" }
    if differences.count > 50 || differencesMore > 0 { summary.append("  - … and more") }
    return AuditReport(differences: differences, summary: summary.joined(separator: "\n"))
  }
}

extension Row {
  /// A number of a query's row.
  func number(_ column: String) throws -> Int64 { try get(column) }

  /// An id of a query's row, as text.
  func name(_ column: String) throws -> String { try get(column, as: ID<Order>.self).description }
}

/// An amount as a person reads it: `1299.00 INR`.
extension Money {
  var plain: String {
    let digits = currency.fractionDigits
    let sign = minor < 0 ? "-" : ""
    let text = String(minor.magnitude)
    guard digits > 0 else { return "\(sign)\(text) \(currency)" }
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return "\(sign)\(padded.dropLast(digits)).\(padded.suffix(digits)) \(currency)"
  }
}
