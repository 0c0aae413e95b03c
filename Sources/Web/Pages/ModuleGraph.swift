import Foundation

/// Which modules a script needs, found by reading its imports: a page names them all at once, and the browser need not
/// read one to learn of the next.
enum ModuleGraph {
  /// Paths below `directory` of everything `entry` imports, directly or not, in the order found, without `entry`.
  static func imports(of entry: String, below directory: URL) -> [String] {
    var found: [String] = []
    var waiting = [entry]
    while let path = waiting.popLast() {
      guard let text = try? String(contentsOf: directory.appending(path: path), encoding: .utf8) else { continue }
      for match in text.matches(of: /(?m)^import\s+(?:[^"]*\s+from\s+)?"(\.{1,2}\/[^"]+)"/) {
        let target = resolve(String(match.1), from: path)
        guard target != entry, !found.contains(target) else { continue }
        found.append(target)
        waiting.append(target)
      }
    }
    return found
  }

  private static func resolve(_ reference: String, from path: String) -> String {
    var parts = path.split(separator: "/").dropLast().map(String.init)
    for step in reference.split(separator: "/") {
      switch step {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(String(step))
      }
    }
    return parts.joined(separator: "/")
  }
}
