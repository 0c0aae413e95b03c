import Commerce
import Logging
import ServiceLifecycle

/// The demo's host and viewers: somebody says something now and then, and the next product comes on screen, until a
/// person pins something in the studio; from then on the show is theirs.
struct DemoCrowd: Sendable {
  let commerce: Commerce
  let stage: DemoStage
  let chat: [(name: String, text: String)]
  let logger: Logger

  private static let secondsBetweenMessages = 7
  private static let secondsBetweenPins = 45

  func run() async {
    var turn = 0
    var pinnedByUs: ID<Product>? = stage.run.first
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: .seconds(Self.secondsBetweenMessages))
        turn += 1
        if !chat.isEmpty {
          let line = chat[turn % chat.count]
          _ = try await commerce.say(
            commerce.makeID(), by: .nobody, show: stage.show, name: line.name, text: line.text)
        }
        guard turn % (Self.secondsBetweenPins / Self.secondsBetweenMessages) == 0, let ours = pinnedByUs else {
          continue
        }
        let show = try await commerce.show(stage.show)
        guard show.pinned == ours, let index = stage.run.firstIndex(of: ours) else {
          pinnedByUs = nil
          continue
        }
        let next = stage.run[(index + 1) % stage.run.count]
        _ = try await commerce.pin(by: stage.caller, show: stage.show, product: next)
        pinnedByUs = next
      } catch is CancellationError {
        return
      } catch is any Refusal {
        // The show was ended in the studio: the crowd goes home.
        return
      } catch {
        logger.warning("The demo's crowd stumbled", metadata: ["error": "\(error)"])
      }
    }
  }
}
