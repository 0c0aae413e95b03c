import ArgumentParser
import Foundation

/// The settings' flags, taken whole by every subcommand that needs them, so that there is one table and not two.
struct SettingsOptions: ParsableArguments {
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "--config FILE, and any setting as a flag (listed below).", valueName: "--setting value"))
  var rest: [String] = []

  func read() throws -> Settings {
    try Settings(arguments: rest, environment: ProcessInfo.processInfo.environment)
  }

  /// The table of settings, for a subcommand's help.
  static var table: String {
    let rows = Setting.all.map { setting in
      let shown = setting.fallback.isEmpty ? "" : " Default: \(setting.fallback)."
      return
        "  \(setting.flag) (\(setting.environmentVariable))\n      \(setting.help) \(setting.bounds.capitalizedFirst).\(shown)"
    }
    return """
      Settings are taken from flags, then HAAT_… environment variables, then the YAML file named by --config or \
      HAAT_CONFIG (“http.port” is “http:” / “port:” there), then the defaults:

      \(rows.joined(separator: "\n"))
      """
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
