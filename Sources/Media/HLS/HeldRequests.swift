/// Requests that wait for what does not exist yet: blocking reloads, hinted parts, a stream without a picture. Bounded
/// as a whole and per address, so that nobody's waiting is at the cost of the others'. Pure.
struct HeldRequests {
  struct Request {
    var ticket: UInt64
    var want: LiveState.Want
    var address: String
    /// Steady milliseconds.
    var deadline: Int64
    var continuation: CheckedContinuation<MediaAnswer, Never>
  }

  /// Why one more is not held.
  enum Full: Int {
    case address = 429
    case all = 503
  }

  private let countMax: Int
  private let perAddressMax: Int
  private var requests: [Request] = []
  private var perAddress: [String: Int] = [:]

  init(countMax: Int, perAddressMax: Int) {
    self.countMax = countMax
    self.perAddressMax = perAddressMax
  }

  var count: Int { requests.count }

  mutating func hold(_ request: Request) -> Full? {
    guard requests.count < countMax else { return .all }
    let known = perAddress[request.address, default: 0]
    guard request.address.isEmpty || known < perAddressMax else { return .address }
    perAddress[request.address] = known + 1
    requests.append(request)
    return nil
  }

  mutating func take(_ ticket: UInt64) -> Request? {
    guard let index = requests.firstIndex(where: { $0.ticket == ticket }) else { return nil }
    let request = requests.remove(at: index)
    forget(request.address)
    return request
  }

  /// Takes those for whom `reply` has one, in the order they came.
  mutating func take<Reply>(_ reply: (Request) -> Reply?) -> [(Request, Reply)] {
    var taken: [(Request, Reply)] = []
    var kept: [Request] = []
    kept.reserveCapacity(requests.count)
    for request in requests {
      if let reply = reply(request) { taken.append((request, reply)) } else { kept.append(request) }
    }
    requests = kept
    for (request, _) in taken { forget(request.address) }
    return taken
  }

  private mutating func forget(_ address: String) {
    let left = perAddress[address, default: 1] - 1
    perAddress[address] = left > 0 ? left : nil
  }
}
