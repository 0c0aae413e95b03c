import Hummingbird
import Synchronization

/// How many endless answers each address has open.
final class OpenStreams: Sendable {
  private struct State {
    var open: [String: Int] = [:]
    var total = 0
  }

  private let perAddressMax: Int
  private let state = Mutex(State())

  init(perAddressMax: Int) { self.perAddressMax = perAddressMax }

  /// One open answer. Whatever becomes of it, it is given back once.
  final class Place: Sendable {
    private let streams: OpenStreams
    private let address: String
    private let hasLeft = Atomic(false)

    fileprivate init(_ streams: OpenStreams, _ address: String) {
      self.streams = streams
      self.address = address
    }

    func leave() {
      guard !hasLeft.exchange(true, ordering: .relaxed) else { return }
      streams.leave(address)
    }

    // An answer that was never written, because it was to HEAD or the connection was gone, ends here.
    deinit { leave() }
  }

  /// Throws when the address has as many as it may.
  func enter(_ address: String) throws -> Place {
    let isIn = state.withLock { state in
      guard state.open[address, default: 0] < perAddressMax else { return false }
      state.open[address, default: 0] += 1
      state.total += 1
      return true
    }
    guard isIn else {
      var problem = Problem(
        .tooManyRequests, "too_many_streams", "At most \(perAddressMax) streams may be open from one address.")
      problem.retryAfterSeconds = 10
      throw problem
    }
    return Place(self, address)
  }

  var total: Int { state.withLock { $0.total } }

  private func leave(_ address: String) {
    state.withLock { state in
      state.total -= 1
      let left = state.open[address, default: 1] - 1
      state.open[address] = left > 0 ? left : nil
    }
  }
}
