import Commerce
import Logging
import Media
import ServiceLifecycle

/// Keeps what is pushed to other servers in step with what the rules say: the targets that are on, of shows on air.
struct SimulcastChores: Service {
  let commerce: Commerce
  let media: MediaServer
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          let pushes = try await commerce.simulcastPushes()
          media.simulcast.want(
            Dictionary(uniqueKeysWithValues: pushes.map { ($0.key.description, $0.value.map(\.relayTarget)) }))
        } catch is CancellationError {
          return
        } catch {
          logger.error("What is to be simulcast could not be read", metadata: ["error": "\(String(reflecting: error))"])
        }
      } while (try? await Task.sleep(for: .seconds(1))) != nil
    }
  }
}

extension SimulcastPush {
  fileprivate var relayTarget: RelayTarget {
    let address = target.address
    return RelayTarget(
      id: target.id.description, isSecure: address.isSecure, host: address.host, port: address.port,
      application: address.application, key: key)
  }
}
