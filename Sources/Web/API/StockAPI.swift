import Commerce
import HTTPTypes

/// What happened to stock, and what came in.
enum StockAPI {
  struct MovementAnswer: Codable, Described {
    let id: ID<Stock.Movement>
    let kind: Stock.Movement.Kind
    let onHandChange: Int64
    let reservedChange: Int64
    let onHand: Int64
    let reserved: Int64
    let order: ID<Order>?
    let by: String?
    let note: String
    let at: Moment

    static let fields = [
      "onHand": "Units on hand once it had happened.", "reserved": "Units reserved once it had happened.",
      "by": "The name of who did it; left out for the house itself and for guests.",
      "note": "Why, in the words of who did it.",
    ]

    init(_ entry: StockEntry) {
      id = entry.id
      kind = entry.kind
      onHandChange = entry.onHandChange
      reservedChange = entry.reservedChange
      onHand = entry.after.onHand
      reserved = entry.after.reserved
      order = entry.order
      by = entry.by
      note = entry.note
      at = entry.at
    }
  }

  struct Receipt: Codable {
    let count: Int64
    let note: String
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/variants/{variant}/movements",
      "Lists what happened to a variant's stock, newest first, to its channel's members.",
      gives: List<MovementAnswer>.self
    ) { call in
      List(
        try await call.commerce.stockJournal(
          of: call.id("variant"), by: call.caller, after: call.cursor(), limit: call.limit()
        ).entries, MovementAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .post, "/api/v1/variants/{variant}/receipts", "Puts units that came in on the shelf; for the channel's owners.",
      takes: Receipt.self, gives: ProductAPI.StockAnswer.self, as: .created
    ) { call, body in
      let level = try await call.commerce.receiveStock(
        by: call.caller, variant: call.id("variant"), count: body.count, note: body.note)
      return ProductAPI.StockAnswer(onHand: level.onHand, reserved: level.reserved, available: level.available)
    }.by(.account),
  ]
}
