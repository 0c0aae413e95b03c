import Commerce
import TestKit
import Testing

@testable import Web

/// A chat that is too fast to read.
@Suite(.timeLimit(.minutes(2))) struct ChatSamplerTests {
  private static func messages(_ range: Range<Int>, speaker: (Int) -> Int? = { _ in nil }) -> [ChatSampler.Message] {
    range.map { ChatSampler.Message(id: "\($0)", sequence: Int64($0), text: "message \($0)\n", speaker: speaker($0)) }
  }

  @Test func `below the rate everything is told at once, and above it nobody gets more than the rate`() {
    var sampler = ChatSampler(perSecond: 8, seed: 1)
    for second in 0..<10 {
      let isAdmitted = sampler.admits(Self.messages(0..<8), at: Int64(second) * 1000)
      #expect(isAdmitted, "second \(second)")
    }
    // A hundred a second for ten seconds.
    var told = Array(repeating: 0, count: ChatSampler.groups)
    for window in 0..<20 {
      let now = 10_000 + Int64(window) * ChatSampler.windowMilliseconds
      if sampler.admits(Self.messages(window * 50..<window * 50 + 50), at: now) { Issue.record("window \(window)") }
      let share = sampler.flush(at: now + ChatSampler.windowMilliseconds)
      #expect(share.everything.count == 50)
      for (group, messages) in share.groups.enumerated() { told[group] += messages.count }
    }
    // And the second's worth that was saved up before.
    #expect(told.allSatisfy { (80...88).contains($0) }, "\(told)")
    #expect(Set(told).count == 1)
    // When it slows down, everything is told at once again.
    let isAdmitted = sampler.admits(Self.messages(0..<8), at: 60_000)
    #expect(isAdmitted)
  }

  @Test func `every message is shown to as many groups as every other, in order, and another part to each`() {
    var sampler = ChatSampler(perSecond: 8, seed: 7)
    _ = sampler.admits(Self.messages(0..<8), at: 0)
    for window in 1...20 {
      let isAdmitted = sampler.admits(Self.messages(0..<40), at: Int64(window) * 500)
      #expect(!isAdmitted)
      let share = sampler.flush(at: Int64(window + 1) * 500)
      let counts = share.groups.joined().reduce(into: [String: Int]()) { $0[$1.id, default: 0] += 1 }
      // Sixteen groups of four are 64 places for 40 messages.
      let room = share.groups[0].count
      let (least, most) = (room * ChatSampler.groups / 40, (room * ChatSampler.groups + 39) / 40)
      #expect(counts.count == 40 && counts.values.allSatisfy { (least...most).contains($0) }, "\(counts)")
      #expect(Set(share.groups.map { $0.map(\.id).joined(separator: " ") }).count >= 5)
      for messages in share.groups { #expect(messages.map(\.sequence) == messages.map(\.sequence).sorted()) }
    }
  }

  @Test func `the same seed shows the same, another window another, and a viewer stays in their group`() {
    func share(_ seed: UInt64, windows: Int) -> ChatSampler.Share {
      var sampler = ChatSampler(perSecond: 8, seed: seed)
      var share = sampler.flush(at: 0)
      for window in 0..<windows {
        _ = sampler.admits(Self.messages(0..<100), at: Int64(window) * 500)
        share = sampler.flush(at: Int64(window) * 500 + 500)
      }
      return share
    }
    #expect(share(3, windows: 3) == share(3, windows: 3))
    #expect(share(3, windows: 3) != share(3, windows: 4) && share(3, windows: 3) != share(4, windows: 3))
    // Known from outside of this process.
    #expect(ChatSampler.group(of: "browser 0") == ChatSampler.group(of: "browser 0"))
    let sizes = (0..<16_000).reduce(into: Array(repeating: 0, count: ChatSampler.groups)) {
      $0[ChatSampler.group(of: "browser \($1)")] += 1
    }
    #expect(sizes.allSatisfy { (800...1200).contains($0) }, "\(sizes)")
  }

  @Test func `whoever says something sees it, and what was taken away is shown to nobody`() {
    var sampler = ChatSampler(perSecond: 2, seed: 5)
    _ = sampler.admits(Self.messages(0..<2), at: 0)
    let isAdmitted = sampler.admits(Self.messages(0..<100) { $0 % ChatSampler.groups }, at: 500)
    #expect(!isAdmitted)
    sampler.remove("17")
    let share = sampler.flush(at: 1000)
    #expect(share.everything.count == 99)
    for (group, messages) in share.groups.enumerated() {
      let mine = (0..<100).filter { $0 % ChatSampler.groups == group && $0 != 17 }.map(String.init)
      #expect(Set(mine).isSubset(of: messages.map(\.id)), "group \(group)")
      #expect(!messages.contains { $0.id == "17" })
    }
  }

  @Test func `less than one a window waits until there is room, and zero shows all`() {
    var slow = ChatSampler(perSecond: 1, seed: 5)
    let admitted = [
      slow.admits(Self.messages(0..<1), at: 0), slow.admits(Self.messages(1..<3), at: 100),
    ]
    #expect(admitted == [true, false])
    let tooSoon = slow.flush(at: 600)
    #expect(tooSoon.everything.isEmpty && slow.held.count == 2)
    let told = slow.flush(at: 1100)
    #expect(told.groups.allSatisfy { $0.count == 1 } && slow.held.isEmpty)
    var all = ChatSampler(perSecond: 0, seed: 5)
    // A clock that jumps, or stands still.
    var odd = ChatSampler(perSecond: 10_000, seed: 5)
    let others = [
      all.admits(Self.messages(0..<10_000), at: 0), odd.admits(Self.messages(0..<1), at: .max),
      odd.admits(Self.messages(0..<1), at: .min),
    ]
    #expect(others == [true, true, true])
  }

  @Test func `in a rush a guest gets a part and all the host says, a member everything, and the speaker their own`()
    async throws
  {
    try await RunningWeb.run(configure: { $0.limits.chatPerSecond = 2 }) { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "\(web.square.show.id)")
      let path = "/api/v1/shows/\(show)/messages"
      let mine = "haat_viewer=\(web.square.commerce.makeID(Message.self))"
      func read(_ viewer: inout EventStream, until isEnough: ([String]) -> Bool) async throws -> [String] {
        var texts: [String] = []
        while !isEnough(texts) {
          if let text = try await viewer.next("timeline").json["text"].string { texts.append(text) }
        }
        return texts
      }
      let said = try await owner.watch(show) { member in
        _ = try await member.next("state")
        return try await guest.watch(show, headers: ["Cookie": mine]) { speaker in
          _ = try await speaker.next("state")
          return try await guest.watch(show) { other in
            _ = try await other.next("state")
            for number in 0..<60 {
              #expect(try await guest.post(path, ["text": .string("rush \(number)")]).status == 201)
              guard number % 20 == 0 else { continue }
              #expect(try await owner.post(path, ["text": .string("host \(number)")]).status == 201)
              guard number == 20 else { continue }
              #expect(
                try await guest.post(
                  path, ["text": "it was me"], headers: ["Cookie": mine, "Sec-Fetch-Site": "same-origin"]
                ).status == 201)
            }
            let all = try await read(&member) { $0.count == 64 }
            // What the member was told, everybody was told their part of.
            #expect(try await owner.post(path, ["text": "the end"]).status == 201)
            let some = try await read(&other) { $0.last == "the end" }
            return [all, some, try await read(&speaker) { $0.last == "the end" }]
          }
        }
      }
      #expect(said[0].filter { $0.hasPrefix("rush") }.count == 60 && said[0].contains("it was me"))
      for texts in said.dropFirst() {
        #expect(texts.filter { $0.hasPrefix("host") } == ["host 0", "host 20", "host 40"])
        #expect(texts.filter { $0.hasPrefix("rush") }.count < 40, "\(texts)")
        #expect(Set(texts).count == texts.count)
      }
      #expect(said[2].contains("it was me"))
      // Who comes later, and who comes back, is told as before.
      let state = try await guest.watch(show) { viewer in try await viewer.next("state").json }
      #expect(state["messages"].array.count == 50)
    }
  }
}
