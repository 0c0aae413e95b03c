import Foundation

/// The files pages are made of, as they stand in the source tree.
enum ResourceFiles {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Sources/Web/Resources").standardizedFileURL

  /// Path below `Resources/<folder>` → text, of every file with this ending.
  static func texts(_ folder: String, _ ending: String) throws -> [String: String] {
    let directory = root.appending(path: folder)
    guard let walk = FileManager.default.enumerator(atPath: directory.path) else { return [:] }
    var texts: [String: String] = [:]
    for case let path as String in walk where path.hasSuffix(ending) {
      texts[path] = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
    }
    return texts
  }

  /// Language → `group.key` → text. Its plural rules are no texts.
  static func words() throws -> [String: [String: String]] {
    try texts("Languages", ".json").reduce(into: [:]) { words, file in
      let groups = try JSONDecoder().decode([String: [String: String]].self, from: Data(file.value.utf8))
      words[String(file.key.dropLast(".json".count))] = groups.reduce(into: [:]) { flat, group in
        guard group.key != "plural" else { return }
        for (key, text) in group.value { flat["\(group.key).\(key)"] = text }
      }
    }
  }
}
