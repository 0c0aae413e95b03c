import Commerce
import HTTPTypes
import Hummingbird

/// Who bought from a channel.
enum CustomerAPI {
  struct CustomerAnswer: Codable, Described {
    let id: ID<Customer>
    let kind: Kind
    let name: String
    let email: String
    let orders: Int64
    let spent: [Money]?
    let firstOrderAt: Moment
    let lastOrderAt: Moment

    enum Kind: String, Codable, CaseIterable { case account, guest, deleted }

    static let fields = [
      "kind": "Whether they have an account, or had one and deleted it: then nothing says who they are.",
      "email": "Masked in lists, and for who is no owner.",
      "spent": "What they paid less what went back to them; to owners alone.",
    ]

    init(_ customer: Customer) {
      id = customer.id
      kind = customer.isDeleted ? .deleted : customer.account == nil ? .guest : .account
      name = customer.name
      email = customer.email
      orders = customer.orders
      spent = customer.spent
      firstOrderAt = customer.first
      lastOrderAt = customer.last
    }
  }

  struct CustomerFileAnswer: Codable, Described {
    let customer: CustomerAnswer
    let phone: String
    let note: String
    let orders: List<OrderAPI.OrderAnswer>
    let returns: [RequestAPI.ReturnAnswer]

    static let fields = [
      "orders": "The latest first; the next ones with `after`.", "returns": "The latest 50.",
      "note": "What the channel's people wrote down.",
    ]
  }

  struct CustomerNote: Codable { let note: String }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/customers",
      "Lists who bought from a channel, who bought last first; to its owners and fulfilment members.",
      gives: List<CustomerAnswer>.self
    ) { call in
      List(
        try await call.commerce.customers(
          of: call.channel().id, by: call.caller, search: call.query("q") ?? "", after: call.cursor(),
          limit: call.limit()), CustomerAnswer.init)
    }.paged.query("q", "Only those in whose name, e-mail address or city this is.").by(.account),
    file,
    Endpoint(
      .get, "/api/v1/customers/{customer}", "Gives one customer with their orders and returns.",
      gives: CustomerFileAnswer.self
    ) { call in
      let found = try await call.commerce.customer(
        call.id("customer"), by: call.caller, after: call.cursor(), limit: call.limit())
      return CustomerFileAnswer(
        customer: CustomerAnswer(found.customer), phone: found.phone, note: found.customer.note,
        orders: List(found.orders, OrderAPI.OrderAnswer.init),
        returns: found.returns.map { RequestAPI.ReturnAnswer($0, call.commerce.policy) })
    }.paged.by(.account),
    Endpoint(
      .put, "/api/v1/customers/{customer}/note", "Writes down something about a customer; empty, it is forgotten.",
      takes: CustomerNote.self, gives: CustomerNote.self
    ) { call, body in
      CustomerNote(
        note: try await call.commerce.putNote(body.note, of: call.id("customer", Customer.self), by: call.caller))
    }.by(.account),
  ]

  private static var file: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/channels/{channel}/customers/file",
      "Gives the latest \(Customer.fileRowsMax) customers of a channel as a table (CSV); to its owners."
    ) { call in
      let channel = try await call.channel()
      return PayoutAPI.csv(
        try await call.commerce.customersFile(of: channel.id, by: call.caller), named: "\(channel.handle)-customers")
    }
    endpoint.answer = .text("text/csv")
    return endpoint.by(.account)
  }
}
