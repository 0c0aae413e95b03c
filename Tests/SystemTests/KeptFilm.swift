import Foundation

/// The demo's film, which takes half a minute to make and comes out the same each time: what one demo has made, the next
/// one finds in its data directory, as a demo that is started again does.
enum KeptFilm {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    .standardizedFileURL
  private static let kept = root.appending(path: ".build/film/demo.mp4")

  /// Puts it where a demo looks for it, unless what it is made of is newer.
  static func lend(to data: URL) throws {
    guard let age = changed(kept), try made(of: root.appending(path: "Sources/haat/Demo")) < age else { return }
    try FileManager.default.createDirectory(
      at: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try FileManager.default.copyItem(at: kept, to: data.appending(path: "demo-film.mp4"))
  }

  /// Keeps what a demo has made. Of two that made it at once, either is as good.
  static func keep(from data: URL) throws {
    let film = data.appending(path: "demo-film.mp4")
    guard let age = changed(film), changed(kept).map({ $0 < age }) ?? true else { return }
    let own = kept.deletingLastPathComponent().appending(path: "demo-\(UUID().uuidString).mp4")
    try FileManager.default.createDirectory(at: own.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: film, to: own)
    guard rename(own.path, kept.path) == 0 else { throw Trouble("\(kept.path) cannot be kept") }
  }

  private static func made(of demo: URL) throws -> Date {
    let pictures = demo.appending(path: "Pictures")
    let files = try FileManager.default.contentsOfDirectory(at: pictures, includingPropertiesForKeys: nil)
    return (files + [demo.appending(path: "film.txt")]).compactMap(changed).max() ?? .distantFuture
  }

  private static func changed(_ file: URL) -> Date? {
    try? FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
  }
}
