import Commerce
import NIOCore

/// Those who run the show: who has a control room open, and what they do (docs/decisions/0052).
extension Room {
  struct Desk {
    let account: ID<Account>
    let channel: any NIOCore.Channel
  }

  /// Actions that a control room is told.
  static let actionsTold = 20

  /// Counts a connection as a control room of that member, until it is closed.
  func enterDesk(_ channel: any NIOCore.Channel, _ account: ID<Account>) async throws {
    desks[ObjectIdentifier(channel)] = Desk(account: account, channel: channel)
    channel.closeFuture.whenComplete { [weak self] _ in
      Task { await self?.leaveDesk(ObjectIdentifier(channel)) }
    }
    await tellCrew()
    try await tellActions()
  }

  private func leaveDesk(_ connection: ObjectIdentifier) async {
    guard desks.removeValue(forKey: connection) != nil else { return }
    await tellCrew()
  }

  /// Tells the control rooms who has one open, and on how many devices.
  private func tellCrew() async {
    while !desks.isEmpty {
      let accounts = Set(desks.values.map(\.account))
      guard let crew = try? await commerce.crew(of: show, accounts.sorted()) else { return }
      // Somebody came or went meanwhile: who asked last must not be told over by who asked first.
      guard accounts == Set(desks.values.map(\.account)) else { continue }
      let texts = crew.map { person in
        let devices = desks.values.count { $0.account == person.account }
        return #"{"name":\#(LiveText.string(person.name)),"role":"\#(person.role.rawValue)","devices":\#(devices)}"#
      }
      return tellMembers("crew", "[\(texts.joined(separator: ","))]")
    }
  }

  /// Tells the control rooms what was done last: all that they show, so that nothing is told twice or lost.
  ///
  /// Who was put out of the channel meanwhile is told nothing more.
  func tellActions() async throws {
    guard !desks.isEmpty else { return }
    actionsAsked += 1
    let asked = actionsAsked
    let members = try await commerce.crew(of: show, Set(desks.values.map(\.account)).sorted())
    for desk in desks.values where !members.contains(where: { $0.account == desk.account }) {
      desk.channel.close(promise: nil)
    }
    let texts = try await commerce.showActionsForRoom(show, limit: Self.actionsTold).map { action in
      """
      {"id":"\(action.id)","at":"\(action.at)","by":\(LiveText.string(action.by)),"role":\(LiveText.string(action.role?.rawValue)),\
      "kind":"\(action.kind.rawValue)","subject":\(LiveText.string(action.subject))}
      """
    }
    // Who asked later knows more: what was read before must not be told over it.
    guard asked == actionsAsked else { return }
    tellMembers("actions", "[\(texts.joined(separator: ","))]")
  }

  /// Sends what is none of the viewers' business.
  private func tellMembers(_ kind: String, _ data: String) {
    let parts = Array(repeating: ByteBuffer(), count: ChatSampler.groups)
    hubs.publish(parts + [ByteBuffer(string: LiveText.event(kind, data: data))], to: audience)
  }
}
