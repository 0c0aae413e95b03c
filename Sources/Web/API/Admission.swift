import Commerce
import Media

extension Site {
  /// Lets a channel in, or puts it out; and when it is put out, takes its shows off the air.
  func admit(
    _ channel: CommerceChannel, as state: ChannelState, because verdict: Verdict, by caller: Caller
  ) async throws -> CommerceChannel {
    let admitted = try await commerce.admitChannel(channel.id, by: caller, as: state, because: verdict)
    if state != .approved {
      for show in try await commerce.openShows(of: channel.id, by: caller) { media.disconnect(show.description) }
    }
    return admitted
  }
}
