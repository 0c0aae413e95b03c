public import Store

/// What somebody said in a show.
public struct Message: Sendable, Equatable, Codable {
  public let id: ID<Message>
  public let show: ID<Show>
  /// Nil for a guest.
  public let account: ID<Account>?
  public let name: String
  /// Empty once removed.
  public let text: String
  public let role: Speaker
  public let at: Moment
  /// Whether it waits for a moderator, and nobody has read it yet.
  public let isHeld: Bool

  /// As whom: a role on the show's channel, a viewer with an account, or a guest.
  public enum Speaker: String, Sendable, Codable, ValueConvertible {
    case owner, host, moderator, viewer, guest

    /// Whether they speak for the channel: none of the chat's rules is for them.
    var isStaff: Bool { [.owner, .host, .moderator].contains(self) }
  }

  init(
    id: ID<Message>, show: ID<Show>, account: ID<Account>?, name: String, text: String, role: Speaker, at: Moment,
    isHeld: Bool = false
  ) {
    self.id = id
    self.show = show
    self.account = account
    self.name = name
    self.text = text
    self.role = role
    self.at = at
    self.isHeld = isHeld
  }

  init(row: Row, isHeld: Bool = false) throws {
    self.isHeld = isHeld
    id = try row.get("id")
    show = try row.get("show_id")
    account = try row.get("account_id")
    name = try row.get("name")
    text = try row.get("body")
    role = try row.get("role")
    at = try row.get("created_ms")
  }
}
