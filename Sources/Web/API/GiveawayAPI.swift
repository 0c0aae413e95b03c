import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Giveaways: opened and drawn by the host on air, and checked by anyone (docs/giveaways.md).
enum GiveawayAPI {
  struct Winner: Codable, Described {
    let place: Int64
    let position: Int64
    let code: String
    let name: String
    let state: Giveaway.Winner.State
    let claimUntil: Moment

    static let fields = [
      "place": "0 is the first that was drawn.", "position": "Of its leaf in the list, from 0.",
      "code": "The first eight digits of its leaf.", "name": "As chat showed it; empty for who said nothing.",
    ]

    init(_ winner: Giveaway.Winner) {
      place = winner.place
      position = winner.position
      code = winner.code
      name = winner.name
      state = winner.state
      claimUntil = winner.claimUntil
    }
  }

  struct GiveawayAnswer: Codable, Described {
    let id: ID<Giveaway>
    let show: ID<Show>
    let prize: String
    let variant: ID<Variant>?
    let winnersMax: Int64
    let entry: Giveaway.Entry
    let keyword: String
    let watchSeconds: Int64
    let state: Giveaway.State
    let openedAt: Moment
    let endsAt: Moment
    let openMediaTime: Int64
    let endMediaTime: Int64
    let commitment: String
    let entrants: Int64
    let root: String?
    let closedAt: Moment?
    let drawDueAt: Moment?
    let drawnAt: Moment?
    let seed: String?
    let word: String
    let winners: [Winner]

    static let fields = [
      "keyword": "What a comment has to have in it; empty for any.",
      "endsAt": "Entries are taken for a grace of 15 s more, for those whose picture is behind.",
      "openMediaTime": "Milliseconds of the show's own clock.",
      "commitment": "SHA-256 of the seed, in hexadecimal digits.",
      "root": "SHA-256 of the list of entrants; left out while it is open.",
      "drawDueAt": "When it is drawn by itself if nobody has.",
      "seed": "Left out before the draw.",
      "word": "What the host added to the draw when the list was known.",
    ]

    init(_ giveaway: Giveaway) {
      id = giveaway.id
      show = giveaway.show
      prize = giveaway.prize
      variant = giveaway.variant
      winnersMax = giveaway.winnersMax
      entry = giveaway.entry
      keyword = giveaway.keyword
      watchSeconds = giveaway.watchSeconds
      state = giveaway.state
      openedAt = giveaway.opened
      endsAt = giveaway.ends
      openMediaTime = giveaway.openMediaTime
      endMediaTime = giveaway.endMediaTime
      commitment = Hexadecimal.text(giveaway.commitment)
      entrants = giveaway.entrants
      root = giveaway.root.map { Hexadecimal.text($0) }
      closedAt = giveaway.closed
      drawDueAt = giveaway.drawDue
      drawnAt = giveaway.drawn
      seed = giveaway.seed.map { Hexadecimal.text($0) }
      word = giveaway.word
      winners = giveaway.winners.map(Winner.init)
    }
  }

  struct NewGiveaway: Codable, Described {
    let id: ID<Giveaway>?
    let prize: String
    let variant: ID<Variant>?
    let winnersMax: Int64?
    let entry: Giveaway.Entry
    let keyword: String?
    let watchSeconds: Int64?
    let durationSeconds: Int64
    let mediaTime: Int64?

    static let fields = [
      "prize": "1 to 200 characters.", "variant": "Each winner gets a unit, which is reserved from now on.",
      "winnersMax": "1 to 20; 1 when it is left out.", "keyword": "At most 40 characters, for comments.",
      "watchSeconds": "From 10 to 15 less than durationSeconds, for watching.", "durationSeconds": "30 to 1800.",
    ]
  }

  struct Word: Codable, Described {
    let word: String?
    let mediaTime: Int64?

    static let fields = ["word": "At most 100 characters, chosen now that the list is known, and said on air."]
  }

  struct EntryAnswer: Codable, Described {
    let isEntered: Bool
    let leaf: String?
    let identity: String?
    let salt: String?
    let winner: Winner?
    let isFollowing: Bool?

    init(_ entry: GiveawayEntry) {
      isEntered = entry.leaf != nil
      leaf = entry.leaf.map { Hexadecimal.text($0.hash) }
      identity = entry.leaf?.identity
      salt = entry.leaf?.salt
      winner = entry.winner.map(Winner.init)
      isFollowing = entry.isFollowing
    }

    static let fields = [
      "isFollowing": "Whether you follow the channel; left out for a guest, and where one enters in another way.",
      "leaf": "SHA-256 of the giveaway's id, identity and salt, each followed by a line end.",
      "identity": "Told to nobody else.", "salt": "Told to nobody else.", "winner": "Left out for who did not win.",
    ]
  }

  struct EntryReceipt: Codable, Described {
    let receipt: String?

    static let fields = ["receipt": "What the last answer gave."]
  }

  struct WatchAnswer: Codable, Described {
    let watchedMilliseconds: Int64
    let isEntered: Bool
    let receipt: String

    static let fields = [
      "watchedMilliseconds": "Counted between requests that are at most 60 s apart.",
      "receipt": "To be sent next time.",
    ]
  }

  struct PrizeAnswer: Codable {
    let winner: Winner
    let claim: PrizeClaim?
  }

  struct NewClaim: Codable, Described {
    let name: String
    let email: String
    let phone: String?
    let address: String?

    static let fields = ["address": "Needed for a prize that is a variant; several lines."]

    var claim: PrizeClaim { PrizeClaim(name: name, email: email, phone: phone ?? "", address: address ?? "") }
  }

  static let endpoints: [Endpoint] = forHosts + forEverybody

  private static let forHosts: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/shows/{show}/giveaways", "Opens a giveaway in a show on air; for a channel's owners and hosts.",
      takes: NewGiveaway.self, gives: GiveawayAnswer.self, as: .created
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      let draft = GiveawayDraft(
        prize: body.prize, variant: body.variant, winnersMax: body.winnersMax ?? 1, entry: body.entry,
        keyword: body.keyword ?? "", watchSeconds: body.watchSeconds ?? 0, durationSeconds: body.durationSeconds)
      return GiveawayAnswer(
        try await call.commerce.openGiveaway(
          body.id ?? call.commerce.makeID(), by: call.caller, show: show, draft,
          mediaTime: body.mediaTime ?? call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/giveaways/{giveaway}/end", "Says that entries are over; the list closes 15 s later.",
      gives: GiveawayAnswer.self
    ) { call in
      GiveawayAnswer(
        try await call.commerce.endEntries(call.id("giveaway"), by: call.caller, show: call.id("show")))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/giveaways/{giveaway}/draw", "Draws the winners, once its list is published.",
      takes: Word.self, gives: GiveawayAnswer.self
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      return GiveawayAnswer(
        try await call.commerce.drawGiveaway(
          call.id("giveaway"), by: call.caller, show: show, word: body.word ?? "",
          mediaTime: body.mediaTime ?? call.mediaTime(of: show)))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/giveaways/{giveaway}/prizes",
      "Tells how winners are reached, to the channel's owners and those who send its parcels.",
      gives: List<PrizeAnswer>.self
    ) { call in
      List(
        try await call.commerce.prizes(of: call.id("giveaway"), by: call.caller).map {
          PrizeAnswer(winner: Winner($0.winner), claim: $0.claim)
        })
    }.by(.account),
  ]

  private static let forEverybody: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/giveaways", "Lists a show's giveaways, the newest first.",
      gives: List<GiveawayAnswer>.self
    ) { call in
      List(try await call.commerce.giveaways(of: call.id("show"), by: call.caller).map(GiveawayAnswer.init))
    },
    Endpoint(
      .get, "/api/v1/prizes", "Lists what somebody has won and not claimed yet.", gives: List<GiveawayAnswer>.self
    ) { call in
      List(try await call.commerce.prizesToClaim(by: call.caller).map(GiveawayAnswer.init))
    }.by(.account),
    Endpoint(.get, "/api/v1/giveaways/{giveaway}", "Shows a giveaway.", gives: GiveawayAnswer.self) { call in
      GiveawayAnswer(try await call.commerce.giveaway(call.id("giveaway"), by: call.caller))
    },
    Endpoint(
      .get, "/api/v1/giveaways/{giveaway}/proof", "Gives everything that a draw is checked by.",
      gives: PublishedDraw.self
    ) { call in
      let proof = try await call.commerce.giveawayProof(call.id("giveaway"), by: call.caller)
      return Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: text(proof))))
    }.limited(.writes),
    Endpoint(
      .get, "/api/v1/giveaways/{giveaway}/entry", "Tells somebody their own place in a giveaway.",
      gives: EntryAnswer.self
    ) { call in
      EntryAnswer(try await call.commerce.giveawayEntry(call.id("giveaway"), call.entrant(), by: call.caller))
    }.by(.visitor),
    Endpoint(
      .post, "/api/v1/giveaways/{giveaway}/entry",
      "Takes part in a giveaway that one enters by following its channel; for who follows it.", gives: EntryAnswer.self
    ) { call in
      EntryAnswer(try await call.commerce.enterByFollowing(call.id("giveaway"), by: call.caller))
    }.repeated(.ignored).by(.account),
    Endpoint(
      .post, "/api/v1/giveaways/{giveaway}/watching", "Says that somebody is watching, about every 20 s.",
      takes: EntryReceipt.self, gives: WatchAnswer.self
    ) { call, body in
      let progress = try await call.commerce.watch(
        call.id("giveaway"), call.entrant(), receipt: body.receipt, address: call.address, by: call.caller)
      return WatchAnswer(
        watchedMilliseconds: progress.watchedMilliseconds, isEntered: progress.isEntered, receipt: progress.receipt)
    }.repeated(.ignored).by(.visitor),
    Endpoint(
      .post, "/api/v1/giveaways/{giveaway}/claim", "Says how a winner is reached.", takes: NewClaim.self,
      gives: Winner.self
    ) { call, body in
      Winner(
        try await call.commerce.claimPrize(call.id("giveaway"), call.entrant(), body.claim, by: call.caller))
    }.repeated(.ignored).by(.visitor),
  ]

  /// By hand: a list may have a hundred thousand leaves.
  private static func text(_ proof: GiveawayProof) -> [UInt8] {
    let giveaway = proof.giveaway
    let leaves = proof.leaves ?? []
    func hex(_ bytes: [UInt8]?) -> String { bytes.map { "\"\(Hexadecimal.text($0))\"" } ?? "null" }
    let winners = giveaway.winners.map { "\($0.position)" }.joined(separator: ",")
    let head = """
      {"giveaway":"\(giveaway.id)","state":"\(giveaway.state.rawValue)","winnersMax":\(giveaway.winnersMax),\
      "commitment":\(hex(giveaway.commitment)),"entrants":\(giveaway.entrants),"root":\(hex(giveaway.root)),\
      "word":\(LiveText.string(giveaway.word)),"seed":\(hex(giveaway.seed)),"winners":[\(winners)],"leaves":[
      """
    var text = Array(head.utf8)
    text.reserveCapacity(text.count + leaves.count / 32 * 67 + 8)
    for start in stride(from: 0, to: leaves.count - leaves.count % 32, by: 32) {
      text += (start == 0 ? "\"" : ",\"").utf8
      text += Hexadecimal.text(leaves[start..<start + 32]).utf8
      text.append(UInt8(ascii: "\""))
    }
    text += "]}\n".utf8
    return text
  }
}

extension PublishedDraw: Described {
  static let fields = [
    "root": "SHA-256 of the list; left out while it is open.", "seed": "Left out before the draw.",
    "winners": "Positions in leaves, in the order in which they were drawn.",
    "leaves": "The list of entrants, each as a salted hash; empty while it is open.",
  ]
}
