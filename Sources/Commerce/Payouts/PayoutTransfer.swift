import Store

/// What a provider is to send of a payout: what is left of one order.
struct PayoutTransfer: Sendable {
  enum State: String { case pending, sent, returned }

  let id: ID<PayoutTransfer>
  let payout: ID<Payout>
  let payee: Payee
  let provider: String
  /// The payee's name at the provider.
  let providerAccount: String
  let order: ID<Order>?
  /// The account of the books it was taken from.
  let account: String
  /// The provider's name for the payment that the money came with; empty when it came another way.
  let payment: String
  let amount: Money
  let state: State
  /// The provider's name for it; empty until the provider has said that it has it.
  let providerID: String
  /// What is taken back of it, or asked back.
  let reversedMinor: Int64
  let made: Moment

  var request: TransferRequest {
    TransferRequest(
      key: id.description, account: providerAccount, amount: amount,
      reference: order?.orderNumber ?? payout.number(after: "P"), payment: payment.isEmpty ? nil : payment, made: made)
  }
}

/// What is taken back from a transfer.
struct PayoutReversal: Sendable {
  enum State: String { case pending, done, failed }

  let id: ID<PayoutReversal>
  let transfer: PayoutTransfer
  let amount: Money
  let made: Moment
}

extension PayoutTransfer.State: ValueConvertible {}
extension PayoutReversal.State: ValueConvertible {}

extension PayoutTransfer {
  /// Divides a payout among the orders it is for. What others of its orders took from it, such as one that was refunded
  /// after it had been paid out, is taken from the newest.
  static func plan(
    _ payout: ID<Payout>, _ parts: [PayoutPart], _ destination: PayoutDestination, _ currency: Currency,
    on occasion: Occasion, in db: any Connection
  ) throws {
    var owed = parts.reduce(0) { $0 - min(0, $1.minor) }
    var kept: [(part: PayoutPart, minor: Int64)] = []
    for part in parts.reversed() where part.minor > 0 {
      let taken = min(owed, part.minor)
      owed -= taken
      if part.minor > taken { kept.append((part, part.minor - taken)) }
    }
    for batch in stride(from: 0, to: kept.count, by: 500) {
      let transfers = kept[batch..<min(batch + 500, kept.count)]
      let payments = try payments(of: transfers.compactMap(\.part.order), provider: destination.provider, in: db)
      let rows: [[any ValueConvertible]] = transfers.map { part, minor in
        [
          ID<PayoutTransfer>(at: occasion.at, entropy: occasion.entropy), payout, destination.provider,
          part.order, part.account.description, part.order.flatMap { payments[$0] } ?? "", currency, minor,
          State.pending, "", "", 0, occasion.at, 0,
        ]
      }
      try db.run(
        """
        INSERT INTO payout_transfer (id, payout_id, provider, order_id, account, payment, currency, amount_minor, state,
          transfer_id, failure, reversed_minor, made_ms, asked_ms) VALUES \(rows: rows)
        """)
    }
  }

  /// The provider's names for what orders were paid with, where it was paid through this provider.
  private static func payments(
    of orders: [ID<Order>], provider: String, in db: any Connection
  ) throws -> [ID<Order>: String] {
    let rows = try db.rows(
      """
      SELECT share.order_id AS order_id, attempt.payment_id AS payment_id FROM payment_share share
      JOIN payment_attempt attempt ON attempt.id = share.attempt_id
      JOIN ledger_transfer transfer ON transfer.cause_id = share.id AND transfer.kind = 'payment'
      WHERE share.order_id IN \(list: orders) AND attempt.provider = \(provider)
      """)
    return Dictionary(try rows.map { (try $0.get("order_id"), try $0.get("payment_id")) }) { first, _ in first }
  }

  private static let query: SQL = """
    SELECT sent.id AS id, sent.payout_id AS payout_id, payout.payee AS payee, sent.provider AS provider,
      payout.provider_account AS provider_account, sent.order_id AS order_id, sent.account AS account,
      sent.payment AS payment, sent.currency AS currency, sent.amount_minor AS amount_minor, sent.state AS state,
      sent.transfer_id AS transfer_id, sent.reversed_minor AS reversed_minor, sent.made_ms AS made_ms
    FROM payout_transfer sent JOIN payout ON payout.id = sent.payout_id
    """

  static func find(_ id: ID<PayoutTransfer>, in db: any Connection) throws -> PayoutTransfer? {
    try db.row("\(query) WHERE sent.id = \(id)").map(PayoutTransfer.init)
  }

  /// Those of an order that were sent, or may still be, from one account of the books; the oldest first.
  static func standing(
    of order: ID<Order>, from account: String, in db: any Connection
  ) throws -> [PayoutTransfer] {
    try db.rows(
      """
      \(query) WHERE sent.order_id = \(order) AND sent.account = \(account) AND sent.state <> \(State.returned)
      ORDER BY sent.made_ms, sent.id
      """
    ).map(PayoutTransfer.init)
  }

  private init(row: Row) throws {
    id = try row.get("id")
    payout = try row.get("payout_id")
    payee = try row.get("payee")
    provider = try row.get("provider")
    providerAccount = try row.get("provider_account")
    order = try row.get("order_id")
    account = try row.get("account")
    payment = try row.get("payment")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
    state = try row.get("state")
    providerID = try row.get("transfer_id")
    reversedMinor = try row.number("reversed_minor")
    made = try row.get("made_ms")
  }

  /// The part of the books that it is of.
  func part(_ minor: Int64) throws -> PayoutPart {
    guard let account = payee.accounts.first(where: { $0.description == self.account }) else { throw MissingRow() }
    return PayoutPart(account: account, order: order, minor: minor)
  }

  /// The provider has it, and will say later what came of it.
  func taken(as providerID: String, in db: any Connection) throws {
    try db.run(
      "UPDATE payout_transfer SET transfer_id = \(providerID) WHERE id = \(id) AND state = \(State.pending)")
  }

  /// It arrived: what is on its way is less by it, and so is what the provider holds for the house.
  func sent(as providerID: String, on occasion: Occasion, in db: any Connection) throws {
    let isFirst = try db.run(
      """
      UPDATE payout_transfer SET state = \(State.sent), transfer_id = \(providerID)
      WHERE id = \(id) AND state = \(State.pending)
      """)
    guard isFirst == 1 else { return }
    try Ledger.book(
      .payoutPaid, cause: id.bytes,
      [
        Ledger.Entry(account: .payouts, amount: try amount.times(-1)),
        Ledger.Entry(account: .provider(provider), amount: amount),
      ], on: occasion, in: db)
    try endPayout(on: occasion, in: db)
  }

  /// The provider will not send it: it is the payee's here again, and the next payout has it.
  func refused(_ code: String, on occasion: Occasion, in db: any Connection) throws {
    let isFirst = try db.run(
      """
      UPDATE payout_transfer SET state = \(State.returned), failure = \(code)
      WHERE id = \(id) AND state = \(State.pending)
      """)
    guard isFirst == 1 else { return }
    let back = [try part(-amount.minor)]
    try PayoutPart.insert(back, cause: id.bytes, amount.currency, in: db)
    try Ledger.book(
      .payoutReturned, cause: id.bytes,
      PayoutPart.entries(back, payee, amount.currency) + [
        Ledger.Entry(account: .payouts, amount: try amount.times(-1))
      ], on: occasion, in: db)
    // Nothing was sent, so that nothing can be taken back.
    try db.run(
      """
      UPDATE payout_reversal SET state = \(PayoutReversal.State.failed), failure = 'not_sent'
      WHERE transfer_id = \(id) AND state = \(PayoutReversal.State.pending)
      """)
    try db.run("UPDATE payout_transfer SET reversed_minor = 0 WHERE id = \(id)")
    try db.run("UPDATE payout SET failure = \(code) WHERE id = \(payout)")
    try payee.tell(.payoutReturned, payout, at: occasion.at, in: db)
    try endPayout(on: occasion, in: db)
  }

  /// With its last transfer a payout has an end: paid, if any of it was sent.
  private func endPayout(on occasion: Occasion, in db: any Connection) throws {
    try db.run(
      """
      UPDATE payout SET end_id = \(ID<Payout>(at: occasion.at, entropy: occasion.entropy)), ended_ms = \(occasion.at),
        state = CASE WHEN EXISTS (SELECT 1 FROM payout_transfer WHERE payout_id = \(payout) AND state = 'sent')
          THEN 'paid' ELSE 'returned' END
      WHERE id = \(payout) AND end_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM payout_transfer WHERE payout_id = \(payout) AND state = 'pending')
      """)
  }
}

extension PayoutReversal {
  /// Asks back what was paid out of an order and is not its payees' any more, after a refund of it.
  static func begin(after refund: Refund, of order: Order, on occasion: Occasion, in db: any Connection) throws {
    let accounts = try db.rows(
      "SELECT DISTINCT account FROM payout_transfer WHERE order_id = \(order.id) AND state <> 'returned' ORDER BY account"
    ).map { try $0.get("account", as: String.self) }
    for account in accounts {
      guard let payee = Payee.of(account: account) else { throw MissingRow() }
      let due =
        try PayoutPart.due(payee, order.total.currency, of: order.id, in: db)
        .first { $0.account.description == account }?.minor ?? 0
      let transfers = try PayoutTransfer.standing(of: order.id, from: account, in: db)
      // What is asked back already is not in the books yet.
      let asked = try db.requireRow(
        """
        SELECT CAST(COALESCE(SUM(reversal.amount_minor), 0) AS BIGINT) AS minor FROM payout_reversal reversal
        WHERE reversal.state = 'pending' AND reversal.transfer_id IN \(list: transfers.map(\.id))
        """
      ).number("minor")
      var over = -due - asked
      for transfer in transfers where over > 0 {
        let back = min(over, transfer.amount.minor - transfer.reversedMinor)
        guard back > 0 else { continue }
        over -= back
        try db.run(
          "UPDATE payout_transfer SET reversed_minor = reversed_minor + \(back) WHERE id = \(transfer.id)")
        try db.run(
          """
          INSERT INTO payout_reversal (id, transfer_id, refund_id, amount_minor, state, reversal_id, failure, made_ms,
            asked_ms)
          VALUES (\(ID<PayoutReversal>(at: occasion.at, entropy: occasion.entropy)), \(transfer.id), \(refund.id),
            \(back), \(State.pending), '', '', \(occasion.at), 0)
          """)
      }
    }
  }

  static func find(_ id: ID<PayoutReversal>, in db: any Connection) throws -> PayoutReversal? {
    let row = try db.row(
      """
      SELECT transfer_id, amount_minor, made_ms FROM payout_reversal WHERE id = \(id) AND state = \(State.pending)
      """)
    guard let row, let transfer = try PayoutTransfer.find(row.get("transfer_id"), in: db) else { return nil }
    return PayoutReversal(
      id: id, transfer: transfer, amount: Money(minor: try row.get("amount_minor"), currency: transfer.amount.currency),
      made: try row.get("made_ms"))
  }

  /// The provider has it again for the house, and the payee is paid so much less of the order.
  func done(as providerID: String, on occasion: Occasion, in db: any Connection) throws {
    let isFirst = try db.run(
      """
      UPDATE payout_reversal SET state = \(State.done), reversal_id = \(providerID)
      WHERE id = \(id) AND state = \(State.pending)
      """)
    guard isFirst == 1 else { return }
    let back = [try transfer.part(-amount.minor)]
    try PayoutPart.insert(back, cause: id.bytes, amount.currency, in: db)
    try Ledger.book(
      .payoutReturned, cause: id.bytes,
      PayoutPart.entries(back, transfer.payee, amount.currency) + [
        Ledger.Entry(account: .provider(transfer.provider), amount: try amount.times(-1))
      ], on: occasion, in: db)
  }

  func refused(_ code: String, in db: any Connection) throws {
    let isFirst = try db.run(
      """
      UPDATE payout_reversal SET state = \(State.failed), failure = \(code)
      WHERE id = \(id) AND state = \(State.pending)
      """)
    guard isFirst == 1 else { return }
    try db.run(
      "UPDATE payout_transfer SET reversed_minor = reversed_minor - \(amount.minor) WHERE id = \(transfer.id)")
  }
}
