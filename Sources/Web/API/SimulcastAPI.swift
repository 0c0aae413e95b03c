import Commerce
import HTTPTypes
import Hummingbird
import Media

/// Where a show is pushed on to, and how each of those fares.
enum SimulcastAPI {
  struct NewTarget: Codable, Described {
    let id: ID<SimulcastTarget>?
    let address: String
    let key: String

    static let fields = [
      "address": "`rtmp://` or `rtmps://`, host and application, without the key.",
      "key": "The stream key of the other side. It is never shown again.",
    ]
  }

  struct Switch: Codable { let isOn: Bool }

  enum State: String, Codable, CaseIterable { case off, waiting, connecting, live, retrying }

  struct TargetAnswer: Codable, Described {
    let id: ID<SimulcastTarget>
    let address: String
    let isOn: Bool
    let state: State
    /// Why the last attempt failed.
    let reason: String?
    let retryAt: Moment?
    let skips: Int

    static let fields = [
      "state": "waiting until the show is on air and a picture comes in.",
      "reason": "Why the last attempt failed: \(RelayTrouble.allCases.map(\.rawValue).joined(separator: ", ")).",
      "retryAt": "When it is tried again.", "skips": "How often it was too slow, and lost pictures up to a keyframe.",
    ]

    init(_ target: SimulcastTarget, _ report: RelayReport?) {
      id = target.id
      address = target.address.description
      isOn = target.isOn
      let report = target.isOn ? report : nil
      state =
        switch report?.phase {
        case _ where !target.isOn: .off
        case nil, .waiting: .waiting
        case .connecting: .connecting
        case .live: .live
        case .retrying: .retrying
        }
      reason = report?.trouble?.rawValue
      retryAt = report?.retryAtMilliseconds.map(Moment.init(milliseconds:))
      skips = report?.skips ?? 0
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/simulcast", "Lists where a show is pushed on to; for its owners and hosts.",
      gives: List<TargetAnswer>.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      let reports = call.site.media.simulcast.reports(of: show.description)
      let targets = try await call.commerce.simulcastTargets(of: show, by: call.caller)
      return List(targets.map { TargetAnswer($0, reports[$0.id.description]) })
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/simulcast", "Adds a server that the show is pushed on to while it is on air.",
      takes: NewTarget.self, gives: TargetAnswer.self, as: .created
    ) { call, body in
      TargetAnswer(
        try await call.site.addTarget(
          body.id, by: call.caller, show: call.id("show"), address: body.address, key: body.key), nil)
    }.by(.account),
    Endpoint(
      .patch, "/api/v1/shows/{show}/simulcast/{target}", "Switches a target on or off.", takes: Switch.self,
      gives: TargetAnswer.self
    ) { call, body in
      let show: ID<Show> = try call.id("show")
      let target = try await call.commerce.switchSimulcastTarget(
        call.id("target"), by: call.caller, show: show, isOn: body.isOn)
      return TargetAnswer(target, call.site.media.simulcast.reports(of: show.description)[target.id.description])
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/shows/{show}/simulcast/{target}", "Takes a target away, with its key.", as: .noContent
    ) { call in
      try await call.commerce.removeSimulcastTarget(call.id("target"), by: call.caller, show: call.id("show"))
      return Response(status: .noContent)
    }.by(.account),
  ]
}

extension Site {
  /// Adds a target unless its address says already that it leads into a private network. A name is looked up when it is
  /// connected to.
  func addTarget(
    _ id: ID<SimulcastTarget>?, by caller: Caller, show: ID<Show>, address: String, key: String
  ) async throws -> SimulcastTarget {
    if let place = SimulcastAddress(address), media.simulcast.refuses(host: place.host) {
      throw GeneralRefusal.invalid(field: "address", why: "must not lead into a private network")
    }
    return try await commerce.addSimulcastTarget(
      id ?? commerce.makeID(), by: caller, show: show, address: address, key: key)
  }
}
