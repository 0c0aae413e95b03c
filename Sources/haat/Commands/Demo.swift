import ArgumentParser
import Commerce
import Foundation
import Media
import ServiceLifecycle
import Web

/// `haat demo`.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the server with a channel, products and a running show of its own making.",
    discussion: SettingsOptions.table)

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    let settings = try options.read()
    let content = try DemoContent()
    let house = try await House.open(settings)
    let film = DemoFilm(content: content, path: settings.text("data.directory") + "/demo-film.mp4")
    Output.line("Setting the stage …")
    let stage = try await DemoStage.set(
      house.commerce, content: content, dataDirectory: settings.text("data.directory"))
    try await film.make { percent in Output.progress("Making the film", percent: percent) }
    try await house.run([DemoShow(house: house, stage: stage, film: film, chat: try content.chat())])
  }
}

/// The demo while it runs: an encoder, a host and some viewers.
private struct DemoShow: Service {
  let house: House
  let stage: DemoStage
  let film: DemoFilm
  let chat: [(name: String, text: String)]

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown { try await perform() }
    } catch is CancellationError {
      return
    }
    // The show was ended in the studio; the server stays, as the person there is not done with it.
    try await gracefulShutdown()
  }

  private func perform() async throws {
    _ = await house.web.boundPort()
    let rtmpPort = await house.media.boundPort()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await encode(port: rtmpPort) }
      group.addTask {
        try await begin()
        announce()
        await DemoCrowd(commerce: house.commerce, stage: stage, chat: chat, logger: house.logger).run()
      }
      try await group.waitForAll()
    }
  }

  /// Publishes again whenever ffmpeg ends, a little later, until the demo is over or its show has ended.
  private func encode(port: Int) async throws {
    while !Task.isCancelled {
      try await film.publish(to: "rtmp://127.0.0.1:\(port)/live/\(stage.streamKey.text)")
      guard try await house.commerce.show(stage.show, by: stage.caller).state != .ended else { return }
      try await Task.sleep(for: .seconds(2))
    }
  }

  /// Opens the show once its picture can be watched.
  private func begin() async throws {
    while house.media.stream("\(stage.show)") == nil { try await Task.sleep(for: .milliseconds(100)) }
    let commerce = house.commerce
    if try await commerce.show(stage.show, by: stage.caller).state == .scheduled {
      _ = try await commerce.startShow(by: stage.caller, show: stage.show)
    }
    if let first = stage.run.first {
      _ = try await commerce.pin(by: stage.caller, show: stage.show, product: first)
    }
  }

  private func announce() {
    Output.line("")
    Output.line("Haat is on the air.")
    Output.line("  Watch:   \(house.publicURL)/watch/\(stage.show)")
    Output.line("  Studio:  \(house.publicURL)/studio/shows/\(stage.show)")
    Output.line("  Sign in: \(DemoStage.email), password \(stage.password)")
    if house.sandbox != nil {
      Output.line("  Cards:   4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined")
    }
    Output.line("  Encoders publish to \(house.rtmpURL)")
    Output.line("  Stop with Ctrl-C.")
  }
}
