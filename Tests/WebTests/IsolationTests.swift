import Commerce
import Foundation
import TestKit
import Testing

/// Every address of the API that is somebody's, as its own document lists them, says no to everybody else. A new one is
/// in here from its first day on.
@Suite(.timeLimit(.minutes(5))) struct IsolationTests {
  /// Lists and things of whoever asks: everybody with an account has their own.
  private static let ofCaller: Set<String> = [
    "get /api/v1/session", "get /api/v1/account/data", "post /api/v1/account/deletion", "get /api/v1/api-keys",
    "post /api/v1/api-keys", "post /api/v1/channels",
    "get /api/v1/orders", "get /api/v1/ratings", "get /api/v1/spend-limits", "put /api/v1/spend-limits",
    "get /api/v1/prizes",
    "get /api/v1/own-partners", "get /api/v1/auctions/{auction}/standing", "post /api/v1/auctions/{auction}/bids",
    "get /api/v1/wallet", "put /api/v1/wallet/one-tap", "post /api/v1/addresses", "post /api/v1/cards",
    "get /api/v1/wishes", "get /api/v1/follows", "put /api/v1/channels/{channel}/follow",
    "delete /api/v1/channels/{channel}/follow", "post /api/v1/giveaways/{giveaway}/entry",
    "get /api/v1/purchase-notice", "put /api/v1/purchase-notice", "get /api/v1/claims", "get /api/v1/reminders",
    "get /api/v1/channels/{channel}/follow/notices", "put /api/v1/channels/{channel}/follow/notices",
  ]

  /// Where the schema alone does not say what would be taken: nothing is refused for its form before it is refused for
  /// who asks.
  private static let samples: [String: JSON] = [
    "state": "live", "market": "IN", "rateBasisPoints": 500, "percentBasisPoints": 500, "claimsMax": 5,
    "role": "host", "title": "A title", "text": "Hello", "reason": "A reason", "name": "A name", "handle": "somebody",
    "email": "somebody@example.com", "code": "HDFC0001234", "number": "12345678", "holder": "Somebody",
    "currency": "INR", "address": "rtmp://203.0.113.9/app", "key": "a stream's key", "quantity": 1, "count": 1,
    "onHand": 5, "durationSeconds": 60, "unitsMax": 5, "unitsPerBuyerMax": 1, "winnersMax": 1, "prize": "A lamp",
    "entry": "comment", "days": 30, "markets": ["IN"], "languages": ["en"], "prices": ["IN": 100],
    "scheduledAt": "2026-11-30T18:00:00.000Z", "carrier": "Post", "tracking": "1",
    "country": "IN", "depositPercent": 30, "until": "2026-12-30T18:00:00.000Z", "shipsBy": "2027-01-30T18:00:00.000Z",
    "variant": "01a221ea-c3a2-74c3-b478-d8fed062974a", "units": 1,
  ]

  /// Bodies that a schema's required fields do not make.
  private static let bodies: [String: JSON] = [
    "post /api/v1/channels/{channel}/coupons": [
      "code": "GLOW", "market": "IN", "percentBasisPoints": 500, "claimsMax": 5,
    ],
    "post /api/v1/partners": ["name": "A site", "rateBasisPoints": 500],
    "put /api/v1/partners/{partner}/payout-destination": [
      "holder": "Somebody", "number": "12345678", "code": "HDFC0001234",
    ],
    "put /api/v1/partners/{partner}/state": ["state": "suspended", "reason": "A reason"],
    "post /api/v1/coupons": ["code": "GLOW", "market": "IN", "percentBasisPoints": 500, "claimsMax": 5],
    "put /api/v1/channels/{channel}/payout-destination": [
      "holder": "Somebody", "number": "12345678", "code": "HDFC0001234",
    ],
    "put /api/v1/channels/{channel}/state": ["state": "approved"],
    "post /api/v1/channels/{channel}/markets": ["market": "IN"],
    "post /api/v1/shows/{show}/simulcast": ["address": "rtmp://203.0.113.9.example/app", "key": "a-key"],
    "put /api/v1/addresses/{address}": home,
    "put /api/v1/shows/{show}/messages/{message}/question": ["state": "answered"],
    "post /api/v1/claims/{bag}/order": [
      "offers": ["01a221ea-c3a2-74c3-b478-d8fed062974a"],
      "buyer": [
        "name": "Asha", "email": "asha@example.com",
        "address": ["line1": "1 Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
      ],
    ],
    "post /api/v1/channels/{channel}/bundles": [
      "title": "A set", "prices": ["IN": 100],
      "parts": [
        ["variant": "01a221ea-c3a2-74c3-b478-d8fed062974a", "quantity": 1],
        ["variant": "01a221ea-c3a2-74c3-b478-d8fed062974b", "quantity": 1],
      ],
    ],
    "post /api/v1/wishes/{wish}/order": [
      "offer": "01a221ea-c3a2-74c3-b478-d8fed062974a",
      "buyer": [
        "name": "Asha", "email": "asha@example.com",
        "address": ["line1": "1 Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
      ],
    ],
    "post /api/v1/channels/{channel}/webhooks": ["url": "https://shop.example/haat", "kinds": ["order.paid"]],
    "post /api/v1/partners/{partner}/webhooks": ["url": "https://shop.example/haat", "kinds": ["order.paid"]],
    "post /api/v1/orders/{order}/payment": ["paymentMethod": "pm_card_visa"],
    "post /api/v1/variants/{variant}/receipts": ["count": 1, "note": "a delivery"],
    "post /api/v1/orders/{order}/cancellation-requests": ["reason": "buyers_wish"],
    "post /api/v1/orders/{order}/cancellations": ["reason": "out_of_stock"],
    "post /api/v1/orders/{order}/returns": ["reason": "damaged", "lines": [["line": 0, "quantity": 1]]],
    "post /api/v1/orders/{order}/refunds": ["reason": "A reason"],
    "put /api/v1/orders/{order}/rating": ["stars": 4],
    "put /api/v1/shows/{show}/messages/{message}/restriction": ["kind": "mute", "reason": "spam"],
    "post /api/v1/returns/{return}/decision": ["decision": "refuse", "text": "A reason"],
  ]

  private static let home: JSON = [
    "address": ["name": "Asha", "line1": "1 Lane", "city": "Pune", "postalCode": "411001", "country": "IN"]
  ]

  @Test func `what is somebody's is nobody else's, at every address of the document`() async throws {
    try await RunningWeb.run(paysOut: true) { web in
      let places = try await Self.things(of: web)
      let (owner, house) = (try await web.owner, try await web.operator)
      let stranger = try await web.stranger
      let made = try await stranger.post("/api/v1/channels", ["handle": "strange", "name": "Strange", "market": "IN"])
      #expect(made.status == 201, "another channel's member")
      _ = try await web.square.person("Buyer")
      let buyer = try await web.signedIn("buyer@example.com")
      let document = try await web.guest.get("/api/openapi.json").json
      var checked = 0
      for (path, operations) in document["paths"].members.sorted(by: { $0.key < $1.key }) {
        for (method, operation) in operations.members.sorted(by: { $0.key < $1.key }) {
          // What nobody has to be signed in for is everybody's.
          guard !operation["security"].array.contains([:]), !Self.ofCaller.contains("\(method) \(path)") else {
            continue
          }
          let address = Self.filled(path, places)
          let body = Self.body("\(method) \(path)", operation, document)
          for (who, client) in [("nobody", web.guest), ("another's member", stranger), ("another buyer", buyer)] {
            let reply = try await Self.ask(client, method, address, body)
            let refused = who == "nobody" ? [401, 403, 404] : [403, 404]
            #expect(
              refused.contains(reply.status), "\(method) \(path) as \(who): \(reply.status) \(reply.text.prefix(200))")
            checked += 1
          }
          // And it is there, for whom it is: else a wrong id would have said no.
          guard method == "get", !path.contains("/recording"), !path.contains("/srt"),
            !path.hasSuffix("/payment"), path != "/api/v1/orders/{order}/preorder"
          else { continue }
          var there = false
          for client in [owner, house] where !there {
            there = try await Self.ask(client, method, address, nil).status == 200
          }
          #expect(there, "\(path) is not there for those it is for")
        }
      }
      #expect(checked > 250, "\(checked) requests")
    }
  }

  private static func id(_ reply: Reply, _ what: String) -> String {
    #expect(reply.status < 300, "\(what): \(reply.text)")
    return reply.json["id"].string ?? ""
  }

  /// One of everything, by the names the addresses have for it.
  private static func things(of web: RunningWeb) async throws -> [String: String] {
    let (owner, house, square) = (try await web.owner, try await web.operator, web.square)
    let (channel, show) = ("/api/v1/channels/\(square.channel.id)", "/api/v1/shows/\(square.show.id)")
    var things = [
      "channel": "\(square.channel.id)", "show": "\(square.show.id)", "product": "\(square.lamp.id)",
      "variant": "\(square.lamp.variants[0].id)", "account": "\(square.owner.account.map { "\($0)" } ?? "")",
      "month": String(square.clock.now.description.prefix(7)), "code": "IN",
    ]
    things["coupon"] = id(
      try await owner.post(
        "\(channel)/coupons", ["code": "MINE", "market": "IN", "percentBasisPoints": 500, "claimsMax": 5]),
      "coupon")
    things["terms"] = id(try await owner.post("\(channel)/affiliate-terms", ["rateBasisPoints": 500]), "terms")
    let webhook = try await owner.post(
      "/api/v1/channels/\(web.square.channel.id)/webhooks",
      ["url": "https://shop.example/haat", "kinds": ["order.paid"]])
    things["webhook"] = webhook.json["webhook"]["id"].string
    things["partner"] = id(
      try await house.post("/api/v1/partners", ["name": "The Blog", "via": "blog", "rateBasisPoints": 2_500]),
      "partner")
    let people = "/api/v1/partners/\(things["partner"] ?? "")"
    let email = try await owner.get("/api/v1/session").json["account"]["email"]
    #expect(try await house.post("\(people)/members", ["email": email]).status == 200)
    let bank: JSON = ["holder": "The Blog", "number": "12345678", "code": "HDFC0001234"]
    #expect(try await owner.put("\(people)/payout-destination", bank).status == 200)
    for place in [channel, people] {
      #expect(try await owner.post("\(place)/payout-account", ["country": "IN"]).status == 200)
    }
    things["plan"] = id(try await house.post("/api/v1/commission-plans", ["commissionBasisPoints": 900]), "plan")
    _ = id(try await owner.post("/api/v1/api-keys", ["name": "mine"]), "key")
    things["key"] = try await owner.get("/api/v1/api-keys").json["items"][0]["id"].string
    things["target"] = id(
      try await owner.post("\(show)/simulcast", ["address": "rtmp://203.0.113.9.example/app", "key": "k"]), "target")
    things["message"] = id(try await web.guest.post("\(show)/messages", ["name": "Ravi", "text": "Hello"]), "message")
    things["restriction"] = id(
      try await owner.put(
        "\(show)/messages/\(things["message"] ?? "")/restriction", ["kind": "mute", "reason": "spam"]), "restriction")
    let words = try await owner.put("\(channel)/chat-words", ["word": "fake", "action": "hold"])
    things["word"] = id(words, "word")
    let sold = try await owner.post(
      "\(show)/claim-words", ["product": "\(square.lamp.id)", "market": "IN", "word": "sold 12"])
    #expect(sold.status == 201, "\(sold.text)")
    let claimed = try await house.post("\(show)/messages", ["text": "Sold 12"])
    things["bag"] = claimed.json["claim"]["bag"].string
    #expect(things["bag"] != nil, "\(claimed.text)")
    things["deal"] = id(
      try await owner.post(
        "\(show)/deals",
        [
          "product": "\(square.lamp.id)", "prices": ["IN": 1_000], "durationSeconds": 60, "unitsMax": 1,
          "unitsPerBuyerMax": 1,
        ]), "deal")
    things["giveaway"] = id(
      try await owner.post(
        "\(show)/giveaways", ["prize": "A lamp", "winnersMax": 1, "durationSeconds": 60, "entry": "comment"]),
      "giveaway")
    things["auction"] = id(
      try await owner.post(
        "\(show)/auctions",
        ["variant": "\(square.lampVariant)", "market": "IN", "openingMinor": 1_000, "durationSeconds": 60]),
      "auction")
    things["feature"] = "auctions"
    things["invitation"] = id(try await house.post("/api/v1/invitations", ["note": "For the fair"]), "invitation")
    let cup = try await owner.post(
      "\(channel)/products", ["title": "Cup", "variants": [["sku": "CUP", "prices": ["IN": 100], "onHand": 0]]])
    let wish = try await owner.post(
      "/api/v1/variants/\(cup.json["variants"][0]["id"].string ?? "")/waitlist", ["market": "IN"])
    #expect(wish.status == 201, "\(cup.text) \(wish.text)")
    things["wish"] = wish.json["wish"]["id"].string
    let evening = try await owner.post(
      "\(channel)/shows",
      [
        "title": "Tomorrow", "markets": ["IN"],
        "scheduledAt": .string(square.clock.now.adding(seconds: 86_400).description),
      ])
    _ = try await owner.post("/api/v1/shows/\(evening.json["id"].string ?? "")/reminders", ["way": "mail"])
    things["reminder"] = try await owner.get("/api/v1/reminders").json["items"][0]["id"].string
    #expect(things["reminder"] != nil, "\(evening.text)")
    let later = try await owner.post(
      "\(channel)/products", ["title": "Kettle", "variants": [["sku": "KETTLE", "prices": ["IN": 100], "onHand": 0]]])
    things["preorder"] = id(
      try await owner.post(
        "\(channel)/preorders",
        [
          "variant": later.json["variants"][0]["id"], "depositPercent": 30, "unitsMax": 5,
          "until": .string(square.clock.now.adding(seconds: 864_000).description),
          "shipsBy": .string(square.clock.now.adding(seconds: 8_640_000).description),
        ]), "preorder")
    let japan: JSON = [
      "currency": "JPY", "name": "Japan", "languages": ["en"], "isOpen": true, "admission": "application",
      "commissionBasisPoints": 900, "taxIncludedBasisPoints": 0, "shippingMinor": 0,
    ]
    #expect(try await house.put("/api/v1/markets/JP", japan).status == 200)
    let asked = try await owner.post("\(channel)/markets", ["market": "JP", "application": ["sells": "Lamps"]])
    #expect(asked.status < 300, "\(asked.text)")
    things["review"] = try await house.get("/api/v1/reviews").json["items"][0]["id"].string
    let csv = Array("Handle,Title,Variant Price\ncup,Cup,100\n".utf8)
    things["import"] = id(
      try await owner.send("POST", "\(channel)/imports", headers: ["Content-Type": "text/csv"], body: csv), "import")
    return try await withMoney(things, web)
  }

  /// The same with an order, its parcel, its mail, and what it brought on its way to the bank.
  private static func withMoney(_ made: [String: String], _ web: RunningWeb) async throws -> [String: String] {
    var things = made
    let (owner, house, square) = (try await web.owner, try await web.operator, web.square)
    let placed = try await web.placed()
    let card = try await web.method("4242424242424242")
    things["address"] = try await owner.post("/api/v1/addresses", home).json["id"].string
    let kept = try await owner.post("/api/v1/cards", ["paymentMethod": .string(card)]).json
    things["setup"] = kept["setup"].string
    things["card"] = kept["card"]["id"].string
    let paid = try await web.guest.post(
      "/api/v1/orders/\(placed.id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": placed.token, "Idempotency-Key": "pay"])
    #expect(paid.status < 300, "\(paid.text)")
    guard let order = ID<Order>(placed.id) else { throw FixtureFault("no order") }
    let parcel = try await square.commerce.ship(order, by: square.owner)
    _ = try await square.commerce.deliver(parcel.id, of: order, by: square.owner)
    square.clock.advance(days: 4)
    try await square.commerce.settleOrders()
    let destination: JSON = ["holder": "Meera", "number": "12345678", "code": "HDFC0001234"]
    let saved = try await owner.put("/api/v1/channels/\(square.channel.id)/payout-destination", destination)
    #expect(saved.status == 200, "\(saved.text)")
    #expect(try await house.post("/api/v1/payouts").json["count"] == 1)
    things["file"] = try await house.post("/api/v1/payout-files", ["currency": "INR"]).json["id"].string
    things["payout"] = try await house.get("/api/v1/payouts").json["items"][0]["id"].string
    things["mail"] = try await house.get("/api/v1/mails").json["items"][0]["id"].string
    things["order"] = placed.id
    let rated = try await web.guest.put(
      "/api/v1/orders/\(placed.id)/rating", ["stars": 4], headers: ["Order-Token": placed.token])
    things["rating"] = id(rated, "rating")
    things["customer"] =
      try await owner.get("/api/v1/channels/\(square.channel.id)/customers").json["items"][0]["id"].string
    things["shipment"] = "\(parcel.id)"
    things["return"] = id(
      try await web.guest.post(
        "/api/v1/orders/\(placed.id)/returns", ["reason": "damaged", "lines": [["line": 0, "quantity": 1]]],
        headers: ["Order-Token": placed.token, "Idempotency-Key": "return"]), "return")
    return things
  }

  /// What there is nothing of has an id of nothing.
  private static func filled(_ path: String, _ places: [String: String]) -> String {
    path.split(separator: "/").map { part in
      guard part.hasPrefix("{") else { return String(part) }
      return places[String(part.dropFirst().dropLast())] ?? "01a221ea-c3a2-74c3-b478-d8fed062974a"
    }.reduce("") { "\($0)/\($1)" }
  }

  private static func ask(_ client: Client, _ method: String, _ path: String, _ body: Body?) async throws -> Reply {
    var headers = ["Idempotency-Key": "isolation"]
    if method == "get" || method == "delete" { headers = [:] }
    headers["Content-Type"] = body?.type
    return try await client.send(method.uppercased(), path, headers: headers, body: body?.bytes ?? [])
  }

  private struct Body {
    let type: String
    let bytes: [UInt8]
  }

  private static func body(_ name: String, _ operation: JSON, _ document: JSON) -> Body? {
    guard let (type, content) = operation["requestBody"]["content"].members.min(by: { $0.key < $1.key }) else {
      return nil
    }
    guard type == "application/json" else { return Body(type: type, bytes: Array("Title,Price\nCup,1\n".utf8)) }
    let value = bodies[name] ?? sample(content["schema"], document)
    return Body(type: type, bytes: Array((try? JSONEncoder().encode(value)) ?? Data()))
  }

  /// A value that the schema takes.
  private static func sample(_ schema: JSON, _ document: JSON) -> JSON {
    if let reference = schema["$ref"].string {
      return sample(
        document["components"]["schemas"][reference.split(separator: "/").last.map(String.init) ?? ""], document)
    }
    if let word = schema["enum"].array.first { return word }
    switch schema["type"].string {
    case "object":
      let required = schema["required"].array.compactMap(\.string)
      return .object(
        Dictionary(
          uniqueKeysWithValues: required.map { ($0, samples[$0] ?? sample(schema["properties"][$0], document)) }))
    case "array": return .array([sample(schema["items"], document)])
    case "integer", "number": return 1
    case "boolean": return true
    default: return schema["format"] == "uuid" ? "01a221ea-c3a2-74c3-b478-d8fed062974a" : "something"
    }
  }
}

extension JSON {
  fileprivate var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }
}
