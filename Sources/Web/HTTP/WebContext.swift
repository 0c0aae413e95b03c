import Commerce
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What is known about one request.
struct WebContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection: live events are written to it directly (`Live/Hub.swift`).
  let channel: any NIOCore.Channel
  /// `en`, `hi`: one of `Languages.all`. Set by `Failures`.
  var language = "en"
  /// Who asks, by session or API key. Set by `Visitor`.
  var caller = Caller.nobody
  /// The account that is signed in with a cookie; nil for guests and for API keys.
  var account: Account?

  /// One of several streams of its connection, as HTTP/2 has them: it is not the connection that ends with the answer.
  var isMultiplexed: Bool { channel.parent?.parent != nil }

  /// What has a socket and its options: a stream of HTTP/2 traps when it is asked for one.
  var connection: any NIOCore.Channel { isMultiplexed ? channel.parent ?? channel : channel }

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
