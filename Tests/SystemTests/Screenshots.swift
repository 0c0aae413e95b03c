import Foundation
import TestKit

/// Pictures of pages for people to look at, where `HAAT_SCREENSHOTS` names a folder; nothing otherwise.
enum Screenshots {
  static let folder = ProcessInfo.processInfo.environment["HAAT_SCREENSHOTS"].map { URL(filePath: $0) }

  static func keep(_ browser: Browser, _ name: String) async throws {
    guard folder != nil else { return }
    try await keep(browser.screenshot(), name)
  }

  static func keep(_ picture: Data, _ name: String) throws {
    guard let folder else { return }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try picture.write(to: folder.appending(path: "\(name).png"))
  }
}
