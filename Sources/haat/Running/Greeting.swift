import Commerce
import Media
import ServiceLifecycle
import Web

/// Says where the server listens, once it does.
struct Greeting: Service {
  let house: House

  func run() async throws {
    _ = await house.web.boundPort()
    _ = await house.media.boundPort()
    Output.line("Haat is on the air.")
    Output.line("  Web: \(house.publicURL)")
    Output.line("  RTMP: \(house.rtmpURL)")
    if house.settings.tls("https") != nil { Output.line("  HTTPS: port \(await house.web.boundSecurePort())") }
    if house.settings.tls("rtmps") != nil { Output.line("  RTMPS: port \(await house.media.boundSecurePort())") }
    if let token = try await house.commerce.setupToken() {
      Output.line("  Operator: \(house.publicURL)/setup?token=\(token.text) (opens once, for a day)")
    }
    Output.line("  Stop with Ctrl-C.")
    try await gracefulShutdown()
  }
}
