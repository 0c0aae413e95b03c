import Commerce
import Hummingbird

/// `/studio/{handle}/customers`: who bought from a channel.
struct CustomersPage: Sendable {
  struct ItemView: Sendable {
    let url: String
    let name: String
    let initial: String
    let tone: Int
    let email: String?
    let kindText: String?
    let ordersText: String
    let spentText: String?
    let firstISO: String
    let firstText: String
    let lastISO: String
    let lastText: String
  }

  let channelName: String
  let ordersURL: String
  let formURL: String
  /// For owners alone.
  let fileURL: String?
  let sought: String
  let isSearch: Bool
  let items: [ItemView]
  let hasItems: Bool
  let next: String?

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let sought = try visit.query("q") ?? ""
    let page = try await visit.commerce.customers(
      of: channel.id, by: visit.caller, search: sought, after: visit.cursor, limit: visit.pageLimit(30))
    let url = "/studio/\(channel.handle)/customers"
    let model = CustomersPage(
      channelName: channel.name, ordersURL: "/studio/\(channel.handle)?tab=orders", formURL: url,
      fileURL: role.isOwner ? "\(url)/file" : nil, sought: sought, isSearch: !sought.isEmpty,
      items: page.items.map { ItemView($0, below: url, visit.words) }, hasItems: !page.items.isEmpty,
      next: page.next.map { "\(url)?after=\($0)" + (sought.isEmpty ? "" : "&q=\(Visit.encoded(sought))") })
    return try visit.page("studio/customers", title: "\(visit.words["customers.title"]) · \(channel.name)", model)
  }

  static func file(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let file = try await visit.commerce.customersFile(of: channel.id, by: visit.caller)
    return PayoutAPI.csv(file, named: "\(channel.handle)-customers-\(visit.commerce.clock.now.plainDay)")
  }
}

extension CustomersPage.ItemView {
  init(_ customer: Customer, below url: String, _ words: Words) {
    self.url = "\(url)/\(customer.id)"
    name = customer.isDeleted ? words["customers.deleted"] : customer.name
    initial = customer.isDeleted ? "–" : Tone.initial(customer.name)
    tone = Tone.of(customer.id)
    email = customer.email.isEmpty ? nil : customer.email
    kindText = customer.account == nil ? words["customers.guest"] : nil
    ordersText = words.plural("customers.orders", customer.orders)
    spentText = customer.spent.map { $0.map(words.money).joined(separator: " + ") }
    (firstISO, firstText) = (customer.first.description, customer.first.plainText)
    (lastISO, lastText) = (customer.last.description, customer.last.plainText)
  }
}

/// `/studio/{handle}/customers/{customer}`: one of them, with their orders, returns and a note.
struct CustomerPage: Sendable {
  struct OrderView: Sendable {
    let url: String
    let number: String
    let summary: String
    let whenISO: String
    let whenText: String
    let totalText: String
    let refundedText: String?
    let stateText: String
    let stateTone: String
  }

  struct ReturnView: Sendable {
    let url: String
    let number: String
    let stateText: String
    let reasonText: String
    let whenISO: String
    let whenText: String
  }

  let channelName: String
  let listURL: String
  let customer: CustomersPage.ItemView
  let phone: String?
  let isDeleted: Bool
  let orders: [OrderView]
  let next: String?
  let returns: [ReturnView]
  let hasReturns: Bool
  let formURL: String
  let note: String
  let noteMax: Int
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let id = try visit.id("customer", Customer.self)
    let form = try await visit.form()
    do {
      guard form["do"] == "note" else { throw Problem.malformed("The form does not say what to do.", field: "do") }
      _ = try await visit.commerce.putNote(form["note"], of: id, by: visit.caller)
      return visit.redirect("/studio/\(channel.handle)/customers/\(id)?saved=yes")
    } catch {
      return try await page(visit, note: form["note"], visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, note: String? = nil, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let id = try visit.id("customer", Customer.self)
    let found = try await visit.commerce.customer(
      id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    guard found.customer.channel == channel.id else { throw GeneralRefusal.notFound("customer") }
    let (words, list) = (visit.words, "/studio/\(channel.handle)/customers")
    let model = CustomerPage(
      channelName: channel.name, listURL: list, customer: .init(found.customer, below: list, words),
      phone: found.phone.isEmpty ? nil : found.phone, isDeleted: found.customer.isDeleted,
      orders: found.orders.items.map { OrderView($0, words) },
      next: found.orders.next.map { "\(list)/\(id)?after=\($0)" },
      returns: found.returns.map { ReturnView($0, words) }, hasReturns: !found.returns.isEmpty,
      formURL: "\(list)/\(id)", note: note ?? found.customer.note,
      noteMax: visit.commerce.policy.returnNoteCharactersMax, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "studio/customer", title: "\(model.customer.name) · \(channel.name)", status: complaint?.status ?? .ok, model)
  }
}

extension CustomerPage.OrderView {
  fileprivate init(_ order: Order, _ words: Words) {
    url = "/orders/\(order.id)"
    number = order.number
    summary = order.summary(words)
    (whenISO, whenText) = (order.placed.description, order.placed.plainText)
    totalText = words.money(order.total)
    refundedText =
      order.refunded.minor > 0 ? words["customers.refunded", ["amount": words.money(order.refunded)]] : nil
    (stateText, stateTone) = (order.stateText(words), order.stateTone)
  }
}

extension CustomerPage.ReturnView {
  fileprivate init(_ goods: Return, _ words: Words) {
    url = "/orders/\(goods.order)"
    number = goods.order.orderNumber
    stateText = words.text(goods.state)
    reasonText = words.text(goods.reason)
    (whenISO, whenText) = (goods.made.description, goods.made.plainText)
  }
}
