public import NIOCore

/// The answer to a request under `/live/<stream>/`, in HTTP's terms but bound to no HTTP server.
public struct MediaAnswer: Sendable {
  public enum Body: Sendable {
    case empty
    /// Immutable bytes, shared by every reader; write them in order.
    case buffers([ByteBuffer])
    /// Bytes without an end known beforehand; write each element as it comes.
    case endless(FragmentSubscription)
  }

  public var status: Int
  /// Names are lower-case. `content-length` is not among them: it is the sum of the buffers.
  public var headers: [(String, String)]
  public var body: Body

  /// Not nil when `body` is a playlist: the same bytes, shared by all who ask for this version of it.
  public var playlist: PlaylistText?

  public init(
    status: Int, headers: [(String, String)] = [], body: Body = .empty, playlist: PlaylistText? = nil
  ) {
    self.playlist = playlist
    self.status = status
    self.headers = headers
    self.body = body
  }
}
