import Commerce
import Hummingbird

/// `/operator/returns`: the returns that buyer and seller do not agree about, to decide.
struct OperatorReturnsPage: Sendable {
  struct DisputeView: Sendable {
    let id: String
    let number: String
    let seller: String
    let whenISO: String
    let whenText: String
    let amountText: String
    let contents: [String]
    let reasonText: String
    let said: String?
    let answer: String?
    let complaint: String?
    let parcel: String?
  }

  let disputes: [DisputeView]
  let hasDisputes: Bool
  let decisions: [OptionView]
  let textMax: Int
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      guard let goods = ID<Return>(form["return"]) else { throw Problem.notFound("return") }
      guard let word = RequestAPI.ReturnVerdict.VerdictWord(rawValue: form["decision"]) else {
        throw GeneralRefusal.invalid(field: "decision", why: "must be one of the list")
      }
      let decision = RequestAPI.ReturnVerdict(decision: word, text: form["text"]).value
      _ = try await visit.commerce.decideReturn(goods, by: visit.caller, decision)
      return visit.redirect("/operator/returns?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let page = try await visit.commerce.disputedReturns(
      by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let model = OperatorReturnsPage(
      disputes: page.items.map { DisputeView($0, visit.words) }, hasDisputes: !page.items.isEmpty,
      decisions: [
        OptionView(value: "approve", name: visit.words["disputes.approve"]),
        OptionView(value: "refund", name: visit.words["disputes.refund"]),
        OptionView(value: "refuse", name: visit.words["disputes.refuse"]),
      ], textMax: visit.commerce.policy.returnNoteCharactersMax,
      next: page.next.map { "/operator/returns?after=\($0)" }, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-returns", title: visit.words["disputes.title"], status: complaint?.status ?? .ok, model)
  }
}

extension OperatorReturnsPage.DisputeView {
  fileprivate init(_ dispute: DisputedReturn, _ words: Words) {
    func text(_ text: String) -> String? { text.isEmpty ? nil : text }
    let (goods, order) = (dispute.goods, dispute.order)
    id = goods.id.description
    number = order.number
    seller = dispute.seller.name
    whenISO = goods.changed.description
    whenText = goods.changed.plainText
    let amount = goods.lines.reduce(Int64(0)) { sum, line in
      guard order.lines.indices.contains(line.position) else { return sum }
      let bought = order.lines[line.position]
      return sum + bought.paid.minor * line.quantity / max(1, bought.quantity)
    }
    amountText = words.money(Money(minor: amount, currency: order.total.currency))
    contents = order.contents(goods.lines.map { ($0.position, $0.quantity) })
    reasonText = words.text(goods.reason)
    said = text(goods.note)
    answer = text(goods.answer)
    complaint = text(dispute.complaint)
    parcel = text([goods.carrier, goods.tracking].filter { !$0.isEmpty }.joined(separator: " "))
  }
}
