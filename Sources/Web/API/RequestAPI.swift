import Commerce
import HTTPTypes

/// What happens to a paid order besides its parcels and refunds: cancellations and returns.
enum RequestAPI {
  struct NewRequest: Codable, Described {
    let id: ID<Cancellation>?
    let reason: Cancellation.Reason?
    let note: String?

    static let fields = ["reason": "The buyer's wish, when it is left out."]
  }

  struct Units: Codable, Described {
    let line: Int
    let quantity: Int64

    static let fields = ["line": "The line's place in the order, from 0."]
  }

  struct NewCancellation: Codable, Described {
    let id: ID<Cancellation>?
    let lines: [Units]?
    let reason: Cancellation.Reason
    let note: String?

    static let fields = ["lines": "Units that were not sent; all of them when it is left out."]
  }

  struct CancellationAnswer: Codable, Described {
    let id: ID<Cancellation>
    let order: ID<Order>
    let party: Party
    let state: Cancellation.State
    let reason: Cancellation.Reason
    let note: String
    let answer: String?
    let madeAt: Moment
    let changedAt: Moment

    static let fields = [
      "party": "Who wanted it: the buyer or the seller.",
      "state":
        "requested waits for the seller; overtaken was sent first; the refund of accepted has the same id; failed is to be sent again.",
      "answer": "Why the seller refused it.",
    ]

    init(_ cancellation: Cancellation) {
      id = cancellation.id
      order = cancellation.order
      party = cancellation.party
      state = cancellation.state
      reason = cancellation.reason
      note = cancellation.note
      answer = cancellation.answer.isEmpty ? nil : cancellation.answer
      madeAt = cancellation.made
      changedAt = cancellation.changed
    }
  }

  struct RefusalOfRequest: Codable { let reason: String }

  struct NewReturn: Codable {
    let id: ID<Return>?
    let lines: [Units]
    let reason: Return.Reason
    let note: String?
  }

  struct ReturnLine: Codable, Described {
    let line: Int
    let quantity: Int64
    let restocked: Int64
    let writtenOff: Int64

    static let fields = ["restocked": "Of those that came, back on the shelf; writtenOff are not sold again."]
  }

  struct ReturnAnswer: Codable, Described {
    let id: ID<Return>
    let order: ID<Order>
    let state: Return.State
    let reason: Return.Reason
    let note: String
    let lines: [ReturnLine]
    let instructions: String?
    let answer: String?
    let isDecided: Bool
    let carrier: String?
    let tracking: String?
    let link: String?
    let madeAt: Moment
    let changedAt: Moment
    let dueAt: Moment?

    static let fields = [
      "state": "The refund of a received one has the return's id.",
      "instructions": "Where and how to send it.", "answer": "Why it was refused.",
      "isDecided": "The operator has had the last word.",
      "dueAt": "When the next step is taken by itself, if nobody takes it.",
    ]

    init(_ goods: Return, _ policy: Policy) {
      func text(_ text: String) -> String? { text.isEmpty ? nil : text }
      id = goods.id
      order = goods.order
      state = goods.state
      reason = goods.reason
      note = goods.note
      lines = goods.lines.map {
        ReturnLine(line: $0.position, quantity: $0.quantity, restocked: $0.restocked, writtenOff: $0.writtenOff)
      }
      instructions = text(goods.instructions)
      answer = text(goods.answer)
      isDecided = goods.isDecided
      carrier = text(goods.carrier)
      tracking = text(goods.tracking)
      link = text(goods.link)
      madeAt = goods.made
      changedAt = goods.changed
      dueAt = goods.due(policy)
    }
  }

  struct Approval: Codable, Described {
    let instructions: String

    static let fields = ["instructions": "Where and how to send the goods."]
  }

  struct Parcel: Codable {
    let carrier: String?
    let tracking: String?
    let link: String?
  }

  struct ReturnReceipt: Codable, Described {
    struct ReceivedLine: Codable {
      let line: Int
      let restocked: Int64?
      let writtenOff: Int64?
    }

    let lines: [ReceivedLine]

    static let fields = ["lines": "What came: units for the shelf, and units that are not sold again."]
  }

  struct Dispute: Codable { let note: String }

  struct ReturnVerdict: Codable, Described {
    enum VerdictWord: String, Codable, CaseIterable { case approve, refuse, refund }

    let decision: VerdictWord
    let text: String?

    static let fields = [
      "decision": "refund gives the money back without the goods.",
      "text": "Where to send the goods, why they may not be sent, or why the money goes back.",
    ]

    var value: ReturnDecision {
      switch decision {
      case .approve: .approve(instructions: text ?? "")
      case .refuse: .refuse(reason: text ?? "")
      case .refund: .refund(note: text ?? "")
      }
    }
  }

  struct OrderEventAnswer: Codable {
    let kind: OrderEvent.Kind
    let party: Party
    let note: String
    let at: Moment

    init(_ event: OrderEvent) {
      kind = event.kind
      party = event.party
      note = event.note
      at = event.at
    }
  }

  struct OpenAnswer: Codable, Described {
    let order: ID<Order>
    let number: String
    let cancellation: CancellationAnswer?
    let goods: ReturnAnswer?

    static let fields = ["goods": "The return, when it is one."]

    init(_ request: OpenRequest, _ policy: Policy) {
      order = request.order.id
      number = request.order.number
      switch request.subject {
      case .cancellation(let asked): (cancellation, goods) = (CancellationAnswer(asked), nil)
      case .goods(let asked): (cancellation, goods) = (nil, ReturnAnswer(asked, policy))
      }
    }
  }

  static let endpoints: [Endpoint] = cancelling + returning + looking

  private static let order = "/api/v1/orders/{order}"

  private static let cancelling: [Endpoint] = [
    Endpoint(
      .post, "\(order)/cancellation-requests",
      "Cancels a paid order that was not sent, at its buyer's wish: at once a short time after its payment, later its seller is asked.",
      takes: NewRequest.self, gives: CancellationAnswer.self, as: .created
    ) { call, body in
      CancellationAnswer(
        try await call.commerce.askToCancel(
          call.id("order"), id: body.id, key: call.idempotencyKey(), by: call.caller, token: call.orderToken,
          reason: body.reason ?? .buyersWish, note: body.note ?? ""))
    }.repeated(.keyRequired).by(.orderToken),
    Endpoint(
      .get, "\(order)/cancellations", "Lists what was cancelled, or asked to be.", gives: List<CancellationAnswer>.self
    ) { call in
      List(
        try await call.commerce.cancellations(of: call.id("order"), by: call.caller, token: call.orderToken)
          .map(CancellationAnswer.init))
    }.by(.orderToken),
    Endpoint(
      .post, "\(order)/cancellations", "Cancels what was not sent of a paid order; for its seller.",
      takes: NewCancellation.self, gives: CancellationAnswer.self, as: .created
    ) { call, body in
      CancellationAnswer(
        try await call.commerce.cancelPaid(
          call.id("order"), id: body.id, key: call.idempotencyKey(), by: call.caller,
          lines: body.lines?.map { Refund.Units(position: $0.line, quantity: $0.quantity) }, reason: body.reason,
          note: body.note ?? ""))
    }.repeated(.keyRequired).by(.account),
    Endpoint(
      .post, "\(order)/cancellations/{cancellation}/acceptance", "Cancels what its buyer asked for; for the seller.",
      gives: CancellationAnswer.self
    ) { call in
      CancellationAnswer(
        try await call.commerce.acceptCancellation(call.id("cancellation"), of: call.id("order"), by: call.caller))
    }.by(.account),
    Endpoint(
      .post, "\(order)/cancellations/{cancellation}/refusal",
      "Does not cancel what its buyer asked for; for the seller.",
      takes: RefusalOfRequest.self, gives: CancellationAnswer.self
    ) { call, body in
      CancellationAnswer(
        try await call.commerce.refuseCancellation(
          call.id("cancellation"), of: call.id("order"), by: call.caller, reason: body.reason))
    }.by(.account),
  ]

  private static let returning: [Endpoint] = [
    Endpoint(
      .post, "\(order)/returns", "Asks to send back what arrived; for the order's buyer.", takes: NewReturn.self,
      gives: ReturnAnswer.self, as: .created
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.askReturn(
          call.id("order"), id: body.id, key: call.idempotencyKey(), by: call.caller, token: call.orderToken,
          lines: body.lines.map { Return.Line(position: $0.line, quantity: $0.quantity) }, reason: body.reason,
          note: body.note ?? ""), call.commerce.policy)
    }.repeated(.keyRequired).by(.orderToken),
    Endpoint(.get, "\(order)/returns", "Lists an order's returns.", gives: List<ReturnAnswer>.self) { call in
      List(
        try await call.commerce.returns(of: call.id("order"), by: call.caller, token: call.orderToken)
          .map { ReturnAnswer($0, call.commerce.policy) })
    }.by(.orderToken),
    Endpoint(
      .post, "\(order)/returns/{return}/approval", "Lets goods be sent back; for the seller.", takes: Approval.self,
      gives: ReturnAnswer.self
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.approveReturn(
          call.id("return"), of: call.id("order"), by: call.caller, instructions: body.instructions),
        call.commerce.policy)
    }.by(.account),
    Endpoint(
      .post, "\(order)/returns/{return}/refusal", "Does not let goods be sent back; for the seller.",
      takes: RefusalOfRequest.self, gives: ReturnAnswer.self
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.refuseReturn(
          call.id("return"), of: call.id("order"), by: call.caller, reason: body.reason), call.commerce.policy)
    }.by(.account),
    Endpoint(
      .post, "\(order)/returns/{return}/parcel", "Says that the goods are on their way back; for the buyer.",
      takes: Parcel.self, gives: ReturnAnswer.self
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.sendReturn(
          call.id("return"), of: call.id("order"), by: call.caller, token: call.orderToken,
          carrier: body.carrier ?? "", tracking: body.tracking ?? "", link: body.link ?? ""), call.commerce.policy)
    }.by(.orderToken),
    Endpoint(
      .post, "\(order)/returns/{return}/receipt",
      "Says what came back; what was paid for it goes back by itself. For the seller.", takes: ReturnReceipt.self,
      gives: ReturnAnswer.self
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.receiveReturn(
          call.id("return"), of: call.id("order"), by: call.caller,
          lines: body.lines.map {
            Return.Receipt(position: $0.line, restocked: $0.restocked ?? 0, writtenOff: $0.writtenOff ?? 0)
          }), call.commerce.policy)
    }.by(.account),
    Endpoint(
      .post, "\(order)/returns/{return}/withdrawal", "Keeps the goods after all; for the buyer.",
      gives: ReturnAnswer.self
    ) { call in
      ReturnAnswer(
        try await call.commerce.withdrawReturn(
          call.id("return"), of: call.id("order"), by: call.caller, token: call.orderToken), call.commerce.policy)
    }.by(.orderToken),
    Endpoint(
      .post, "\(order)/returns/{return}/dispute", "Takes a refused return to the operator; for the buyer.",
      takes: Dispute.self, gives: ReturnAnswer.self
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.disputeReturn(
          call.id("return"), of: call.id("order"), by: call.caller, token: call.orderToken, note: body.note),
        call.commerce.policy)
    }.by(.orderToken),
    Endpoint(
      .post, "/api/v1/returns/{return}/decision", "Decides a return that came before the operator.",
      takes: ReturnVerdict.self, gives: ReturnAnswer.self
    ) { call, body in
      ReturnAnswer(
        try await call.commerce.decideReturn(call.id("return"), by: call.caller, body.value), call.commerce.policy)
    }.by(.account),
  ]

  private static let looking: [Endpoint] = [
    Endpoint(
      .get, "\(order)/events", "Lists what happened to an order's cancellations and returns.",
      gives: List<OrderEventAnswer>.self
    ) { call in
      List(
        try await call.commerce.events(of: call.id("order"), by: call.caller, token: call.orderToken)
          .map(OrderEventAnswer.init))
    }.by(.orderToken),
    Endpoint(
      .get, "/api/v1/channels/{channel}/requests",
      "Lists the cancellations and returns of a channel that are not over, the oldest first; for those who send orders.",
      gives: List<OpenAnswer>.self
    ) { call in
      List(
        try await call.commerce.openRequests(of: call.channel().id, by: call.caller, limit: call.limit())
          .map { OpenAnswer($0, call.commerce.policy) })
    }.query("limit", "1 to 100 of each.").by(.account),
    Endpoint(
      .get, "/api/v1/returns", "Lists the returns that the operator is to decide, the oldest first.",
      gives: List<ReturnAnswer>.self
    ) { call in
      List(
        try await call.commerce.disputedReturns(by: call.caller, after: call.cursor(), limit: call.limit())
      ) { ReturnAnswer($0.goods, call.commerce.policy) }
    }.paged.by(.account),
  ]
}
