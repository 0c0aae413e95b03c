@testable import Commerce
import Store
import TestKit
import Testing

/// What people say in the creator's show and what is done about it, and the clips that sell: with chances of their own.
extension Workload {
  /// A show that has ended, and was recorded from its first second to its sixty-first.
  static func film(of stall: Stall) async throws -> ID<Show> {
    let show = try await stall.liveShow()
    try await stall.run("UPDATE show SET state = 'ended', ended_ms = \(stall.clock.now) WHERE id = \(show)")
    try await stall.run(
      """
      INSERT INTO recording (show_id, channel_id, state, start_media_ms, end_media_ms, duration_ms, bytes, lost_ms,
        ready_ms)
      VALUES (\(show), \(stall.channel), 'ready', 1000, 61000, 60000, 7000000, 0, \(stall.clock.now))
      """)
    return show
  }

  /// A clip is made or removed, or somebody orders from one: of that show, of another one, or of none.
  mutating func cut() async throws {
    let (commerce, random) = (stall.commerce, shears)
    func any(_ bound: UInt64) -> Int { Int(random.next() % bound) }
    switch any(6) {
    case 0, 1:
      let id: ID<Clip> = commerce.makeID()
      let from = Int64(any(60)) * 1000
      do {
        _ = try await commerce.makeClip(
          id, of: films[0], by: stall.owner,
          ClipDraft(
            product: stall.products[any(2)], fromMediaTime: from, untilMediaTime: from + Int64(any(40) + 4) * 1000,
            title: ""))
        if any(3) > 0 { try await commerce.clipMade(id, bytes: 1_000, durationMilliseconds: 9_000) }
        if any(4) == 0 { try await commerce.clipFailed(id) }
        clips.append(id)
      } catch is ClipRefusal {
      } catch is RecordingRefusal {
      } catch is GeneralRefusal {
      }
    case 2:
      guard !clips.isEmpty else { return }
      try await commerce.removeClip(clips[any(UInt64(clips.count))], by: stall.owner)
    default: try await orderFromClip()
    }
  }

  private mutating func orderFromClip() async throws {
    let random = shears
    func any(_ bound: UInt64) -> Int { Int(random.next() % bound) }
    let product = any(2)
    let clip = clips.isEmpty || any(5) == 0 ? stall.commerce.makeID() : clips[any(UInt64(clips.count))]
    let place = [films[0], films[0], films[1], nil][any(4)]
    let offers = try await stall.database.read { [stall] db in
      try Offers.lists(of: stall.variants, market: "IN", in: db)
    }
    guard let offer = offers[stall.variants[product]] else { throw Stall.Unexpected(what: "no offer") }
    let bag = Bag(show: place, market: "IN", lines: [Bag.Line(offer: offer.id, quantity: 1)])
    let wanted = [Auditor.Line(product: product, quantity: 1, price: prices[product], deal: nil)]
    do {
      let placed = try await stall.place(
        bag, id: stall.commerce.makeID(), source: OrderSource(via: any(2) == 0 ? "blog" : nil, clip: clip))
      let isTrue = clips.contains(clip) && place == films[0]
      auditor.expect(placed.order.source.clip == (isTrue ? clip : nil), "from a clip of its show, and no other")
      auditor.placed(placed, bag, wanted)
    } catch let refused as BagRefusal {
      auditor.offered = try await offered()
      let tier = try await stall.commerce.admissionStanding(of: stall.channel, by: stall.owner).tier
      auditor.refused(refused, wanted, at: stall.clock.now, tier)
    }
  }

  /// Somebody speaks or reports; the seller's people remove, mute, ban, lift, and decide what waits.
  mutating func talk() async throws {
    do { try await takeTalkStep() } catch let refused as ChatRefusal {
      auditor.expect(Self.chatRefusals.contains(refused.code), "refused as \(refused)")
    } catch is GeneralRefusal {
      // It waits for a moderator, or was removed.
    }
  }

  private static let chatRefusals: Set = [
    "chat_banned", "chat_muted", "chat_word", "chat_too_many_held", "chat_unknown_speaker",
  ]

  private mutating func takeTalkStep() async throws {
    let (commerce, owner, random) = (stall.commerce, stall.owner, tongue)
    func any(_ bound: UInt64) -> Int { Int(random.next() % bound) }
    let visitor = String(repeating: "t", count: 32) + "\(any(5))"
    let (show, channel) = (creatorShow, try await commerce.show(creatorShow, by: owner).channel)
    let message = said.isEmpty ? nil : said[any(UInt64(said.count))]
    switch any(12) {
    case 0..<5:
      let text = ["hello", "how tall is it", "a zwrong word", "buy elsewhere zhidden"][any(4)]
      said = said.suffix(9)
      said.append(
        try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: text, visitor: visitor).id)
    case 5, 6:
      guard let message else { return }
      try await commerce.reportMessage(
        by: .nobody, show: show, message: message, ChatReason.allCases[any(6)], visitor: visitor)
    case 7:
      guard let message else { return }
      if any(2) == 0 {
        try await commerce.removeMessage(by: owner, show: show, message: message)
      } else {
        try await commerce.settleReports(by: owner, show: show, message: message)
      }
    case 8:
      guard let message else { return }
      _ = try await commerce.restrict(
        by: owner, show: show, message: message,
        any(2) == 0 ? ChatRestrictionDraft(kind: .mute, minutes: 5, reason: .spam) : .init(kind: .ban, reason: .spam))
    case 9:
      for one in try await commerce.restrictions(of: channel, by: owner).items where any(2) == 0 {
        _ = try await commerce.liftRestriction(one.id, by: owner)
      }
    case 10:
      for one in try await commerce.heldMessages(of: channel, by: owner) {
        try await commerce.decideHeld(one.message.id, approve: any(2) == 0, by: owner)
      }
    default:
      _ = try await commerce.putChatWord(
        any(2) == 0 ? "zwrong" : "zhidden", any(2) == 0 ? .hold : .hide, by: owner, channel: channel)
    }
  }
}
