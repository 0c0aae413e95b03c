import Commerce
import Synchronization

/// Who is in a room: each once, however many tabs they have open.
final class Presence: Sendable {
  private struct State {
    var connections: [String: Int] = [:]
    var count = HeadCount()
    /// Who came since the last look.
    var newcomers: [String] = []
    /// Whether the show was on air at the last look: all who were there then have been told.
    var wasLive = false
  }

  /// What a look finds.
  struct Look {
    let present: Int
    /// Who has come since the show went on air, or since the last look.
    let newcomers: [String]
  }

  private let state = Mutex(State())

  /// One connection of somebody. Whatever becomes of it, it is given back once.
  final class Seat: Sendable {
    private let presence: Presence
    private let who: String

    fileprivate init(_ presence: Presence, _ who: String) {
      self.presence = presence
      self.who = who
    }

    deinit { presence.leave(who) }
  }

  func enter(_ who: String) -> Seat {
    state.withLock { state in
      state.connections[who, default: 0] += 1
      if state.connections[who] == 1 { state.newcomers.append(who) }
    }
    return Seat(self, who)
  }

  private func leave(_ who: String) {
    state.withLock { state in
      let left = state.connections[who, default: 1] - 1
      state.connections[who] = left > 0 ? left : nil
    }
  }

  /// As it is shown: who has just come is in it.
  var viewers: Int { state.withLock { max($0.count.shown, $0.connections.count) } }

  var peak: Int64 { state.withLock { $0.count.peak } }
  var watchedMilliseconds: Int64 { state.withLock { $0.count.watchedMilliseconds } }

  /// Goes on from what was kept.
  func begin(_ kept: Attendance) {
    state.withLock { $0.count = HeadCount(peak: kept.peak, watchedMilliseconds: kept.watchedMilliseconds) }
  }

  /// Looks how many there are, and who is new; called once a second.
  func look(at now: Moment, isLive: Bool) -> Look {
    state.withLock { state in
      state.count.look(state.connections.count, at: now, isLive: isLive)
      defer {
        state.newcomers = []
        state.wasLive = isLive
      }
      let newcomers = !isLive ? [] : state.wasLive ? state.newcomers : Array(state.connections.keys)
      return Look(present: state.connections.count, newcomers: newcomers)
    }
  }

  /// The time that was watched since the last step.
  func step() -> Int64 { state.withLock { $0.count.step() } }
}
