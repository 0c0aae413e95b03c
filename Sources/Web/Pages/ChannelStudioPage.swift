import Commerce
import Hummingbird

/// `/studio/{handle}`: one channel from within, a tab at a time. Only what the reader's role may see is offered.
struct ChannelStudioPage: Sendable {
  enum Tab: String, CaseIterable { case shows, products, orders, recordings, members }

  struct TabView: Sendable {
    let name: String
    let href: String
    let isCurrent: Bool
  }

  let handle: String
  let name: String
  let initial: String
  let tone: Int
  let tabs: [TabView]
  var followersText = ""
  let error: String?
  let isSaved: Bool
  var notice: StandingNotice?
  var guide: GuideView?
  // At most one of these: the tab that is shown.
  var shows: ShowsTab?
  var products: ProductsTab?
  var orders: OrdersTab?
  var recordings: RecordingsTab?
  var members: MembersTab?

  init(_ channel: Channel, role: Role, tab: Tab, error: String?, isSaved: Bool, _ words: Words) {
    handle = channel.handle
    name = channel.name
    initial = Tone.initial(channel.name)
    tone = Tone.of(channel.id)
    self.error = error
    self.isSaved = isSaved
    let allowed = Tab.allCases.filter { $0 != .orders || role.dealsWithOrders }
    tabs = allowed.map {
      TabView(
        name: words["studio.\($0.rawValue)"], href: "/studio/\(channel.handle)?tab=\($0.rawValue)",
        isCurrent: $0 == tab)
    }
  }

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let tab = try visit.query("tab").flatMap(Tab.init) ?? .shows
    return try await page(visit, channel, role, tab, nil)
  }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let form = try await visit.form()
    let tab = tab(of: form["do"])
    do {
      try await perform(form, on: channel, visit)
      return visit.redirect("/studio/\(channel.handle)?tab=\(tab.rawValue)&saved=yes")
    } catch {
      return try await page(visit, channel, role, tab, visit.complaint(error))
    }
  }

  private static func tab(of action: String) -> Tab {
    switch action {
    case "stock": .products
    case "fulfil": .orders
    case "add-member", "remove-member": .members
    case "recording-terms": .recordings
    default: .shows
    }
  }

  private static func perform(_ form: Form, on channel: Channel, _ visit: Visit) async throws {
    let commerce = visit.commerce
    switch form["do"] {
    case "stock":
      guard let variant = ID<Variant>(form["variant"]) else { throw Problem.notFound("variant") }
      guard let onHand = Int64(form["onHand"]) else {
        throw GeneralRefusal.invalid(field: "onHand", why: "must be a whole number")
      }
      try await commerce.setStock(by: visit.caller, variant: variant, onHand: onHand, note: "studio")
    case "fulfil":
      guard let order = ID<Order>(form["order"]) else { throw Problem.notFound("order") }
      let tracking = form["tracking"]
      _ = try await commerce.fulfil(order, by: visit.caller, tracking: tracking.isEmpty ? nil : tracking)
    case "recording-terms":
      guard let days = Int64(form["keepDays"]) else {
        throw GeneralRefusal.invalid(field: "keepDays", why: "must be a whole number")
      }
      let terms = RecordingTerms(keepDays: days, isDownloadOpen: form["open"] == "on")
      try await commerce.putRecordingTerms(of: channel.id, by: visit.caller, terms)
    case "add-member":
      guard let role = Role(rawValue: form["role"]) else {
        throw GeneralRefusal.invalid(field: "role", why: "must be owner, host, moderator or fulfilment")
      }
      let (_, cut) = try await commerce.addMember(
        by: visit.caller, channel: channel.id, email: form["email"], role: role)
      visit.site.cut(cut)
    case "remove-member":
      guard let account = ID<Account>(form["account"]) else { throw Problem.notFound("member") }
      visit.site.cut(try await commerce.removeMember(by: visit.caller, channel: channel.id, account: account))
    default:
      throw Problem.malformed("The form does not say what to do.", field: "do")
    }
  }

  private static func page(
    _ visit: Visit, _ channel: Channel, _ role: Role, _ tab: Tab, _ complaint: Visit.Complaint?
  ) async throws -> Response {
    var model = ChannelStudioPage(
      channel, role: role, tab: tab, error: complaint?.sentence, isSaved: try visit.query("saved") != nil, visit.words)
    let following = try await visit.commerce.following(channel.id, by: visit.caller)
    model.followersText = visit.words.plural("follow.count", following.followers)
    model.notice = try await StandingNotice(visit, channel)
    model.guide = try await visit.guide(of: channel, returnPath: "/studio/\(channel.handle)")
    switch tab {
    case .shows: model.shows = try await ShowsTab(visit, channel, role)
    case .products: model.products = try await ProductsTab(visit, channel, role)
    case .orders: model.orders = try await OrdersTab(visit, channel, role)
    case .recordings: model.recordings = try await RecordingsTab(visit, channel, role)
    case .members: model.members = try await MembersTab(visit, channel, role)
    }
    return try visit.page("studio/channel", title: channel.name, status: complaint?.status ?? .ok, model)
  }
}

extension Visit {
  /// The channel in the address and the reader's role on it. To anyone else it does not exist.
  func ownChannel() async throws -> (Channel, Role) {
    _ = try requireAccount()
    let handle = try parameter("handle")
    guard let own = try await commerce.channels(by: caller).first(where: { $0.0.handle == handle }) else {
      throw GeneralRefusal.notFound("channel")
    }
    return own
  }
}
