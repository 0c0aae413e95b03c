import Commerce

/// What was bought and is not told yet: one line for each product, with how many people it was.
struct PurchaseLines {
  struct Line: Equatable {
    let product: ID<Product>
    let title: String
    let people: Int
    /// Of the only buyer, when they allow it.
    let firstName: String?
  }

  private struct Entry {
    let title: String
    var buyers: Set<String>
    let firstName: String?
  }

  /// Products of one event; the others of a rush are not told: a line is no record.
  private static let linesMax = 5
  /// Orders that are remembered, so that each is told once.
  private static let ordersMax = 10_000

  private var entries: [ID<Product>: Entry] = [:]
  private var order: [ID<Product>] = []
  private var told: Set<ID<Order>> = []
  private var toldInOrder: [ID<Order>] = []

  var isEmpty: Bool { entries.isEmpty }

  /// All lines of one order come together.
  mutating func add(_ purchases: [ToldPurchase]) {
    let new = purchases.filter { !told.contains($0.order) }
    for purchase in new {
      if told.insert(purchase.order).inserted { toldInOrder.append(purchase.order) }
      if entries[purchase.product] == nil { order.append(purchase.product) }
      entries[
        purchase.product,
        default: Entry(title: purchase.title, buyers: [], firstName: purchase.firstName)
      ].buyers.insert(purchase.buyer)
    }
    guard toldInOrder.count > Self.ordersMax * 2 else { return }
    told.subtract(toldInOrder.prefix(toldInOrder.count - Self.ordersMax))
    toldInOrder.removeFirst(toldInOrder.count - Self.ordersMax)
  }

  /// The lines, those of most people first, and nothing is left.
  mutating func take() -> [Line] {
    let lines = order.compactMap { product in
      entries[product].map {
        Line(
          product: product, title: $0.title, people: $0.buyers.count,
          firstName: $0.buyers.count == 1 ? $0.firstName : nil)
      }
    }
    entries = [:]
    order = []
    let sorted = lines.enumerated().sorted { ($1.element.people, $0.offset) < ($0.element.people, $1.offset) }
    return sorted.prefix(Self.linesMax).map(\.element)
  }
}
