import Foundation
import Yams

/// The configuration file: YAML, read with the line of every value, so that a wrong one can be pointed at.
struct ConfigurationFile: Sendable {
  struct Entry: Sendable {
    let value: String
    let line: Int
  }

  let path: String
  /// By dotted key, `http.port`.
  let entries: [String: Entry]

  /// A configuration file is read whole; nobody's is larger than this.
  static let bytesMax = 1 << 20

  /// Throws `ConfigurationProblem` when the file is missing, too large, or not YAML of nested maps.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ConfigurationProblem(source: path, why: "cannot be read. Check that the file exists and may be read")
    }
    guard data.count <= Self.bytesMax else {
      throw ConfigurationProblem(source: path, why: "is larger than \(Self.bytesMax) bytes")
    }
    try self.init(path: path, text: String(decoding: data, as: UTF8.self))
  }

  init(path: String, text: String) throws {
    self.path = path
    var found: [String: Entry] = [:]
    do {
      if let root = try Yams.compose(yaml: text) {
        try Self.collect(root, under: "", from: path, into: &found)
      }
    } catch let error as YamlError {
      throw ConfigurationProblem(
        source: path, why: "is not YAML: " + "\(error)".replacingOccurrences(of: "\n", with: " "))
    }
    entries = found
  }

  private static func collect(
    _ node: Node, under key: String, from path: String, into found: inout [String: Entry]
  ) throws {
    let line = node.mark?.line ?? 0
    switch node {
    case .scalar(let scalar):
      if key.isEmpty, scalar.string.isEmpty { return }
      guard !key.isEmpty else {
        throw ConfigurationProblem(
          source: "\(path):\(line)", why: "is not a map of settings, like “http:” / “port: 8080”")
      }
      found[key] = Entry(value: scalar.string, line: line)
    case .mapping(let mapping):
      for (name, value) in mapping {
        let nameText = name.string ?? ""
        try collect(value, under: key.isEmpty ? nameText : "\(key).\(nameText)", from: path, into: &found)
      }
    case .sequence, .alias:
      throw ConfigurationProblem(
        source: "\(path):\(line)", why: "“\(key)” is a list; every setting is a single value")
    }
  }
}

/// A setting that cannot be used: where it stands and what is wrong with it.
struct ConfigurationProblem: Error, CustomStringConvertible {
  let source: String
  let why: String

  var description: String { "\(source): \(why)." }
}
