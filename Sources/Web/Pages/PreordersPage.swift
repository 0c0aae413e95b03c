import Commerce
import Hummingbird

/// `/studio/{handle}/preorders`: a seller's preorders, and the form to open one.
struct PreordersPage: Sendable {
  struct Item: Sendable {
    let url: String
    let title: String
    let depositText: String
    let takenText: String
    let waitingText: String?
    let shipsByISO: String
    let shipsByText: String
    let stateText: String
    let stateTone: String

    init(_ preorder: Preorder, of channel: Channel, _ words: Words) {
      url = "/studio/\(channel.handle)/preorders/\(preorder.id)"
      title = preorder.title
      depositText = words["preorder.depositOf", ["percent": Figures.percent(preorder.depositRate)]]
      takenText =
        words[
          "preorder.takenOf",
          ["taken": Figures.grouped(preorder.unitsTaken), "max": Figures.grouped(preorder.unitsMax)]]
      waitingText = preorder.unitsWaiting > 0 ? words.plural("preorder.waiting", preorder.unitsWaiting) : nil
      shipsByISO = preorder.shipsBy.description
      shipsByText = preorder.shipsBy.plainDay
      stateText = words.text(preorder.state)
      stateTone = preorder.state.tone
    }
  }

  struct Choice: Sendable {
    let sku: String
    let title: String
  }

  /// What was typed.
  struct Draft: Sendable {
    let variant: String
    let percent: String
    let units: String
    let shipsBy: String
    let until: String
    let days: String
    let isOpen: Bool

    init(_ form: Form?, variant: String) {
      self.variant = form?["variant"] ?? variant
      percent = form?["percent"] ?? "30"
      units = form?["units"] ?? ""
      shipsBy = form?["shipsBy"] ?? ""
      until = form?["until"] ?? ""
      days = form?["days"] ?? "7"
      isOpen = form != nil || !variant.isEmpty
    }
  }

  let handle: String
  let channelName: String
  let formURL: String
  let items: [Item]
  let hasItems: Bool
  let next: String?
  let canOpen: Bool
  let choices: [Choice]
  let unitsMax: String
  let draft: Draft
  let error: String?

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func open(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    do {
      let variant = try await visit.commerce.variant(
        named: form["variant"], in: channel.id, field: "variant", by: visit.caller)
      let draft = PreorderDraft(
        depositPercent: try form.number("percent", "depositPercent"), unitsMax: try form.number("units", "unitsMax"),
        shipsBy: try form.day("shipsBy"), until: try form.day("until"), payDays: try form.number("days", "payDays"))
      let made = try await visit.commerce.openPreorder(
        visit.commerce.makeID(), of: variant, in: channel.id, draft, by: visit.caller)
      return visit.redirect("/studio/\(channel.handle)/preorders/\(made.id)?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let page = try await visit.commerce.preorders(
      of: channel.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let products =
      role.isOwner
      ? try await visit.commerce.products(of: channel.id, by: visit.caller, limit: visit.pageLimit(100)).items : []
    let model = PreordersPage(
      handle: channel.handle, channelName: channel.name, formURL: "/studio/\(channel.handle)/preorders",
      items: page.items.map { Item($0, of: channel, visit.words) }, hasItems: !page.items.isEmpty,
      next: page.next.map { "/studio/\(channel.handle)/preorders?after=\($0)" }, canOpen: role.isOwner,
      choices: products.flatMap { product in
        product.variants.filter { !$0.isBundle && !$0.isPreordered }.map { variant in
          Choice(
            sku: variant.sku.isEmpty ? "\(variant.id)" : variant.sku,
            title: variant.title.isEmpty ? product.title : "\(product.title) · \(variant.title)")
        }
      }, unitsMax: "\(visit.commerce.policy.preorderUnitsMax)",
      draft: Draft(form, variant: try visit.query("variant") ?? ""), error: complaint?.sentence)
    return try visit.page(
      "studio/preorders", title: visit.words["preorder.title"], status: complaint?.status ?? .ok, model)
  }
}

/// `/studio/{handle}/preorders/{preorder}`: how one stands, who has preordered, and what can be done about it.
struct PreorderPage: Sendable {
  struct PlaceView: Sendable {
    let url: String?
    let number: String
    let quantityText: String
    let stateText: String
    let stateTone: String
    let dueISO: String?
    let dueText: String
  }

  let handle: String
  let channelName: String
  let title: String
  let stockURL: String
  let stateText: String
  let stateTone: String
  let termsText: String
  let taken: String
  let waiting: String
  let onShelf: String
  let readyText: String?
  let shipsBy: String
  let until: String
  let unitsMax: String
  let shipsByISO: String
  let untilISO: String
  let formURL: String
  /// How many can be given out now; nil where nothing can.
  let readyMax: String?
  /// What was given when the page was made.
  let given: String
  let canReady: Bool
  let canChange: Bool
  let canStop: Bool
  let canCallOff: Bool
  let places: [PlaceView]
  let hasPlaces: Bool
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let id = try visit.id("preorder", Preorder.self)
    let form = try await visit.form()
    do {
      guard try await visit.commerce.preorder(id, by: visit.caller).channel == channel.id else {
        throw GeneralRefusal.notFound("preorder")
      }
      switch form["do"] {
      case "ready":
        _ = try await visit.commerce.readyPreorder(
          id, units: form.number("units", "units"), by: visit.caller, seen: form.number("seen", "seen"))
      case "change":
        let now = try await visit.commerce.preorder(id, by: visit.caller)
        // A day that was left as it is stays the moment that it is.
        func moved(_ name: String, from old: Moment) throws -> Moment? {
          form[name].isEmpty || form[name] == old.plainDay ? nil : try form.day(name)
        }
        _ = try await visit.commerce.changePreorder(
          id,
          PreorderChange(
            unitsMax: form.number("unitsMax", "unitsMax"), shipsBy: moved("shipsBy", from: now.shipsBy),
            until: moved("until", from: now.until)), by: visit.caller)
      case "stop": _ = try await visit.commerce.stopPreorder(id, by: visit.caller)
      case "call-off": _ = try await visit.commerce.callOffPreorder(id, by: visit.caller)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/studio/\(channel.handle)/preorders/\(id)?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let (commerce, words) = (visit.commerce, visit.words)
    let preorder = try await commerce.preorder(visit.id("preorder", Preorder.self), by: visit.caller)
    guard preorder.channel == channel.id else { throw GeneralRefusal.notFound("preorder") }
    let stock = try await commerce.stockJournal(of: preorder.variant, by: visit.caller, limit: 1).level
    let list =
      role.dealsWithOrders
      ? try await commerce.places(
        of: preorder.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(50)) : nil
    let ready = min(stock.available, preorder.unitsWaiting) - preorder.unitsReady
    let base = "/studio/\(channel.handle)"
    let model = PreorderPage(
      handle: channel.handle, channelName: channel.name, title: preorder.title,
      stockURL: "\(base)/stock/\(preorder.variant)", stateText: words.text(preorder.state),
      stateTone: preorder.state.tone,
      termsText: words[
        "preorder.terms", ["percent": Figures.percent(preorder.depositRate), "days": "\(preorder.payDays)"]],
      taken: words[
        "preorder.takenOf",
        ["taken": Figures.grouped(preorder.unitsTaken), "max": Figures.grouped(preorder.unitsMax)]],
      waiting: Figures.grouped(preorder.unitsWaiting), onShelf: Figures.grouped(stock.available),
      readyText: preorder.unitsReady > 0 ? words.plural("preorder.readyLeft", preorder.unitsReady) : nil,
      shipsBy: preorder.shipsBy.plainDay, until: preorder.until.plainDay, unitsMax: "\(preorder.unitsMax)",
      shipsByISO: preorder.shipsBy.description, untilISO: preorder.until.description,
      formURL: "\(base)/preorders/\(preorder.id)", readyMax: ready > 0 ? "\(ready)" : nil,
      given: "\(preorder.unitsGiven)",
      canReady: role.dealsWithOrders && preorder.state.isOn,
      canChange: role.isOwner && preorder.state.isOn, canStop: role.isOwner && preorder.state == .open,
      canCallOff: role.isOwner && preorder.state != .calledOff && preorder.unitsTaken > 0 && preorder.state != .ended,
      places: (list?.items ?? []).map { place in
        PlaceView(
          url: "/orders/\(place.state == .complete ? place.balanceOrder ?? place.order : place.order)",
          number: place.order.orderNumber,
          quantityText: words["order.quantity", ["count": Figures.grouped(place.quantity)]],
          stateText: words.text(place), stateTone: place.state.tone,
          dueISO: place.state == .called ? place.due?.description : nil, dueText: place.due?.plainText ?? "")
      }, hasPlaces: list?.items.isEmpty == false,
      next: list?.next.map { "\(base)/preorders/\(preorder.id)?after=\($0)" }, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page("studio/preorder", title: preorder.title, status: complaint?.status ?? .ok, model)
  }
}

/// What is paid of a preorder, and when, on its product's page.
struct PreorderTermsView: Sendable {
  let text: String
  let shipsByISO: String
  let shipsByText: String

  init(_ preorder: Preorder, price: Money, _ words: Words) {
    let (deposit, balance) = preorder.parts(of: price)
    text =
      balance.minor == 0
      ? words["preorder.wholeNow", ["amount": words.money(deposit)]]
      : words[
        "preorder.nowAndLater",
        ["deposit": words.money(deposit), "balance": words.money(balance), "days": "\(preorder.payDays)"]]
    shipsByISO = preorder.shipsBy.description
    shipsByText = preorder.shipsBy.plainDay
  }
}

/// A preorder on the pages of its two orders.
struct PreorderOfOrderView: Sendable {
  let text: String
  let stateText: String
  let stateTone: String
  let priceText: String
  let depositText: String
  let balanceText: String
  let shippingText: String?
  let shipsByISO: String
  let shipsByText: String
  /// The other of its orders; nil where there is none.
  let otherURL: String?
  let otherText: String
  /// Whether the other is to be paid now, by who looks.
  let isDue: Bool
  let isWhole: Bool
  /// Something is to be paid for shipping, with the balance.
  let isShippingLater: Bool

  init(_ place: Preorder.Place, on order: Order, isBuyer: Bool, _ words: Words) {
    let key =
      switch place.state {
      case .held: "held"
      case .waiting: place.isWhole ? "waitingWhole" : "waiting"
      case .called: "called"
      case .complete: "complete"
      case .ended: "ended"
      }
    text =
      words[
        "preorder.\(key)Text",
        ["date": place.shipsBy.plainDay, "days": "\(place.payDays)", "time": place.due?.plainText ?? ""]]
    stateText = words.text(place)
    stateTone = place.state.tone
    func all(_ unit: Int64) -> String {
      words.money(Money(minor: unit * place.quantity, currency: place.price.currency))
    }
    isWhole = place.isWhole
    isShippingLater = place.shipping.minor > 0
    priceText = all(place.price.minor)
    depositText = all(place.price.minor - place.balance.minor)
    balanceText = all(place.balance.minor)
    shippingText =
      place.isWhole ? nil : place.shipping.minor == 0 ? words["checkout.free"] : words.money(place.shipping)
    shipsByISO = place.shipsBy.description
    shipsByText = place.shipsBy.plainDay
    let other = order.part == .balance ? place.order : place.balanceOrder
    otherURL = other.map { "/orders/\(order.id)?to=\($0)" }
    isDue = isBuyer && order.part == .deposit && place.state == .called
    otherText =
      isDue
      ? words["preorder.payBalance"] : words[order.part == .balance ? "preorder.seeDeposit" : "preorder.seeBalance"]
  }
}

extension Words {
  func text(_ state: Preorder.State) -> String {
    switch state {
    case .open: self["preorder.openState"]
    case .stopped: self["preorder.stoppedState"]
    case .ended: self["preorder.endedState"]
    case .calledOff: self["preorder.calledOffState"]
    }
  }

  func text(_ place: Preorder.Place) -> String {
    switch place.state {
    case .held: self["preorder.heldPlace"]
    case .waiting: self["preorder.waitingPlace"]
    case .called: self["preorder.calledPlace"]
    case .complete: self["preorder.completePlace"]
    case .ended:
      switch place.why {
      case .none, .cancelled: self["preorder.cancelledPlace"]
      case .unpaid: self["preorder.unpaidPlace"]
      case .lapsed: self["preorder.lapsedPlace"]
      case .calledOff: self["preorder.calledOffPlace"]
      }
    }
  }
}

extension Preorder.State {
  var tone: String {
    switch self {
    case .open: "good"
    case .stopped: "warn"
    case .ended: ""
    case .calledOff: "bad"
    }
  }
}

extension Preorder.Place.State {
  var tone: String {
    switch self {
    case .held: ""
    case .waiting, .called: "warn"
    case .complete: "good"
    case .ended: "bad"
    }
  }
}

extension Form {
  /// A whole number. `field` is what a complaint calls it.
  fileprivate func number(_ name: String, _ field: String) throws -> Int64 {
    guard let number = Int64(self[name]) else {
      throw GeneralRefusal.invalid(field: field, why: "must be a whole number")
    }
    return number
  }

  /// The end of a day in UTC.
  fileprivate func day(_ name: String) throws -> Moment {
    guard self[name].utf8.count == 10, let moment = Moment("\(self[name])T23:59:59.000Z") else {
      throw GeneralRefusal.invalid(field: name, why: "must be a day, such as 2027-01-31")
    }
    return moment
  }
}
