import Commerce
import HTTPTypes
import Hummingbird

/// All that is kept of a person, for them to take along, and its end.
enum AccountDataAPI {
  struct Said: Codable {
    let id: ID<Message>
    let show: ID<Show>
    let at: Moment
    let name: String
    let text: String

    init(_ message: Message) {
      id = message.id
      show = message.show
      at = message.at
      name = message.name
      text = message.text
    }
  }

  struct AccountData: Codable, Described {
    let madeAt: Moment
    let account: Account
    let shownToOthers: String
    let memberships: [PeopleAPI.Me.Membership]
    let apiKeys: [APIKey]
    let addresses: [WalletAPI.AddressAnswer]
    let cards: [WalletAPI.SavedCardAnswer]
    let spendLimits: [SpendLimitAPI.LimitAnswer]
    let follows: [FollowAPI.FollowedChannel]
    let reminders: [ReminderAPI.ReminderAnswer]
    let wishes: [WaitlistAPI.WishAnswer]
    let claims: [ClaimAPI.ClaimBagAnswer]
    let orders: [OrderAPI.OrderAnswer]
    let ratings: [RatingAPI.RatingAnswer]
    let messages: [Said]
    let isWhole: Bool

    static let fields = [
      "isWhole":
        "False when there are more orders than 10,000, or more messages than 50,000: the lists of the API have all.",
      "shownToOthers": "How others who watch are told that you bought something.",
      "cards": "The numbers are kept by the payment provider alone.", "madeAt": "When this was put together.",
    ]
  }

  struct Deletion: Codable, Described {
    let password: String

    static let fields = ["password": "Once more, so that an open browser is not enough."]
  }

  static let ordersMax = 10_000
  static let messagesMax = 50_000

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/account/data", "Gives all that is kept of you, as one document.", gives: AccountData.self
    ) { call in try await data(of: call.caller, call.commerce) }.by(.account),
    deletion,
  ]

  private static var deletion: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/account/deletion",
      "Deletes your account, for good; refused while orders are under way or channels are yours.", as: .noContent
    ) { call in
      let body = try call.decode(Deletion.self)
      try await call.commerce.deleteAccount(by: call.caller, password: body.password, address: call.address)
      var response = Response(status: .noContent)
      response.headers.append(call.site.sessionCookie.removing)
      return response
    }.by(.account)
    endpoint.body = .json(Deletion.self)
    // Repeated there is nobody any more to whom it could be answered.
    return endpoint.repeated(.ignored)
  }

  static func data(of caller: Caller, _ commerce: Commerce) async throws -> AccountData {
    guard let id = caller.account, let account = try await commerce.account(id) else {
      throw GeneralRefusal.signInNeeded
    }
    let limit = commerce.policy.pageLimit(100)
    let orders = try await all(ordersMax) { try await commerce.orders(by: caller, after: $0, limit: limit) }
    let messages = try await all(messagesMax) { try await commerce.ownMessages(by: caller, after: $0, limit: limit) }
    let follows = try await all(messagesMax) { try await commerce.follows(by: caller, after: $0, limit: limit) }
    let ratings = try await all(ordersMax) { try await commerce.ownRatings(by: caller, after: $0, limit: limit) }
    return AccountData(
      madeAt: commerce.clock.now, account: account,
      shownToOthers: try await commerce.shownBuyer(by: caller).rawValue,
      memberships: try await commerce.channels(by: caller).map {
        PeopleAPI.Me.Membership(id: $0.id, handle: $0.handle, name: $0.name, role: $1)
      },
      apiKeys: try await commerce.apiKeys(by: caller),
      addresses: try await commerce.savedAddresses(by: caller).map(WalletAPI.AddressAnswer.init),
      cards: try await commerce.savedCards(by: caller).map(WalletAPI.SavedCardAnswer.init),
      spendLimits: try await commerce.spendLimits(by: caller).map(SpendLimitAPI.LimitAnswer.init),
      follows: follows.items.map(FollowAPI.FollowedChannel.init),
      reminders: try await commerce.reminders(by: caller).map(ReminderAPI.ReminderAnswer.init),
      wishes: try await commerce.wishes(by: caller).map(WaitlistAPI.WishAnswer.init),
      claims: try await commerce.claimBags(by: caller).map(ClaimAPI.ClaimBagAnswer.init),
      orders: orders.items.map(OrderAPI.OrderAnswer.init),
      ratings: ratings.items.map(RatingAPI.RatingAnswer.init), messages: messages.items.map(Said.init),
      isWhole: orders.isWhole && messages.isWhole && follows.isWhole && ratings.isWhole)
  }

  /// A list from its beginning, so far as it is bounded.
  private static func all<Item: Sendable>(
    _ max: Int, _ page: (Cursor?) async throws -> Page<Item>
  ) async throws -> (items: [Item], isWhole: Bool) {
    var (items, cursor): ([Item], Cursor?) = ([], nil)
    repeat {
      let next = try await page(cursor)
      items += next.items
      cursor = next.next
    } while cursor != nil && items.count < max
    return (items, cursor == nil)
  }
}
