import Commerce
import Logging
import Media
import NIOCore
import Synchronization

/// The pictures that links to this site are shown with, each made when somebody first asks for it and kept while there is
/// room. No page waits for one: it names where it is.
final class LinkCards: Sendable {
  /// What a card is made of. Another poster of the same show is no other card.
  struct Key: Hashable {
    let card: LinkCard
    /// Which picture is at its side.
    let picture: String
  }

  fileprivate enum Place {
    case made(ByteBuffer, used: Int)
    /// Others wait for who makes it.
    case making([CheckedContinuation<ByteBuffer?, Never>])
    /// It is not tried again before this moment.
    case failed(until: Moment)
  }

  fileprivate struct Shelf {
    var places: [Key: Place] = [:]
    var bytes = 0
    var uses = 0
  }

  private static let bytesMax = 24 << 20
  /// With those that could not be made.
  private static let cardsMax = 1_000
  private static let failedSeconds: Int64 = 60

  private let draw: DrawCard
  private let clock: WallClock
  private let logger: Logger
  private let shelf = Mutex(Shelf())
  /// One after the other: viewers want the processor too.
  private let desk = PictureDesk()

  init(ffmpeg: String, clock: WallClock, logger: Logger) {
    draw = DrawCard(ffmpeg: ffmpeg)
    self.clock = clock
    self.logger = logger
  }

  /// Bytes of all that is kept.
  var bytes: Int { shelf.withLock { $0.bytes } }

  /// A JPEG; nil when it cannot be made at the moment.
  /// - Parameter picture: reads what is at its side, when it has to be made; nil from it for none.
  func card(_ key: Key, picture: () async throws -> ByteBuffer?) async -> ByteBuffer? {
    let known = take(key)
    switch known {
    case .made(let bytes): return bytes
    case .failed: return nil
    case .wait:
      return await withCheckedContinuation { continuation in
        let now = shelf.withLock { shelf -> ByteBuffer?? in
          guard case .making(var waiting) = shelf.places[key] else {
            if case .made(let bytes, _) = shelf.places[key] { return .some(bytes) }
            return .some(nil)
          }
          waiting.append(continuation)
          shelf.places[key] = .making(waiting)
          return .none
        }
        if let now { continuation.resume(returning: now) }
      }
    case .make:
      let made = await make(key, picture)
      keep(made, key)
      guard case .made(let bytes) = made else { return nil }
      return bytes
    }
  }

  private enum Known {
    case made(ByteBuffer)
    case wait, make, failed
  }

  private func take(_ key: Key) -> Known {
    let now = clock.now
    return shelf.withLock { shelf in
      switch shelf.places[key] {
      case .made(let bytes, _):
        shelf.uses += 1
        shelf.places[key] = .made(bytes, used: shelf.uses)
        return .made(bytes)
      case .making: return .wait
      case .failed(let until) where now < until: return .failed
      case .failed, nil:
        shelf.places[key] = .making([])
        return .make
      }
    }
  }

  private enum Made {
    case made(ByteBuffer)
    /// Nothing is known against it: the next who asks tries.
    case postponed
    case failed
  }

  private func make(_ key: Key, _ picture: () async throws -> ByteBuffer?) async -> Made {
    do {
      let bytes = try await picture()
      let header = bytes.flatMap { PictureHeader($0) }
      let front = bytes.flatMap { bytes in header?.kind.map { (Array(bytes.readableBytesView), $0) } }
      let drawn = try await desk.wait { try await self.draw.draw(key.card, front) }
      return .made(ByteBuffer(bytes: drawn))
    } catch {
      guard !(error is CancellationError || error is PictureRefusal) else { return .postponed }
      logger.warning("No link card could be made", metadata: ["reason": "\(String(describing: error).prefix(300))"])
      return .failed
    }
  }

  private func keep(_ made: Made, _ key: Key) {
    let until = clock.now.adding(seconds: Self.failedSeconds)
    let waiting = shelf.withLock { shelf -> [CheckedContinuation<ByteBuffer?, Never>] in
      guard case .making(let waiting) = shelf.places[key] else { return [] }
      shelf.uses += 1
      switch made {
      case .made(let bytes):
        shelf.places[key] = .made(bytes, used: shelf.uses)
        shelf.bytes += bytes.readableBytes
      case .postponed: shelf.places[key] = nil
      case .failed: shelf.places[key] = .failed(until: until)
      }
      shelf.makeRoom(bytesMax: Self.bytesMax, cardsMax: Self.cardsMax, but: key)
      return waiting
    }
    for continuation in waiting {
      if case .made(let bytes) = made {
        continuation.resume(returning: bytes)
      } else {
        continuation.resume(returning: nil)
      }
    }
  }
}

extension LinkCards.Shelf {
  /// Lets go what was not used for longest.
  fileprivate mutating func makeRoom(bytesMax: Int, cardsMax: Int, but newest: LinkCards.Key) {
    guard bytes > bytesMax || places.count > cardsMax else { return }
    let oldest = places.compactMap { key, place -> (key: LinkCards.Key, used: Int, bytes: Int)? in
      switch place {
      case .made(let bytes, let used): (key, used, bytes.readableBytes)
      case .failed: (key, 0, 0)
      case .making: nil
      }
    }.sorted { $0.used < $1.used }
    for one in oldest where one.key != newest && (bytes > bytesMax || places.count > cardsMax) {
      places[one.key] = nil
      bytes -= one.bytes
    }
  }
}
