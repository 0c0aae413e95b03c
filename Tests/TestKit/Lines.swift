import Foundation
import Synchronization

/// What another process has printed so far, line by line.
final class Lines: Sendable {
  private let state = Mutex((rest: Data(), lines: [String]()))

  var all: [String] { state.withLock { $0.lines } }

  func add(_ data: Data) {
    state.withLock { state in
      state.rest.append(data)
      while let end = state.rest.firstIndex(of: 10) {
        state.lines.append(String(decoding: state.rest[state.rest.startIndex..<end], as: UTF8.self))
        state.rest = Data(state.rest[(end + 1)...])
      }
    }
  }
}
