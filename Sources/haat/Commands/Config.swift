import ArgumentParser
import Foundation

/// `haat config check` and `haat config show`.
struct Config: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Checks or shows the settings.",
    subcommands: [Check.self, Show.self, Table.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says whether the settings can be used; names each wrong one and its line (exit status 2).",
      discussion: SettingsOptions.table)

    @OptionGroup var options: SettingsOptions

    func run() throws {
      _ = try options.read()
      Output.line("The settings are right.")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints every setting as it holds and where it comes from; secrets are not shown.",
      discussion: SettingsOptions.table)

    @OptionGroup var options: SettingsOptions

    func run() throws {
      let settings = try options.read()
      let width = Setting.all.map(\.key.count).max() ?? 0
      for setting in Setting.all {
        let value = settings.text(setting.key)
        let shown = setting.isSecret && !value.isEmpty ? "‹secret›" : value
        let name = setting.key.padding(toLength: width, withPad: " ", startingAt: 0)
        Output.line("\(name)  \(shown)  (\(settings.sources[setting.key] ?? ""))")
      }
    }
  }

  struct Table: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints the table of all settings as Markdown.")

    func run() { Output.line(Setting.markdown(Setting.all)) }
  }
}

extension Setting {
  /// The settings as a Markdown table, as docs/configuration.md has it.
  static func markdown(_ settings: [Setting]) -> String {
    let head = ["| setting | flag | environment | value | default | what for |", "|---|---|---|---|---|---|"]
    let rows = settings.map { setting in
      let fallback = setting.fallback.isEmpty ? "" : "`\(setting.fallback)`"
      return
        "| `\(setting.key)` | `\(setting.flag)` | `\(setting.environmentVariable)` | \(setting.bounds) | \(fallback) | "
        + "\(setting.help) |"
    }
    return (head + rows).joined(separator: "\n")
  }
}
