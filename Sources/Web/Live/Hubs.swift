import NIOCore
import Synchronization

/// A room as its viewers on all loops know it: whom events are for, and how many they are.
final class Audience: Sendable {
  private let count = Atomic<Int>(0)

  var viewers: Int { count.load(ordering: .relaxed) }

  func add(_ change: Int) { count.add(change, ordering: .relaxed) }
}

/// The hubs of all event loops.
///
/// What one caller hands over in order arrives in order on every loop: a viewer that joins after a publication does not
/// get it, one that joined before does.
struct Hubs: Sendable {
  private struct Place: Sendable {
    let loop: any EventLoop
    let hub: NIOLoopBound<Hub>
  }

  private let places: [Place]

  init(group: any EventLoopGroup, limits: WebLimits) async throws {
    var places: [Place] = []
    for loop in group.makeIterator() {
      let hub = try await loop.submit { NIOLoopBound(Hub(loop: loop, limits: limits), eventLoop: loop) }.get()
      places.append(Place(loop: loop, hub: hub))
    }
    self.places = places
  }

  func publish(_ events: ByteBuffer, to audience: Audience) {
    guard audience.viewers > 0 else { return }
    for place in places { place.loop.execute { place.hub.value.publish(events, to: audience) } }
  }

  /// Each part to the viewers whose it is: the groups of `ChatSampler`, and then those who get everything.
  func publish(_ parts: [ByteBuffer], to audience: Audience) {
    guard audience.viewers > 0 else { return }
    for place in places { place.loop.execute { place.hub.value.publish(parts, to: audience) } }
  }

  /// Closes the connection when it cannot become a viewer.
  ///
  /// - Parameter group: of the viewer; nil for who gets everything.
  func join(_ channel: any NIOCore.Channel, _ audience: Audience, group: Int?, greeting: ByteBuffer) {
    guard let place = places.first(where: { $0.loop === channel.eventLoop }) else {
      channel.close(promise: nil)
      return
    }
    // Counted here and not on the loop: `publish` must see who is on the way.
    audience.add(1)
    place.loop.execute {
      do {
        try place.hub.value.join(channel, audience, part: group ?? ChatSampler.groups, greeting: greeting)
      } catch {
        audience.add(-1)
        channel.close(promise: nil)
      }
    }
  }

  func keepAlive() {
    for place in places { place.loop.execute { place.hub.value.keepAlive(now: .now()) } }
  }

  func close() {
    for place in places { place.loop.execute { place.hub.value.close() } }
  }
}
