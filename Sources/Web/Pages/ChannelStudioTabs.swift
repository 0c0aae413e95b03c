import Commerce

/// A channel's shows, to open their control rooms.
struct ShowsTab: Sendable {
  struct Item: Sendable {
    let url: String
    let title: String
    let whenISO: String
    let whenText: String
    let stateText: String
    let stateTone: String
    /// Of a show that has ended, for those who see what is sold.
    let reportURL: String?
  }

  let canHost: Bool
  let items: [Item]
  let hasItems: Bool
  let next: String?

  init(_ visit: Visit, _ channel: Channel, _ role: Role) async throws {
    let page = try await visit.commerce.shows(
      channel: channel.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    canHost = role.isHost
    items = page.items.map { show in
      Item(
        url: "/studio/shows/\(show.id)", title: show.title, whenISO: show.scheduledAt.description,
        whenText: show.scheduledAt.plainText, stateText: show.stateText(visit.words), stateTone: show.state.tone,
        reportURL: show.startedAt != nil && show.state == .ended && role.seesSales
          ? "/studio/shows/\(show.id)/report" : nil)
    }
    hasItems = !items.isEmpty
    next = page.next?.description
  }
}

/// A channel's products with their stock.
struct ProductsTab: Sendable {
  struct Item: Sendable {
    let url: String
    let title: String
    let picture: String?
    let variants: [VariantView]
  }

  struct VariantView: Sendable {
    let id: String
    let title: String
    let sku: String
    let priceText: String
    let onHand: String
    let isBundle: Bool
    let isPreordered: Bool
    let formURL: String
    let stockURL: String
  }

  struct MarketView: Sendable {
    let code: String
    let name: String
    let currency: String
    let isHome: Bool
  }

  let canChange: Bool
  let items: [Item]
  let hasItems: Bool
  let next: String?
  let markets: [MarketView]
  let imports: [ImportPage.Link]
  let hasImports: Bool
  let isImportOpen: Bool

  init(_ visit: Visit, _ channel: Channel, _ role: Role) async throws {
    markets = try await visit.commerce.markets().map {
      MarketView(code: $0.code, name: $0.name, currency: $0.currency.code, isHome: $0.code == channel.market)
    }
    let jobs = try await visit.commerce.importJobs(of: channel.id, by: visit.caller, limit: visit.pageLimit(5))
    imports = jobs.items.map { ImportPage.Link($0, channel, visit.words) }
    hasImports = !imports.isEmpty
    isImportOpen = try visit.query("import") != nil
    let page = try await visit.commerce.products(
      of: channel.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    canChange = role.isOwner
    items = page.items.map { product in
      Item(
        url: "/studio/\(channel.handle)/products/\(product.id)", title: product.title,
        picture: product.pictures.first?.thumbnail,
        variants: product.variants.map { variant in
          VariantView(
            id: variant.id.description, title: variant.title,
            sku: variant.sku, priceText: variant.prices[channel.market].map(visit.words.money) ?? "–",
            onHand: String(variant.onHand), isBundle: variant.isBundle, isPreordered: variant.isPreordered,
            formURL: "/studio/\(channel.handle)",
            stockURL: "/studio/\(channel.handle)/stock/\(variant.id)")
        })
    }
    hasItems = !items.isEmpty
    next = page.next?.description
  }
}

/// A channel's orders, to send.
struct OrdersTab: Sendable {
  struct EarningsView: Sendable {
    let releasedText: String
    let waitingText: String
  }

  struct Item: Sendable {
    let id: String
    let url: String
    let number: String
    let summary: String
    let buyer: String
    let place: String?
    let whenISO: String
    let whenText: String
    let totalText: String
    let stateText: String
    let stateTone: String
    let canFulfil: Bool
    let formURL: String
  }

  /// A cancellation or a return that is not over.
  struct RequestView: Sendable {
    let url: String
    let number: String
    let summary: String
    let stateText: String
    let stateTone: String
    let whenISO: String
    let whenText: String

    init(_ request: OpenRequest, _ words: Words) {
      url = "/orders/\(request.order.id)"
      number = request.order.number
      whenISO = request.made.description
      whenText = request.made.plainText
      switch request.subject {
      case .cancellation:
        summary = request.order.summary(words)
        (stateText, stateTone) = (words["cancel.asked"], "bad")
      case .goods(let goods):
        summary =
          (request.order.contents(goods.lines.map { ($0.position, $0.quantity) }) + [words.text(goods.reason)])
          .joined(separator: " · ")
        // What waits for the seller stands out from what waits for others.
        (stateText, stateTone) = (words.text(goods.state), [.requested, .sent].contains(goods.state) ? "bad" : "warn")
      }
    }
  }

  let requests: [RequestView]
  let hasRequests: Bool
  /// The way to what waits to be sent, with how many.
  let packText: String
  /// By currency; for owners alone.
  let earnings: [EarningsView]
  /// For owners alone.
  let moneyURL: String?
  let items: [Item]
  let hasItems: Bool
  let next: String?

  init(_ visit: Visit, _ channel: Channel, _ role: Role) async throws {
    let waiting = try await visit.commerce.countToSend(of: channel.id, by: visit.caller)
    packText = waiting > 0 ? visit.words.plural("packing.open", waiting) : visit.words["packing.title"]
    let earned = role.isOwner ? try await visit.commerce.earnings(of: channel.id, by: visit.caller) : []
    earnings = earned.map {
      EarningsView(releasedText: visit.words.money($0.released), waitingText: visit.words.money($0.waiting))
    }
    moneyURL = role.isOwner ? "/studio/\(channel.handle)/money" : nil
    let open =
      try visit.cursor == nil
      ? await visit.commerce.openRequests(of: channel.id, by: visit.caller, limit: visit.pageLimit(30)) : []
    requests = open.map { RequestView($0, visit.words) }
    hasRequests = !requests.isEmpty
    let page = try await visit.commerce.orders(
      of: channel.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    items = page.items.map { order in
      Item(
        id: order.id.description, url: "/orders/\(order.id)", number: order.number,
        summary: order.summary(visit.words), buyer: order.buyer.name, place: order.buyer.address.city,
        whenISO: order.placed.description, whenText: order.placed.plainText,
        totalText: visit.words.money(order.total), stateText: order.stateText(visit.words),
        stateTone: order.stateTone,
        canFulfil: order.state == .paid && order.part != .deposit && order.refunded != order.total,
        formURL: "/studio/\(channel.handle)")
    }
    hasItems = !items.isEmpty
    next = page.next?.description
  }
}

/// A channel's people.
struct MembersTab: Sendable {
  struct Item: Sendable {
    let account: String
    let name: String
    let email: String
    let initial: String
    let tone: Int
    let roleText: String
    let canRemove: Bool
    let formURL: String
  }

  struct RoleView: Sendable {
    let value: String
    let name: String
  }

  let items: [Item]
  let roles: [RoleView]
  let canAdd: Bool
  let formURL: String

  init(_ visit: Visit, _ channel: Channel, _ role: Role) async throws {
    formURL = "/studio/\(channel.handle)"
    canAdd = role.isOwner
    roles = [Role.host, .moderator, .fulfilment, .owner].map {
      RoleView(value: $0.rawValue, name: $0.text(visit.words))
    }
    items = try await visit.commerce.members(of: channel.id, by: visit.caller).map { member in
      Item(
        account: member.account.description, name: member.name, email: member.email,
        initial: Tone.initial(member.name), tone: Tone.of(member.account), roleText: member.role.text(visit.words),
        canRemove: role.isOwner && member.account != visit.caller.account, formURL: "/studio/\(channel.handle)")
    }
  }
}

extension Show {
  func stateText(_ words: Words) -> String {
    calledOff == nil ? state.text(words) : words["reminders.calledOffState"]
  }
}

extension ShowState {
  func text(_ words: Words) -> String {
    switch self {
    case .scheduled: words["show.scheduled"]
    case .live: words["show.live"]
    case .ended: words["show.ended"]
    }
  }

  var tone: String { self == .live ? "live" : "" }
}
