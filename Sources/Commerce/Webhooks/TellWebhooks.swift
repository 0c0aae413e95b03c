import Crypto
import Foundation
import Store

extension WebhookMessage {
  /// Queues what happened for each of the owner's webhooks that wants to know, in the transaction in which it happens. The
  /// same of the same cause again changes nothing. Without such a webhook this is one statement, and `data` is not made.
  ///
  /// - Parameter cause: the bytes of the id of what it tells of.
  static func queue(
    _ kind: WebhookKind, to owner: Payee, because cause: [UInt8], at now: Moment, in db: any Connection,
    _ data: () throws -> some Encodable
  ) throws {
    let rows = try db.rows(
      "SELECT \(Webhook.columns) FROM webhook WHERE owner = \(owner) AND state <> 'removed' ORDER BY created_ms, id")
    try queue(kind, to: rows.map(Webhook.init), because: cause, at: now, in: db, data)
  }

  /// The same for every partner: what is public they may want to show.
  static func queueForPartners(
    _ kind: WebhookKind, because cause: [UInt8], at now: Moment, in db: any Connection,
    _ data: () throws -> some Encodable
  ) throws {
    // From `partner:` to before what follows the colon.
    let rows = try db.rows(
      """
      SELECT \(Webhook.columns) FROM webhook WHERE owner >= 'partner:' AND owner < 'partner;' AND state <> 'removed'
      """)
    let webhooks = try rows.map(Webhook.init).filter { webhook in
      guard webhook.state == .on, case .partner(let partner) = webhook.owner else { return false }
      return try Partner.find(partner, at: now, in: db)?.state == .active
    }
    try queue(kind, to: webhooks, because: cause, at: now, in: db, data)
  }

  private static func queue(
    _ kind: WebhookKind, to webhooks: [Webhook], because cause: [UInt8], at now: Moment, in db: any Connection,
    _ data: () throws -> some Encodable
  ) throws {
    let wanting = webhooks.filter { $0.state == .on && $0.kinds.contains(kind) }
    guard !wanting.isEmpty else { return }
    let body = try body(kind, at: now, data())
    for webhook in wanting { try insert(kind, to: webhook, because: cause, body, at: now, in: db) }
  }

  /// The payload of Standard Webhooks: what happened, when, and of what.
  static func body(_ kind: WebhookKind, at now: Moment, _ data: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Payload(type: kind.rawValue, timestamp: now, data: data)), as: UTF8.self)
  }

  /// Gives its id; nil when too much waits already.
  @discardableResult
  static func insert(
    _ kind: WebhookKind, to webhook: Webhook, because cause: [UInt8], _ body: String, at now: Moment,
    in db: any Connection
  ) throws -> ID<WebhookMessage>? {
    // One that takes what it is sent has little waiting: the count is for the others.
    if webhook.failing != nil {
      let waiting: Int64 = try db.requireRow(
        "SELECT COUNT(*) AS waiting FROM webhook_message WHERE webhook_id = \(webhook.id) AND state = 'waiting'"
      ).get("waiting")
      guard waiting < Webhook.waitingMax else {
        try db.run("UPDATE webhook SET dropped = dropped + 1 WHERE id = \(webhook.id)")
        return nil
      }
    }
    var hash = SHA256()
    hash.update(data: Data("webhook.\(kind.rawValue).".utf8))
    hash.update(data: webhook.id.bytes + cause)
    let id = ID<WebhookMessage>(bytes: Array(hash.finalize().prefix(16)))
    try db.run(
      """
      INSERT INTO webhook_message (id, webhook_id, kind, body, state, attempts, attempts_before, next_ms, made_ms, sent_ms)
      VALUES (\(id), \(webhook.id), \(kind), \(body), \(State.waiting), 0, 0, \(now), \(now), NULL)
      ON CONFLICT (id) DO NOTHING
      """)
    return id
  }

  private struct Payload<Data: Encodable>: Encodable {
    let type: String
    let timestamp: Moment
    let data: Data
  }
}

// What webhooks are told of each thing. Nothing of a buyer is in it: a log of somebody else's program is no place for
// names and addresses, and who needs them asks the API.

extension WebhookMessage {
  /// Tells the order's seller, and the partner who brought it.
  static func queue<Cause>(
    _ kind: WebhookKind, of order: ID<Order>, because cause: ID<Cause>, shipment: ID<Shipment>? = nil,
    refund: ID<Refund>? = nil, at now: Moment, in db: any Connection
  ) throws {
    guard let row = try db.row("SELECT channel_id, partner_id FROM orders WHERE id = \(order)") else { return }
    try queue(kind, to: .channel(row.get("channel_id")), because: cause.bytes, at: now, in: db) {
      SellerData(
        order: SellerOrder(try Order.require(order, in: db)),
        shipment: try shipment.flatMap { try Shipment.find($0, in: db) }.map(SentParcel.init),
        refund: try refund.flatMap { id in try Refund.all(of: order, in: db).first { $0.id == id } }.map(
          GivenBack.init))
    }
    guard let partner = try row.get("partner_id", as: ID<Partner>?.self) else { return }
    try queue(kind, to: .partner(partner), because: cause.bytes, at: now, in: db) {
      PartnerData(order: PartnerOrderData(try PartnerOrder.require(order, in: db)))
    }
  }

  /// Tells the show's channel and every partner.
  static func queue(_ kind: WebhookKind, of show: Show, at now: Moment, in db: any Connection) throws {
    let data = ShowData(show: ShowOnAir(show))
    try queue(kind, to: .channel(show.channel), because: show.id.bytes, at: now, in: db) { data }
    try queueForPartners(kind, because: show.id.bytes, at: now, in: db) { data }
  }

  private struct SellerData: Encodable {
    let order: SellerOrder
    let shipment: SentParcel?
    let refund: GivenBack?
  }

  private struct SellerOrder: Encodable {
    struct Line: Encodable {
      let product: ID<Product>
      let variant: ID<Variant>
      let sku: String
      let title: String
      let quantity: Int64
      let total: Money
    }

    let id: ID<Order>
    let number: String
    let state: Order.State
    let market: String
    let show: ID<Show>?
    let placedAt: Moment
    let lines: [Line]
    let shipping: Money
    let total: Money
    let refunded: Money

    init(_ order: Order) {
      id = order.id
      number = order.number
      state = order.state
      market = order.market
      show = order.show
      placedAt = order.placed
      lines = order.lines.map {
        Line(
          product: $0.product, variant: $0.variant, sku: $0.sku, title: $0.title, quantity: $0.quantity,
          total: $0.total)
      }
      shipping = order.shipping
      total = order.total
      refunded = order.refunded
    }
  }

  private struct SentParcel: Encodable {
    struct Line: Encodable {
      let line: Int
      let quantity: Int64
    }

    let id: ID<Shipment>
    let carrier: String
    let tracking: String
    let link: String
    let lines: [Line]

    init(_ shipment: Shipment) {
      id = shipment.id
      carrier = shipment.carrier
      tracking = shipment.tracking
      link = shipment.link
      lines = shipment.lines.map { Line(line: $0.position, quantity: $0.quantity) }
    }
  }

  private struct GivenBack: Encodable {
    let id: ID<Refund>
    let amount: Money
    let reason: String

    init(_ refund: Refund) {
      id = refund.id
      amount = refund.amount
      reason = refund.reason
    }
  }

  private struct PartnerData: Encodable { let order: PartnerOrderData }

  private struct PartnerOrderData: Encodable {
    let id: ID<Order>
    let number: String
    let state: Order.State
    let show: ID<Show>?
    let site: String?
    let placedAt: Moment
    let total: Money
    let commission: Money
    let share: Money
    let givenBack: Money

    init(_ order: PartnerOrder) {
      id = order.id
      number = order.number
      state = order.state
      show = order.show
      site = order.source.site.isEmpty ? nil : order.source.site
      placedAt = order.placed
      total = order.total
      commission = order.commission
      share = order.share
      givenBack = order.givenBack
    }
  }

  private struct ShowData: Encodable { let show: ShowOnAir }

  private struct ShowOnAir: Encodable {
    let id: ID<Show>
    let title: String
    let state: ShowState
    let channel: ID<Channel>
    let channelName: String
    let markets: [String]
    let scheduledAt: Moment
    let startedAt: Moment?
    let endedAt: Moment?

    init(_ show: Show) {
      id = show.id
      title = show.title
      state = show.state
      channel = show.channel
      channelName = show.channelName
      markets = show.markets
      scheduledAt = show.scheduledAt
      startedAt = show.startedAt
      endedAt = show.endedAt
    }
  }

  /// Tells its payee that money is on its way.
  static func queue(payout: ID<Payout>, to payee: Payee, _ amount: Money, at now: Moment, in db: any Connection) throws
  {
    try queue(.payoutMade, to: payee, because: payout.bytes, at: now, in: db) {
      PayoutData(payout: PayoutMade(id: payout, number: payout.number(after: "P"), amount: amount))
    }
  }

  private struct PayoutData: Encodable { let payout: PayoutMade }

  private struct PayoutMade: Encodable {
    let id: ID<Payout>
    let number: String
    let amount: Money
  }
}
