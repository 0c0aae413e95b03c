import Commerce
import HTTPTypes
import Hummingbird

/// What waits to be sent, the labels for it, and that it was sent.
enum PackingAPI {
  struct WaitingAnswer: Codable, Described {
    let order: OrderAPI.OrderAnswer
    let lines: [ShipmentAPI.Line]
    let isRest: Bool
    let isCancelAsked: Bool
    let note: String
    let weightGrams: Int64
    let value: Money

    static let fields = [
      "lines": "What is left to send, by line of the order.",
      "isRest": "A part of it was sent, or is not to be sent any more.",
      "isCancelAsked": "Its buyer asks for it to be cancelled, and waits for an answer.",
      "note": "What the seller's people wrote down about it.",
      "value": "What was paid for what is left, without shipping.",
    ]

    init(_ waiting: OrderToSend) {
      order = OrderAPI.OrderAnswer(waiting.order)
      lines = waiting.lines.map { ShipmentAPI.Line(line: $0.position, quantity: $0.left) }
      isRest = waiting.isRest
      isCancelAsked = waiting.isCancelAsked
      note = waiting.note
      weightGrams = waiting.grams
      value = waiting.value
    }
  }

  struct NewRow: Codable, Described {
    let order: String
    let carrier: String?
    let tracking: String?
    let link: String?

    static let fields = [
      "order": "The order's number, such as H-7K3M-92QF, or its id.",
      "link": "Where the parcel can be followed: an https or http address.",
    ]
  }

  struct NewRows: Codable, Described {
    let rows: [NewRow]

    static let fields = ["rows": "\(ParcelRow.rowsMax) at most, a parcel each with all that is left of an order."]
  }

  struct RowAnswer: Codable, Described {
    let row: Int
    let order: String
    let shipment: ShipmentAPI.ShipmentAnswer?
    let code: String?
    let detail: String?

    static let fields = [
      "row": "Its place among the rows, from 0.", "shipment": "The parcel; left out where the row was refused.",
      "code": "Why the row was refused.", "detail": "The same as a sentence.",
    ]

    init(_ sent: SentRow) {
      row = sent.place
      order = sent.row.order
      shipment = sent.shipment.map(ShipmentAPI.ShipmentAnswer.init)
      code = sent.refusal?.code
      detail = sent.refusal?.sentence
    }
  }

  struct OrderNote: Codable { let note: String }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/packing",
      "Lists a channel's orders of which something is left to send, the first paid first; to owners and fulfilment.",
      gives: List<WaitingAnswer>.self
    ) { call in
      List(
        try await call.commerce.ordersToSend(
          of: call.channel().id, by: call.caller, only: call.ids("order"), after: call.cursor(), limit: call.limit()),
        WaitingAnswer.init)
    }.paged.query("order", orderMeaning).by(.account),
    labels,
    Endpoint(
      .post, "/api/v1/channels/{channel}/shipments",
      "Says of many orders at once that all that is left of them was sent. Each row is taken or refused for itself.",
      takes: NewRows.self, gives: List<RowAnswer>.self
    ) { call, body in
      let rows = body.rows.map {
        ParcelRow(order: $0.order, carrier: $0.carrier ?? "", tracking: $0.tracking ?? "", link: $0.link ?? "")
      }
      return List(
        try await call.commerce.sendOrders(rows, of: call.channel().id, by: call.caller).map(RowAnswer.init))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/orders/{order}/note", "Says what the seller's people wrote down about an order, to them.",
      gives: OrderNote.self
    ) { call in OrderNote(note: try await call.commerce.note(of: call.id("order", Order.self), by: call.caller)) }.by(
      .account),
    Endpoint(
      .put, "/api/v1/orders/{order}/note", "Writes down something about an order; empty, it is forgotten.",
      takes: OrderNote.self, gives: OrderNote.self
    ) { call, body in
      OrderNote(note: try await call.commerce.putNote(body.note, of: call.id("order", Order.self), by: call.caller))
    }.by(.account),
  ]

  private static let orderMeaning = "Only this order, by its id; several may be given."

  private static var labels: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/channels/{channel}/packing/labels",
      "Gives a row for each parcel to send (CSV), as carriers' label tools take them; \(OrderToSend.ordersMax) at most."
    ) { call in
      let channel = try await call.channel()
      let file = try await call.commerce.labelsFile(of: channel.id, by: call.caller, only: call.ids("order"))
      return PayoutAPI.csv(file, named: "\(channel.handle)-labels")
    }
    endpoint.answer = .text("text/csv")
    return endpoint.query("order", orderMeaning).by(.account)
  }
}
