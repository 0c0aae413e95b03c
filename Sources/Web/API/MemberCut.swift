import Commerce
import Media

extension Site {
  /// Who lost the role feeds the channel's shows no longer: neither from a browser nor with a key they made.
  func cut(_ cut: StreamCut) {
    for show in cut.shows { media.cutBroadcasts(by: cut.account.description, of: show.description) }
    for show in cut.keys { media.cutEncoder(show.description) }
  }
}
