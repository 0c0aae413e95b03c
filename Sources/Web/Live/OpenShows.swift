import Commerce
import Synchronization

/// Which shows' streams are for everybody: those that have started. What an encoder sends before that, to try its picture
/// and sound, is for the channel's people alone.
///
/// A show that has started stays so, and that is kept here, because each segment asks. It is asked of the database once
/// by each process, and again when there have been very many.
final class OpenShows: Sendable {
  private static let keptMax = 10_000

  private let names = Mutex<Set<String>>([])

  func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }

  func insert(_ name: String) {
    names.withLock { names in
      if names.count >= Self.keptMax { names.removeAll(keepingCapacity: true) }
      names.insert(name)
    }
  }
}
