import Commerce
import HTTPTypes

/// Parcels of orders.
enum ShipmentAPI {
  struct Line: Codable, Described {
    let line: Int
    let quantity: Int64

    static let fields = ["line": "The line's place in the order's lines, from 0."]
  }

  struct NewShipment: Codable, Described {
    let id: ID<Shipment>?
    let lines: [Line]?
    let carrier: String?
    let tracking: String?
    let link: String?

    static let fields = [
      "lines": "All that was not sent yet, when it is left out.",
      "link": "Where the parcel can be followed: an https or http address.",
    ]
  }

  struct ShipmentAnswer: Codable {
    let id: ID<Shipment>
    let order: ID<Order>
    let lines: [Line]
    let carrier: String
    let tracking: String
    let link: String
    let sentAt: Moment
    let deliveredAt: Moment?

    init(_ shipment: Shipment) {
      id = shipment.id
      order = shipment.order
      lines = shipment.lines.map { Line(line: $0.position, quantity: $0.quantity) }
      carrier = shipment.carrier
      tracking = shipment.tracking
      link = shipment.link
      sentAt = shipment.sent
      deliveredAt = shipment.delivered
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/orders/{order}/shipments", "Lists an order's parcels.", gives: List<ShipmentAnswer>.self
    ) { call in
      List(
        try await call.commerce.shipments(of: call.id("order"), by: call.caller, token: call.orderToken)
          .map(ShipmentAnswer.init))
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/orders/{order}/shipments",
      "Says that a parcel of a paid order was sent. The order is fulfilled once all of it was.",
      takes: NewShipment.self, gives: ShipmentAnswer.self, as: .created
    ) { call, body in
      ShipmentAnswer(
        try await call.commerce.ship(
          call.id("order"), id: body.id, key: call.idempotencyKey(), by: call.caller,
          lines: body.lines?.map { Shipment.Line(position: $0.line, quantity: $0.quantity) },
          carrier: body.carrier ?? "", tracking: body.tracking ?? "", link: body.link ?? ""))
    }.repeated(.keyRequired).by(.account),
    Endpoint(
      .post, "/api/v1/orders/{order}/shipments/{shipment}/delivery",
      "Says that a parcel arrived; its buyer and its seller may. The order is delivered once all of it has.",
      gives: OrderAPI.OrderAnswer.self
    ) { call in
      OrderAPI.OrderAnswer(
        try await call.commerce.deliver(
          call.id("shipment"), of: call.id("order"), by: call.caller, token: call.orderToken))
    }.by(.orderToken),
  ]
}
