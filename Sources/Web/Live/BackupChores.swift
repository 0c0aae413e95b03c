import Commerce
import Logging
import ServiceLifecycle

/// Makes a backup when it is time.
struct BackupChores: Service {
  let backups: BackupShelf
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // Not in the first minute: what is restarted has something else to do.
      while (try? await Task.sleep(for: .seconds(60))) != nil {
        do {
          if try await backups.makeIfDue() > 0 { logger.notice("The day's backup was made") }
        } catch is CancellationError {
          return
        } catch {
          logger.error("the day's backup was not made", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}
