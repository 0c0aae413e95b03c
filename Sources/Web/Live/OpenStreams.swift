import Hummingbird
import NIOCore
import Synchronization

/// The endless answers that are open, how many each address has, and their connections.
final class OpenStreams: Sendable {
  private struct State {
    var open: [String: Int] = [:]
    var connections: [UInt64: any Channel] = [:]
    var last: UInt64 = 0
  }

  private let perAddressMax: Int
  private let state = Mutex(State())

  init(perAddressMax: Int) { self.perAddressMax = perAddressMax }

  /// One open answer. Whatever becomes of it, it is given back once.
  final class Place: Sendable {
    private let streams: OpenStreams
    private let address: String
    private let number: UInt64
    private let hasLeft = Atomic(false)

    fileprivate init(_ streams: OpenStreams, _ address: String, _ number: UInt64) {
      self.streams = streams
      self.address = address
      self.number = number
    }

    func leave() {
      guard !hasLeft.exchange(true, ordering: .relaxed) else { return }
      streams.leave(address, number)
    }

    // An answer that was never written, because it was to HEAD or the connection was gone, ends here.
    deinit { leave() }
  }

  /// Throws when the address has as many as it may.
  func enter(_ address: String, _ channel: any Channel) throws -> Place {
    let number: UInt64? = state.withLock { state in
      guard state.open[address, default: 0] < perAddressMax else { return nil }
      state.open[address, default: 0] += 1
      state.last += 1
      state.connections[state.last] = channel
      return state.last
    }
    guard let number else {
      var problem = Problem(
        .tooManyRequests, "too_many_streams", "At most \(perAddressMax) streams may be open from one address.")
      problem.retryAfterSeconds = 10
      throw problem
    }
    return Place(self, address, number)
  }

  var total: Int { state.withLock { $0.connections.count } }

  /// Closes all connections: they would never end by themselves.
  func close() {
    let connections = state.withLock { Array($0.connections.values) }
    for connection in connections { connection.close(promise: nil) }
  }

  private func leave(_ address: String, _ number: UInt64) {
    state.withLock { state in
      state.connections[number] = nil
      let left = state.open[address, default: 1] - 1
      state.open[address] = left > 0 ? left : nil
    }
  }
}
