import Commerce

/// A parcel on an order's page.
struct ParcelView: Sendable {
  let id: String
  let name: String
  let contents: [String]
  let carrier: String?
  let tracking: String?
  let link: String?
  let stateText: String
  let stateTone: String
  let whenISO: String
  let whenText: String
  /// What the button says that tells of its arrival; nil once it has.
  let arrived: String?
  let formURL: String

  init(_ shipment: Shipment, number: Int, of order: Order, isSeller: Bool, _ words: Words) {
    id = shipment.id.description
    name = words["parcel.parcel", ["number": String(number)]]
    contents = shipment.lines.compactMap { line in
      guard order.lines.indices.contains(line.position) else { return nil }
      return "\(Figures.grouped(line.quantity)) × \(order.lines[line.position].title)"
    }
    carrier = shipment.carrier.isEmpty ? nil : shipment.carrier
    // Sellers whose only field was “tracking” wrote addresses there: one that is safe to open is opened.
    let isAddress = shipment.link.isEmpty && shipment.tracking.hasPrefix("https://")
    tracking = shipment.tracking.isEmpty || isAddress ? nil : shipment.tracking
    link = isAddress ? shipment.tracking : shipment.link.isEmpty ? nil : shipment.link
    let moment = shipment.delivered ?? shipment.sent
    stateText = words[shipment.delivered == nil ? "order.stepFulfilled" : "order.stepDelivered"]
    stateTone = shipment.delivered == nil ? "warn" : "good"
    whenISO = moment.description
    whenText = moment.plainText
    arrived = shipment.delivered == nil ? words[isSeller ? "parcel.markDelivered" : "parcel.arrived"] : nil
    formURL = "/orders/\(order.id)"
  }
}

/// What a seller still has to send of an order, on its page.
struct SendingView: Sendable {
  struct Line: Sendable {
    let name: String
    let title: String
    let left: String
    let ofText: String
  }

  /// The parcel's id is made with the form: pressing twice sends one.
  let id: String
  let lines: [Line]
  let formURL: String
  /// What is written down for who packs it.
  let note: String

  /// Nil when nothing is left to send.
  init?(_ order: Order, _ units: [LineUnits], id: ID<Shipment>, note: String, _ words: Words) {
    guard order.state == .paid, order.part != .deposit, order.refunded != order.total,
      units.contains(where: { $0.toSend > 0 })
    else { return nil }
    self.id = id.description
    formURL = "/orders/\(order.id)"
    self.note = note
    lines = units.map(\.toSend).enumerated().filter { $1 > 0 }.map { position, left in
      Line(
        name: "line.\(position)", title: order.lines[position].title, left: String(left),
        ofText: words["parcel.leftOf", ["left": Figures.grouped(left)]])
    }
  }

  /// What the form says of each line; a line of 0 or nothing stays.
  static func lines(of form: Form) throws -> [Shipment.Line] {
    try form.names(after: "line.").compactMap { name in
      let text = form["line.\(name)"]
      guard !text.isEmpty, text != "0" else { return nil }
      guard let position = Int(name), let quantity = Int64(text) else {
        throw GeneralRefusal.invalid(field: "quantity", why: "must be a whole number")
      }
      return Shipment.Line(position: position, quantity: quantity)
    }
  }
}
