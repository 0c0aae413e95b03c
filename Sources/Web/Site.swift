import Foundation
import Logging

/// What every handler may use. One value, made once; pages and the API get the same.
struct Site: Sendable {
  let configuration: WebConfiguration
  let logger: Logger
  let statics: StaticFiles
  let routes = RouteTable()

  init(configuration: WebConfiguration, logger: Logger) throws {
    self.configuration = configuration
    self.logger = logger
    statics = try StaticFiles(directory: Self.resources(configuration).appending(path: "Static"))
  }

  /// The directory with `Static`, `Templates` and `Languages`.
  static func resources(_ configuration: WebConfiguration) -> URL {
    if let directory = configuration.resourcesDirectory { return URL(filePath: directory) }
    return Bundle.module.bundleURL.appending(path: "Resources")
  }
}
