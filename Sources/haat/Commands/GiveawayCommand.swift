import ArgumentParser
import Commerce
import Foundation

/// `haat giveaway verify`.
struct GiveawayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "giveaway", abstract: "Checks the draws of giveaways.", subcommands: [Verify.self])

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Draws a giveaway again from the file that its page offers. Exit status 1 when it comes out differently.",
      discussion: "The file is what GET /api/v1/giveaways/{id}/proof gives; docs/giveaways.md says how a draw is made.")

    @Argument(help: "The file, or - for standard input.") var file: String

    /// A hundred thousand leaves take 6.7 MB.
    private static let bytesMax = 64 * 1024 * 1024

    func run() throws {
      let draw = try read()
      let faults = draw.faults()
      Output.line("Giveaway \(draw.giveaway): \(draw.state.rawValue), \(draw.entrants) entrants.")
      for fault in faults { Output.line("  - \(fault)") }
      guard faults.isEmpty else { throw ExitCode(1) }
      switch draw.state {
      case .open: Output.line("There is nothing to check before entries are closed.")
      case .closed: Output.line("The list is the one that was published. It is not drawn yet.")
      case .drawn:
        let places = draw.winners.map { "\($0 + 1)" }.joined(separator: ", ")
        Output.line("The draw is as it should be: places \(places.isEmpty ? "none" : places).")
      }
    }

    private func read() throws -> PublishedDraw {
      let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
      guard let data = try handle?.read(upToCount: Self.bytesMax) else {
        throw StartFault(sentence: "“\(file)” cannot be read")
      }
      do {
        return try JSONDecoder().decode(PublishedDraw.self, from: data)
      } catch {
        throw StartFault(sentence: "“\(file)” is not what a giveaway's page offers")
      }
    }
  }
}
