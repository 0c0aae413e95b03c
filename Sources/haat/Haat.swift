import ArgumentParser
import Foundation
import Web

/// The one program: `haat serve`, `haat demo`, `haat import`, `haat audit`,
/// `haat recordings`, `haat giveaway`, `haat backup`, `haat restore`, `haat config`.
@main
struct Haat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "haat",
    abstract: "An open-air market on the air: a live-shopping server.",
    discussion: """
      Hosts go live from OBS or a phone, viewers watch in the browser and buy in the player, \
      and every sale is split in a ledger that can be audited.

      Start with “haat demo” to see it run, or “haat serve” for a server of your own.
      """,
    version: WebConfiguration.version,
    subcommands: [
      Serve.self, Demo.self, ImportCatalogue.self, Audit.self, RecordingsCommand.self, GiveawayCommand.self,
      BackupCommand.self, RestoreCommand.self,
      Config.self,
    ])

  /// Exit status 2 and one line for whatever was asked wrongly; 1 for what went wrong while running.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      leave(because: error)
    }
  }

  private static func leave(because error: any Error) -> Never {
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    if exitCode(for: error) == .success {
      Output.line(fullMessage(for: error))
      Foundation.exit(0)
    }
    switch error {
    case let problems as ConfigurationProblems:
      for problem in problems.all { Output.error("haat: \(problem)") }
      Foundation.exit(2)
    case let problem as UsageProblem:
      Output.error("haat: \(problem.sentence)")
      Foundation.exit(2)
    case let fault as StartFault:
      Output.error("haat: \(fault.sentence)")
      Foundation.exit(1)
    default:
      let usage = exitCode(for: error) == .validationFailure
      let message = usage ? "\(message(for: error)) See “haat --help”." : "\(error)"
      Output.error("haat: " + message.replacingOccurrences(of: "\n", with: " "))
      Foundation.exit(usage ? 2 : 1)
    }
  }
}

/// Something the caller said that cannot be done, and what to say instead.
struct UsageProblem: Error {
  let sentence: String
}

/// Something in the world that keeps the program from starting: a port taken, a directory that cannot be written.
struct StartFault: Error {
  let sentence: String
}

/// What a person reads in the terminal. The log is another matter: it goes to standard error through swift-log.
enum Output {
  static func line(_ text: String = "") { write(text, to: .standardOutput) }

  static func error(_ text: String) { write(text, to: .standardError) }

  /// One line that is written over while something takes long; on a pipe, a line at each tenth.
  static func progress(_ what: String, percent: Int) {
    if isatty(STDOUT_FILENO) == 1 {
      raw("\r\(what) … \(percent) %" + (percent == 100 ? "\n" : ""), to: .standardOutput)
    } else if percent % 10 == 0 {
      line("\(what) … \(percent) %")
    }
  }

  private static func write(_ text: String, to handle: FileHandle) {
    raw(text + "\n", to: handle)
  }

  private static func raw(_ text: String, to handle: FileHandle) {
    // A closed pipe is the reader's choice, not a fault of ours.
    try? handle.write(contentsOf: Data(text.utf8))
  }
}
