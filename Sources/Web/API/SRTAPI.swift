import Commerce
import HTTPTypes
import Hummingbird
import Media

/// Taking a show in over SRT.
enum SRTAPI {
  enum State: String, Codable, CaseIterable { case off, waiting, live, trouble }

  struct InputAnswer: Codable, Described {
    let state: State
    /// Nil while it is off.
    let address: String?
    /// Why it failed last.
    let reason: String?

    static let fields = [
      "state": "off until it is opened for this show; waiting while nobody sends.",
      "address": "What an encoder sends to; holds the passphrase, so it is a secret.",
      "reason": "Why it failed last: \(SRTTrouble.allCases.map(\.rawValue).joined(separator: ", ")).",
    ]

    init(_ input: SRTInput?, _ report: SRTReport?, host: String) {
      address = input.map { SRTAPI.address($0, host: host) }
      reason = report?.trouble?.rawValue
      state =
        switch report?.state {
        case _ where input == nil: .off
        case nil, .waiting: .waiting
        case .live: .live
        case .trouble: .trouble
        }
    }
  }

  static func address(_ input: SRTInput, host: String) -> String {
    "srt://\(host):\(input.port)?mode=caller&passphrase=\(input.passphrase)&pbkeylen=16"
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/shows/{show}/srt", "Shows where an SRT encoder sends a show to; for its owners and hosts.",
      gives: InputAnswer.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      return call.site.srt(try await call.commerce.srtInput(of: show, by: call.caller), of: show)
    }.by(.account),
    Endpoint(
      .post, "/api/v1/shows/{show}/srt",
      "Opens a port for an SRT encoder, with a new passphrase. The one before dies at once.", gives: InputAnswer.self,
      as: .created
    ) { call in
      let show: ID<Show> = try call.id("show")
      return call.site.srt(try await call.commerce.openSRT(by: call.caller, show: show), of: show)
    }.repeated(.ignored).by(.account),
    Endpoint(.delete, "/api/v1/shows/{show}/srt", "Closes the port again.", as: .noContent) { call in
      try await call.commerce.closeSRT(by: call.caller, show: call.id("show"))
      return Response(status: .noContent)
    }.by(.account),
  ]
}

extension Site {
  func srt(_ input: SRTInput?, of show: ID<Show>) -> SRTAPI.InputAnswer {
    SRTAPI.InputAnswer(input, media.srtReport(of: show.description), host: configuration.srtHost)
  }
}
