import Foundation
import Store

extension Commerce {
  /// Says that a parcel of a paid order was sent: `lines` of it, or all that was not sent yet; for owners and
  /// fulfilment members of its channel. Once all is sent the order is `fulfilled`. A request to cancel it that nobody
  /// answered is overtaken.
  ///
  /// Asked twice with one `id`, or without any with one `key`, it sends one parcel.
  public func ship(
    _ order: ID<Order>, id: ID<Shipment>? = nil, key: IdempotencyKey? = nil, by caller: Caller,
    lines: [Shipment.Line]? = nil, carrier: String = "", tracking: String = "", link: String = ""
  ) async throws -> Shipment {
    let carrier = try policy.text(carrier, "carrier", max: policy.nameCharactersMax, required: false)
    let tracking = try policy.text(tracking, "tracking", max: policy.trackingCharactersMax, required: false)
    let link = try policy.link(link, "link")
    let made = id ?? key?.id() ?? makeID()
    return try await writeAndTell { [policy] db in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      if let shipment = try Shipment.find(made, in: db) {
        guard shipment.order == order, lines == nil || lines == shipment.lines else {
          throw ShipOrderRefusal.otherShipment
        }
        return shipment
      }
      // One that comes from a key is ours, and no time.
      if let id { try policy.checkNew(id, at: clock.now) }
      guard found.state == .paid else {
        throw found.state == .placed ? FulfilOrderRefusal.notPaid : FulfilOrderRefusal.over(found.state)
      }
      guard found.part != .deposit else { throw FulfilOrderRefusal.preorder }
      // Its units may be going back on the shelf this moment.
      guard found.refunded != found.total else { throw FulfilOrderRefusal.refunded }
      let left = try found.lineUnits(in: db).map(\.toSend)
      let sent = lines ?? left.enumerated().filter { $1 > 0 }.map { .init(position: $0, quantity: $1) }
      try Self.check(sent, against: left)
      let shipment = Shipment(
        id: made, order: order, carrier: carrier, tracking: tracking, link: link, lines: sent, sent: clock.now,
        delivered: nil)
      try shipment.insert(by: caller.account, in: db)
      try db.run("UPDATE orders SET tracking = \(shipment.reference) WHERE id = \(order)")
      try Cancellation.end(of: found, as: .overtaken, by: caller.account, on: occasion(order: order), in: db)
      try found.endSending(at: shipment.sent, in: db)
      try Mail.queue(.sent, of: found, because: shipment.id, at: shipment.sent, in: db)
      try WebhookMessage.queue(
        .orderShipped, of: order, because: shipment.id, shipment: shipment.id, at: shipment.sent, in: db)
      try Outbox.announce(.order(order), in: db)
      return shipment
    }
  }

  /// The shipments of an order, the first sent first, for its buyer and for members of its channel who deal with
  /// orders.
  public func shipments(of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws
    -> [Shipment]
  {
    try await database.read { db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      return try Shipment.all(of: found.id, in: db)
    }
  }

  private static func check(_ sent: [Shipment.Line], against left: [Int64]) throws {
    guard !sent.isEmpty else { throw ShipOrderRefusal.nothing }
    guard Set(sent.map(\.position)).count == sent.count else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name each line once")
    }
    for line in sent {
      guard left.indices.contains(line.position) else {
        throw GeneralRefusal.invalid(field: "lines", why: "must be lines of the order, counted from 0")
      }
      guard line.quantity > 0 else { throw GeneralRefusal.invalid(field: "quantity", why: "must be 1 or more") }
      guard line.quantity <= left[line.position] else {
        throw ShipOrderRefusal.tooMany(position: line.position, left: left[line.position])
      }
    }
  }
}

extension Shipment {
  /// What `Order.tracking` says of it.
  var reference: String { tracking.isEmpty ? link : tracking }
}

extension Policy {
  /// An address to open in a browser, or nothing. Others, such as `javascript:`, would run on our page.
  func link(_ text: String, _ field: String) throws -> String {
    let link = try self.text(text, field, max: linkCharactersMax, required: false)
    guard !link.isEmpty else { return "" }
    guard let url = URL(string: link), ["http", "https"].contains(url.scheme?.lowercased()),
      url.host()?.isEmpty == false, url.user() == nil
    else { throw GeneralRefusal.invalid(field: field, why: "must be an address that begins with https:// or http://") }
    return link
  }
}

/// Why a parcel is not sent.
public enum ShipOrderRefusal: Refusal, Equatable {
  case nothing
  case tooMany(position: Int, left: Int64)
  case otherShipment

  public var code: String {
    switch self {
    case .nothing: "nothing_to_send"
    case .tooMany: "more_than_left"
    case .otherShipment: "idempotency_mismatch"
    }
  }

  public var sentence: String {
    switch self {
    case .nothing: "Choose at least one unit to send."
    case .tooMany(let position, let left): "Only \(left) of line \(position + 1) are left to send."
    case .otherShipment: "This shipment id was used for another shipment. Take a new one."
    }
  }

  public var kind: RefusalKind { self == .otherShipment ? .mismatch : .invalid }
  public var field: String? { self == .otherShipment ? nil : "lines" }
}
