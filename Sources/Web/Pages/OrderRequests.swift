import Commerce
import Foundation

/// One of a list to choose from.
struct OptionView: Sendable {
  let value: String
  let name: String
}

/// So many units of a line, in a form.
struct CountView: Sendable {
  let name: String
  let title: String
  let max: String
  let value: String
  let ofText: String
}

/// What was asked to be cancelled of an order and is not answered, on its page.
struct AskedView: Sendable {
  let id: String
  let text: String
  let said: String?
  /// The seller's, to answer it.
  let isToAnswer: Bool
  let formURL: String

  init?(_ cancellations: [Cancellation], of order: Order, seller: Channel, isSeller: Bool, _ visit: Visit) {
    guard let open = cancellations.last(where: { $0.state == .requested }) else { return nil }
    id = open.id.description
    let until = open.made.adding(seconds: visit.commerce.policy.answerDays * 86_400)
    text =
      visit.words[
        isSeller ? "cancel.askedOfYou" : "cancel.askedByYou", ["seller": seller.name, "time": until.plainText]]
    said = open.note.isEmpty ? nil : open.note
    isToAnswer = isSeller
    formURL = "/orders/\(order.id)"
  }
}

/// How a buyer cancels a paid order.
struct CancellingView: Sendable {
  /// The cancellation's id is made with the form: pressing twice asks once.
  let id: String
  let text: String
  let buttonText: String
  let noteMax: Int
  let formURL: String

  /// Nil when it is too late, or asked already.
  init?(_ order: Order, _ shipments: [Shipment], _ cancellations: [Cancellation], seller: Channel, _ visit: Visit) {
    let policy = visit.commerce.policy
    guard order.state == .paid, shipments.isEmpty, order.refunded != order.total, let paid = order.paid,
      !cancellations.contains(where: { $0.state == .requested }),
      cancellations.count < policy.cancellationsPerOrderMax
    else { return nil }
    id = visit.commerce.makeID(Cancellation.self).description
    let until = paid.adding(seconds: policy.cancelMinutes * 60)
    let isAtOnce = order.part == .deposit || visit.commerce.clock.now <= until
    text =
      order.part == .deposit
      ? visit.words["preorder.mayCancel"]
      : visit.words[
        isAtOnce ? "cancel.atOnce" : "cancel.byRequest", ["time": until.plainText, "seller": seller.name]]
    buttonText = visit.words[isAtOnce ? "order.cancel" : "cancel.ask"]
    noteMax = policy.reasonCharactersMax
    formURL = "/orders/\(order.id)"
  }
}

/// How a seller cancels what was not sent of a paid order.
struct SellerCancellingView: Sendable {
  let id: String
  let lines: [CountView]
  let reasons: [OptionView]
  let noteMax: Int
  let formURL: String

  init?(_ order: Order, _ units: [LineUnits], _ cancellations: [Cancellation], _ visit: Visit) {
    guard order.state == .paid, order.refunded != order.total, units.contains(where: { $0.toSend > 0 }),
      !cancellations.contains(where: { $0.state == .requested })
    else { return nil }
    id = visit.commerce.makeID(Cancellation.self).description
    lines = order.counts(units.map(\.toSend), "cancel", value: { String($0) }, of: "parcel.leftOf", visit.words)
    reasons = [Cancellation.Reason.outOfStock, .buyersWish, .address, .other].map {
      OptionView(value: $0.rawValue, name: visit.words.text($0))
    }
    noteMax = visit.commerce.policy.reasonCharactersMax
    formURL = "/orders/\(order.id)"
  }
}

/// How a buyer asks to send something back.
struct AskReturnView: Sendable {
  let id: String
  let lines: [CountView]
  let reasons: [OptionView]
  let untilText: String
  let noteMax: Int
  let formURL: String

  /// - Parameter until: nil where nothing can be sent back.
  init?(_ order: Order, _ units: [LineUnits], until: Moment?, _ visit: Visit) {
    let policy = visit.commerce.policy
    guard [.paid, .fulfilled, .delivered, .settled].contains(order.state),
      order.refunded != order.total, let until, visit.commerce.clock.now <= until,
      units.contains(where: { $0.returnable > 0 })
    else { return nil }
    id = visit.commerce.makeID(Return.self).description
    lines = order.counts(units.map(\.returnable), "return", value: { _ in "0" }, of: "returns.leftOf", visit.words)
    reasons = Return.Reason.allCases.map { OptionView(value: $0.rawValue, name: visit.words.text($0)) }
    untilText = visit.words["returns.until", ["time": until.plainText]]
    noteMax = policy.returnNoteCharactersMax
    formURL = "/orders/\(order.id)"
  }
}

/// A return on its order's page, with what the reader can do about it.
struct ReturnView: Sendable {
  let id: String
  let stateText: String
  let stateTone: String
  let whenISO: String
  let whenText: String
  let contents: [String]
  let reasonText: String
  let said: String?
  let instructions: String?
  let waysText: String?
  let answer: String?
  let parcel: String?
  let parcelLink: String?
  let dueText: String?
  let canAnswer: Bool
  let canRefuse: Bool
  let receiving: [CountView]
  let canReceive: Bool
  let canSend: Bool
  let canWithdraw: Bool
  let canDispute: Bool
  let noteMax: Int
  let reasonMax: Int
  let formURL: String

  init(_ goods: Return, of order: Order, seller: Channel, isSeller: Bool, isBuyer: Bool, _ visit: Visit) {
    let (words, policy) = (visit.words, visit.commerce.policy)
    id = goods.id.description
    stateText = words.text(goods.state)
    stateTone = goods.state.tone
    whenISO = goods.changed.description
    whenText = goods.changed.plainText
    contents = order.contents(
      goods.lines.map { ($0.position, goods.state == .received ? $0.received : $0.quantity) })
    reasonText = words.text(goods.reason)
    said = goods.note.isEmpty ? nil : goods.note
    instructions = goods.instructions.isEmpty ? nil : goods.instructions
    waysText =
      [.approved, .sent].contains(goods.state)
      ? words[goods.reason.isSellersFault ? "returns.sellerPays" : "returns.buyerPays"] : nil
    answer = goods.answer.isEmpty ? nil : goods.answer
    let tracked = [goods.carrier, goods.tracking].filter { !$0.isEmpty }.joined(separator: " ")
    parcel = tracked.isEmpty ? nil : tracked
    parcelLink = goods.link.isEmpty ? nil : goods.link
    dueText = goods.due(policy).map {
      words["returns.due\(goods.state.rawValue.capitalized)", ["time": $0.plainText, "seller": seller.name]]
    }
    canAnswer = isSeller && [.requested, .disputed].contains(goods.state)
    canRefuse = isSeller && goods.state == .requested
    canReceive = isSeller && [.approved, .sent, .disputed].contains(goods.state)
    receiving = canReceive ? goods.receiving(of: order, words) : []
    canSend = isBuyer && [.approved, .sent].contains(goods.state)
    canWithdraw = isBuyer && [.requested, .approved, .disputed].contains(goods.state)
    canDispute = isBuyer && goods.mayBeDisputed(at: visit.commerce.clock.now, policy)
    noteMax = policy.returnNoteCharactersMax
    reasonMax = policy.reasonCharactersMax
    formURL = "/orders/\(order.id)"
  }
}

extension OrderPage {
  /// What was asked of the order, and what can be.
  struct Requests: Sendable {
    let cancellations: [Cancellation]
    let asked: AskedView?
    let cancelling: CancellingView?
    let sellerCancelling: SellerCancellingView?
    let returns: [ReturnView]
    let askReturn: AskReturnView?
    let history: [HistoryView]
    let rating: RatingOfOrderView?
  }

  /// Does what a form of cancellations and returns says; false when it is none of those.
  static func actOnRequests(_ form: Form, _ visit: Visit, _ id: ID<Order>) async throws -> Bool {
    let (commerce, caller, token) = (visit.commerce, visit.caller, visit.orderToken)
    func cancellation() throws -> ID<Cancellation> {
      guard let id = ID<Cancellation>(form["cancellation"]) else { throw Problem.notFound("cancellation") }
      return id
    }
    func goods() throws -> ID<Return> {
      guard let id = ID<Return>(form["return"]) else { throw Problem.notFound("return") }
      return id
    }
    if try await RatingOfOrderView.act(form, visit, id) { return true }
    switch form["do"] {
    case "ask-cancel":
      _ = try await commerce.askToCancel(id, id: cancellation(), by: caller, token: token, note: form["note"])
    case "cancel-paid":
      guard let reason = Cancellation.Reason(rawValue: form["reason"]) else {
        throw GeneralRefusal.invalid(field: "reason", why: "must be one of the list")
      }
      _ = try await commerce.cancelPaid(
        id, id: cancellation(), by: caller,
        lines: try form.counts("cancel").map { Refund.Units(position: $0.position, quantity: $0.quantity) },
        reason: reason, note: form["note"])
    case "accept-cancel": _ = try await commerce.acceptCancellation(cancellation(), of: id, by: caller)
    case "refuse-cancel":
      _ = try await commerce.refuseCancellation(cancellation(), of: id, by: caller, reason: form["reason"])
    case "ask-return":
      guard let reason = Return.Reason(rawValue: form["reason"]) else {
        throw GeneralRefusal.invalid(field: "reason", why: "must be one of the list")
      }
      _ = try await commerce.askReturn(
        id, id: goods(), by: caller, token: token,
        lines: try form.counts("return").map { Return.Line(position: $0.position, quantity: $0.quantity) },
        reason: reason, note: form["note"])
    case "approve-return":
      _ = try await commerce.approveReturn(goods(), of: id, by: caller, instructions: form["instructions"])
    case "refuse-return": _ = try await commerce.refuseReturn(goods(), of: id, by: caller, reason: form["reason"])
    case "receive-return": _ = try await commerce.receiveReturn(goods(), of: id, by: caller, lines: form.receipts())
    case "send-return":
      _ = try await commerce.sendReturn(
        goods(), of: id, by: caller, token: token, carrier: form["carrier"], tracking: form["tracking"],
        link: form["link"])
    case "withdraw-return": _ = try await commerce.withdrawReturn(goods(), of: id, by: caller, token: token)
    case "dispute-return":
      _ = try await commerce.disputeReturn(goods(), of: id, by: caller, token: token, note: form["note"])
    default: return false
    }
    return true
  }
}

/// One thing that happened, on an order's page.
struct HistoryView: Sendable {
  let text: String
  let said: String?
  let whenISO: String
  let whenText: String

  /// All that happened, the first first.
  static func all(
    _ order: Order, _ shipments: [Shipment], _ refunds: [Refund], _ events: [OrderEvent], _ words: Words
  ) -> [HistoryView] {
    var found: [(Moment, String, String)] = [(order.placed, words["history.placed"], "")]
    if let paid = order.paid { found.append((paid, words["history.paid"], "")) }
    for (index, shipment) in shipments.enumerated() {
      let values = ["number": String(index + 1)]
      found.append((shipment.sent, words["history.sent", values], ""))
      if let delivered = shipment.delivered { found.append((delivered, words["history.arrived", values], "")) }
    }
    for refund in refunds {
      found.append((refund.made, words["history.refund", ["amount": words.money(refund.amount)]], ""))
    }
    for event in events {
      let party = words["history.by\(event.party.rawValue.capitalized)"]
      found.append((event.at, words["history.\(event.kind.key)", ["party": party]], event.note))
    }
    return found.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map { _, entry in
      HistoryView(
        text: entry.1, said: entry.2.isEmpty ? nil : entry.2, whenISO: entry.0.description,
        whenText: entry.0.plainText)
    }
  }
}

extension Order {
  /// `2 × Brass lamp`, for each of some lines.
  func contents(_ units: [(position: Int, quantity: Int64)]) -> [String] {
    units.compactMap { position, quantity in
      guard lines.indices.contains(position), quantity > 0 else { return nil }
      return "\(Figures.grouped(quantity)) × \(lines[position].title)"
    }
  }

  /// Fields for as many units of each line as `left`, but for those with none.
  func counts(
    _ left: [Int64], _ prefix: String, value: (Int64) -> String, of text: String, _ words: Words
  ) -> [CountView] {
    left.enumerated().filter { $1 > 0 }.map { position, left in
      CountView(
        name: "\(prefix).\(position)", title: lines[position].title, max: String(left), value: value(left),
        ofText: words[text, ["left": Figures.grouped(left)]])
    }
  }
}

extension Return {
  /// Two fields a line: what goes on the shelf again, which is all of what can be sold again, and what does not.
  fileprivate func receiving(of order: Order, _ words: Words) -> [CountView] {
    let isDamaged = reason == .damaged
    return lines.flatMap { line -> [CountView] in
      guard order.lines.indices.contains(line.position) else { return [] }
      return [("restock", "returns.restock", isDamaged), ("writeoff", "returns.writeOff", !isDamaged)].map {
        name, text, isNone in
        CountView(
          name: "\(name).\(line.position)", title: order.lines[line.position].title, max: String(line.quantity),
          value: isNone ? "0" : String(line.quantity), ofText: words[text])
      }
    }
  }
}

extension Form {
  /// What the form says of each line under this prefix; a line of 0 or nothing is left out.
  func counts(_ prefix: String) throws -> [(position: Int, quantity: Int64)] {
    try names(after: "\(prefix).").compactMap { name in
      let text = self["\(prefix).\(name)"]
      guard !text.isEmpty, text != "0" else { return nil }
      guard let position = Int(name), let quantity = Int64(text) else {
        throw GeneralRefusal.invalid(field: "quantity", why: "must be a whole number")
      }
      return (position, quantity)
    }
  }

  /// What came of a return.
  func receipts() throws -> [Return.Receipt] {
    let (restocked, writtenOff) = (try counts("restock"), try counts("writeoff"))
    return Set(restocked.map(\.position) + writtenOff.map(\.position)).sorted().map { position in
      Return.Receipt(
        position: position, restocked: restocked.first { $0.position == position }?.quantity ?? 0,
        writtenOff: writtenOff.first { $0.position == position }?.quantity ?? 0)
    }
  }
}

extension Words {
  func text(_ reason: Cancellation.Reason) -> String {
    switch reason {
    case .outOfStock: self["cancel.outOfStock"]
    case .buyersWish: self["cancel.buyersWish"]
    case .address: self["cancel.address"]
    case .other: self["cancel.other"]
    }
  }

  func text(_ reason: Return.Reason) -> String {
    switch reason {
    case .damaged: self["returns.damaged"]
    case .notAsDescribed: self["returns.notAsDescribed"]
    case .wrongSize: self["returns.wrongSize"]
    case .changedMind: self["returns.changedMind"]
    case .other: self["returns.other"]
    }
  }

  func text(_ state: Return.State) -> String { self["returns.state\(state.rawValue.capitalized)"] }

  /// Why a refund was made: as somebody wrote, or by what it is for.
  func reason(of refund: Refund, _ cancellation: Cancellation?, _ goods: Return?) -> String {
    if let cancellation, cancellation.refund == refund.id { return reason(of: cancellation) }
    if let goods, goods.refund == refund.id {
      return [self["returns.cameBack"], refund.reason].filter { !$0.isEmpty }.joined(separator: " ")
    }
    return refund.reason
  }

  func reason(of cancellation: Cancellation) -> String {
    let text =
      cancellation.reason == .other && !cancellation.note.isEmpty ? self["cancel.cancelled"] : text(cancellation.reason)
    return cancellation.note.isEmpty ? text : "\(text) · \(cancellation.note)"
  }
}

extension Return.State {
  var tone: String {
    switch self {
    case .requested, .approved, .sent, .disputed: "warn"
    case .received: "good"
    case .refused: "bad"
    case .withdrawn, .lapsed: ""
    }
  }
}

extension OrderEvent.Kind {
  /// `returnRequested`: the key of its words.
  fileprivate var key: String {
    let parts = rawValue.split(separator: "_").map(String.init)
    return parts[0] + parts.dropFirst().map(\.capitalized).joined()
  }
}
