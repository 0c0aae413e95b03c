import Commerce
import Logging
import Media
import ServiceLifecycle

/// Keeps what SRT is listened for in step with what the rules say.
struct SRTChores: Service {
  let commerce: Commerce
  let media: MediaServer
  let logger: Logger

  func run() async throws {
    guard commerce.policy.srtPorts != nil else { return try await gracefulShutdown() }
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          let inputs = try await commerce.srtInputs()
          media.wantSRT(inputs.map(SRTListening.init)) { [commerce, media, logger] stream in
            guard let show = ID<Show>(stream) else { return nil }
            do {
              let now = commerce.clock.now
              let time = now.milliseconds(since: try await commerce.mediaEpoch(show, now: now))
              if try await commerce.show(show).state == .live {
                try await media.recordings?.begin(stream) { try await commerce.isRecordingUnderWay(show) }
              }
              return time
            } catch {
              logger.error("A show's clock could not be read", metadata: ["error": "\(String(reflecting: error))"])
              return nil
            }
          }
        } catch is CancellationError {
          return
        } catch {
          logger.error("What SRT is wanted for could not be read", metadata: ["error": "\(String(reflecting: error))"])
        }
      } while (try? await Task.sleep(for: .seconds(1))) != nil
    }
  }
}

extension SRTListening {
  fileprivate init(_ input: SRTInput) {
    self.init(stream: input.show.description, port: input.port, passphrase: input.passphrase)
  }
}
