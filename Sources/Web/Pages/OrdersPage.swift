import Commerce
import Hummingbird

/// `/orders`: what the reader has bought while signed in.
struct OrdersPage: Sendable {
  struct OrderView: Sendable {
    let url: String
    let number: String
    let summary: String
    let picture: String?
    let whenISO: String
    let whenText: String
    let totalText: String
    let stateText: String
    let stateTone: String
  }

  /// Something won and not claimed yet.
  struct PrizeView: Sendable {
    let url: String
    let text: String
    let untilISO: String
    let untilText: String
  }

  let prizes: [PrizeView]
  let orders: [OrderView]
  let hasOrders: Bool
  let next: String?

  static func show(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let page = try await visit.commerce.orders(by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let covers = try await visit.commerce.covers(products: page.items.compactMap { $0.lines.first?.product })
    let views = page.items.map { order in
      OrderView(
        url: "/orders/\(order.id)", number: order.number, summary: order.summary(visit.words),
        picture: order.lines.first.flatMap { covers[$0.product]?.thumbnail }, whenISO: order.placed.description,
        whenText: order.placed.plainText, totalText: visit.words.money(order.total),
        stateText: order.stateText(visit.words), stateTone: order.stateTone)
    }
    let prizes = try await visit.commerce.prizesToClaim(by: visit.caller, limit: visit.pageLimit(20)).map { giveaway in
      let until = giveaway.winners.first?.claimUntil ?? giveaway.ends
      return PrizeView(
        url: "/giveaways/\(giveaway.id)#claim", text: visit.words["orders.won", ["prize": giveaway.prize]],
        untilISO: until.description, untilText: until.plainText)
    }
    return try visit.page(
      "orders", title: visit.words["orders.title"],
      OrdersPage(prizes: prizes, orders: views, hasOrders: !views.isEmpty, next: page.next?.description))
  }
}

extension Order {
  /// How it stands; of a part of a preorder what that means there.
  func stateText(_ words: Words) -> String {
    switch (part, state) {
    case (.deposit, .paid): words["preorder.depositPaid"]
    case (.balance, .placed): words["preorder.balanceToPay"]
    default: state.text(words)
    }
  }

  var stateTone: String { part == .balance && state == .placed ? "warn" : state.tone }

  /// `Brass lamp and 2 more`.
  func summary(_ words: Words) -> String {
    let title = lines.first?.title ?? ""
    return lines.count > 1 ? words.plural("order.andMore", Int64(lines.count - 1), ["title": title]) : title
  }
}

extension Order.State {
  func text(_ words: Words) -> String {
    switch self {
    case .placed: words["order.stepPlaced"]
    case .paid: words["order.stepPaid"]
    case .fulfilled: words["order.stepFulfilled"]
    case .delivered, .settled: words["order.stepDelivered"]
    case .expired: words["order.stepExpired"]
    case .cancelled: words["order.stepCancelled"]
    case .refunded: words["order.stepRefunded"]
    }
  }

  var tone: String {
    switch self {
    case .placed: "warn"
    case .paid, .fulfilled, .delivered, .settled: "good"
    case .expired, .cancelled: "bad"
    case .refunded: ""
    }
  }
}
