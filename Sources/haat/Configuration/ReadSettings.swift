import Configuration
import Foundation

/// The settings as they hold: each from the first of command line, environment, file and default that names it.
struct Settings: Sendable {
  private let values: [String: String]
  /// Where each value came from, for `haat config show`.
  let sources: [String: String]

  /// Throws all problems there are, not only the first (`ConfigurationProblems`).
  ///
  /// - Parameters:
  ///   - arguments: what stood on the command line after the subcommand, `--config FILE` and settings' flags.
  ///   - environment: `HAAT_…` names a setting; `HAAT_CONFIG` the file.
  init(arguments: [String], environment: [String: String]) throws {
    var problems: [ConfigurationProblem] = []
    let (flags, configPath) = Self.flags(in: arguments, problems: &problems)

    var file: ConfigurationFile?
    do {
      if let path = configPath ?? environment["HAAT_CONFIG"] { file = try ConfigurationFile(path: path) }
    } catch let problem as ConfigurationProblem {
      problems.append(problem)
    }

    let known = Set(Setting.all.map(\.environmentVariable)).union(["HAAT_CONFIG"])
    for name in environment.keys.sorted() where name.hasPrefix("HAAT_") && !known.contains(name) {
      problems.append(ConfigurationProblem(source: name, why: "is no setting" + Self.hint(name, among: known)))
    }
    let keys = Set(Setting.all.map(\.key))
    for (key, entry) in (file?.entries ?? [:]).sorted(by: { $0.value.line < $1.value.line }) where !keys.contains(key) {
      let source = "\(file?.path ?? ""):\(entry.line)"
      problems.append(
        ConfigurationProblem(source: source, why: "“\(key)” is no setting" + Self.hint(key, among: keys)))
    }

    // swift-configuration decides which source wins; every source is handed over as text and read by one rule.
    let reader = ConfigReader(providers: [
      InMemoryProvider(
        name: "the command line",
        values: Dictionary(
          uniqueKeysWithValues: flags.map {
            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: false))
          })),
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "haat"),
      InMemoryProvider(
        name: "the file",
        values: Dictionary(
          uniqueKeysWithValues: (file?.entries ?? [:]).map {
            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value.value), isSecret: false))
          })),
    ])
    var values: [String: String] = [:]
    var sources: [String: String] = [:]
    for setting in Setting.all {
      let value = reader.string(forKey: ConfigKey(setting.key), isSecret: setting.isSecret)
      values[setting.key] = value ?? setting.fallback
      let source: String =
        if value == nil {
          "default"
        } else if flags[setting.key] != nil {
          setting.flag
        } else if environment[setting.environmentVariable] != nil {
          setting.environmentVariable
        } else {
          "\(file?.path ?? "file"):\(file?.entries[setting.key]?.line ?? 0)"
        }
      sources[setting.key] = source
      if let value, !setting.accepts(value) {
        let shown = setting.isSecret ? "the value" : "“\(value.prefix(80))”"
        problems.append(
          ConfigurationProblem(source: source, why: "“\(setting.key)”: \(shown) is not \(setting.bounds)"))
      }
    }
    if let problem = Self.tlsProblem(values, sources) { problems.append(problem) }
    problems += Self.mailProblems(values, sources)
    if let problem = Self.stripeProblem(values, sources) { problems.append(problem) }
    if let problem = Self.razorpayProblem(values, sources) { problems.append(problem) }
    guard problems.isEmpty else { throw ConfigurationProblems(all: problems) }
    self.values = values
    self.sources = sources
  }

  func text(_ key: String) -> String { values[key] ?? "" }

  func integer(_ key: String) -> Int { Int(text(key)) ?? 0 }

  func flag(_ key: String) -> Bool { text(key) == "true" }

  /// `--http-port 80`, `--http-port=80`, and a bare `--some-flag` for true.
  private static func flags(
    in arguments: [String], problems: inout [ConfigurationProblem]
  ) -> (values: [String: String], config: String?) {
    let byFlag = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.flag, $0) })
    var values: [String: String] = [:]
    var config: String?
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = halves[0]
      guard name == "--config" || byFlag[name] != nil else {
        let flags = Set(byFlag.keys).union(["--config"])
        problems.append(
          ConfigurationProblem(source: "command line", why: "“\(name)” is no flag" + hint(name, among: flags)))
        if halves.count == 1, let next = rest.first, !next.hasPrefix("--") { rest = rest.dropFirst() }
        continue
      }
      let value: String?
      if halves.count == 2 {
        value = halves[1]
      } else if let next = rest.first, !next.hasPrefix("--") {
        value = rest.popFirst()
      } else {
        value = byFlag[name]?.kind == .flag ? "true" : nil
      }
      guard let value else {
        problems.append(ConfigurationProblem(source: "command line", why: "“\(name)” needs a value after it"))
        continue
      }
      if let setting = byFlag[name] { values[setting.key] = value } else { config = value }
    }
    return (values, config)
  }

  /// “ Did you mean …?” when a known word is at most three edits away.
  private static func hint(_ word: String, among known: Set<String>) -> String {
    let nearest = known.map { (word: $0, distance: editDistance($0, word)) }.min {
      ($0.distance, $0.word) < ($1.distance, $1.word)
    }
    guard let nearest, nearest.distance <= 3 else { return ". “haat serve --help” lists them" }
    return ". Did you mean “\(nearest.word)”"
  }

  private static func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in right.indices {
        let substituted = diagonal + (character == right[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}

/// All that is wrong with the settings, a line each.
struct ConfigurationProblems: Error, CustomStringConvertible {
  let all: [ConfigurationProblem]

  var description: String { all.map(\.description).joined(separator: "\n") }
}
