public import Foundation

extension Process {
  /// Starts the program with no signal blocked.
  ///
  /// Swift's concurrency runs on dispatch workers, which block nearly every signal, and a child inherits that mask: started
  /// by `run()` from an async function it would never see SIGTERM, SIGINT or SIGCHLD. Every test starts programs this way.
  public func runUnblocked() throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try run()
  }
}
