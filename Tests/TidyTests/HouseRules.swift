import Foundation
import Testing

/// The rules of the house that no compiler checks.
@Suite struct HouseRules {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// What each target may import: "Who may know whom" in ARCHITECTURE.md. The package manager does not see a target
  /// that imports what only its dependencies depend on.
  static let allowed: [String: Set<String>] = [
    "Store": [
      "CLibpq", "CSQLite", "CSpawn", "Dispatch", "Foundation", "GRDB", "GRDBSQLite", "Glibc", "Logging",
      "Synchronization",
    ],
    "Commerce": ["Crypto", "CryptoExtras", "Dispatch", "Foundation", "Logging", "Store", "Synchronization"],
    "Media": [
      "CZlib", "Crypto", "Dispatch", "Foundation", "Logging", "NIOCore", "NIOPosix", "NIOSSL", "Subprocess",
      "Synchronization",
    ],
    "Post": ["Foundation", "NIOCore", "NIOPosix", "NIOSSL"],
    "Web": [
      "AsyncHTTPClient", "CZlib", "Commerce", "CoreMetrics", "Crypto", "Dispatch", "Foundation", "HTTPTypes",
      "Hummingbird",
      "HummingbirdCore", "HummingbirdHTTP2",
      "Logging", "Media", "Metrics", "Mustache", "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP2", "NIOPosix",
      "NIOSSL", "NIOTLS", "NIOWebSocket",
      "Post", "ServiceLifecycle",
      "Synchronization",
    ],
    "haat": [
      "ArgumentParser", "Commerce", "Configuration", "Foundation", "Glibc", "Logging", "Media",
      "Post", "ServiceLifecycle",
      "Store",
      "Subprocess", "Synchronization", "UnixSignals", "Web", "Yams",
    ],
  ]

  @Test(arguments: allowed.keys.sorted())
  func `a target imports only what it may know`(target: String) throws {
    let allowed = try #require(Self.allowed[target])
    for file in try Self.swiftFiles(under: "Sources/\(target)") {
      for module in Self.imports(of: try Self.text(of: file)) {
        #expect(allowed.contains(module), "\(file.lastPathComponent) imports \(module)")
      }
    }
  }

  @Test func `no file of ours has grown beyond 24 KB`() throws {
    for file in try Self.swiftFiles(under: "Sources") {
      #expect(try Self.text(of: file).utf8.count <= 24 * 1024, "\(file.lastPathComponent) wants to be two files")
    }
  }

  @Test func `no source holds a trap, a leftover or a print`() throws {
    let forbidden = [
      "TO" + "DO", "FIX" + "ME", "fatalError" + "(", "precondition" + "Failure(", "try" + "!", "as" + "! ",
      " print" + "(",
    ]
    for file in try Self.swiftFiles(under: "Sources") {
      let text = try Self.text(of: file)
      for word in forbidden {
        #expect(!text.contains(word), "\(file.lastPathComponent) contains “\(word)”")
      }
    }
  }

  @Test func `the pages ask no other host for anything`() throws {
    for file in try Self.files(under: "Sources/Web/Resources", endings: ["mustache", "js", "css", "html"]) {
      let text = try Self.text(of: file)
      for match in text.matches(of: /(?:src|href|url|from|import)\s*[=(]?\s*["'(]?(?:https?:)?\/\/[a-z]/) {
        Issue.record("\(file.lastPathComponent) refers to another host: \(text[match.range])")
      }
    }
  }

  @Test func `no two decisions have the same number`() throws {
    let numbers = try Self.files(under: "docs/decisions", endings: ["md"]).map { $0.lastPathComponent.prefix(4) }
    #expect(Set(numbers).count == numbers.count, "\(numbers.sorted())")
  }

  static func imports(of text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").filter { !["public", "package", "internal", "private"].contains($0) }
      let bare = words.filter { !$0.hasPrefix("@") }
      guard !line.hasPrefix(" "), bare.first == "import", bare.count >= 2 else { return nil }
      let name = ["struct", "class", "enum", "func", "protocol", "typealias"].contains(bare[1]) ? bare.last : bare[1]
      return name.map { String($0.prefix { $0 != "." }) }
    }
  }

  static func swiftFiles(under path: String) throws -> [URL] { try files(under: path, endings: ["swift"]) }

  static func files(under path: String, endings: Set<String>) throws -> [URL] {
    let enumerator = try #require(
      FileManager.default.enumerator(at: root.appending(path: path), includingPropertiesForKeys: nil))
    let files = enumerator.compactMap { $0 as? URL }.filter { endings.contains($0.pathExtension) }
    #expect(!files.isEmpty, "no files under \(path)")
    return files
  }

  static func text(of file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }
}
