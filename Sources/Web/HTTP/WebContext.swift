import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What is known about one request.
struct WebContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection: live events are written to it directly (`Live/Hub.swift`).
  let channel: any Channel
  /// `en`, `hi`: one of `Site.languages`. Set by `Visitor`.
  var language = "en"

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
