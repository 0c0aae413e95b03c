import Commerce
import Synchronization

/// Who says the messages that are being said: they are shown their own however much else is said. Told before a message is
/// written, asked when its room tells it.
final class Speakers: Sendable {
  /// Of what was refused nobody asks.
  private static let speakersMax = 16_384

  private let groups = Mutex<[String: Int]>([:])

  func expect(_ message: ID<Message>, from viewer: String) {
    let group = ChatSampler.group(of: viewer)
    groups.withLock { groups in
      if groups.count >= Self.speakersMax { groups = [:] }
      groups[message.description] = group
    }
  }

  /// The group of whoever said it, once.
  func take(_ message: String) -> Int? { groups.withLock { $0.removeValue(forKey: message) } }
}
