import Foundation
import Synchronization

/// What pages are made of, as the resources directory had it when it was first read.
struct SiteFiles: Sendable {
  let statics: StaticFiles
  let screens: Screens
  /// What the watch page's script imports, as paths below `js/`.
  let watchModules: [String]
  /// What a replay's script imports.
  let replayModules: [String]
  /// What a clip's script imports.
  let clipModules: [String]

  private init(_ resources: URL) throws {
    statics = try StaticFiles(directory: resources.appending(path: "Static"))
    screens = try Screens(resources: resources)
    let scripts = resources.appending(path: "Static/js")
    watchModules = ModuleGraph.imports(of: "watch.js", below: scripts)
    replayModules = ModuleGraph.imports(of: "replay.js", below: scripts)
    clipModules = ModuleGraph.imports(of: "clip.js", below: scripts)
  }

  /// By directory: several sites in one process, as tests have them, share what takes longest to read.
  private static let known = Mutex<[URL: SiteFiles]>([:])

  /// - Throws: when a template does not parse, a language cannot be read, or a file is not there.
  static func read(_ resources: URL) throws -> SiteFiles {
    try known.withLock { known in
      if let files = known[resources] { return files }
      let files = try SiteFiles(resources)
      known[resources] = files
      return files
    }
  }
}
