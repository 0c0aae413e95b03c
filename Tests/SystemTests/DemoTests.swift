import Commerce
import Foundation
import Store
import TestKit
import Testing

@testable import haat

@Suite struct DemoTests {
  @Test func `a demo that was stopped before its show began takes that show up again`() async throws {
    let data = FileManager.default.temporaryDirectory.appending(path: "haat-demo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: data) }
    let kept = try await Engine.sqlite.database()
    try await kept.database.migrate(Commerce.migrations)
    var policy = Policy()
    policy.scryptRounds = 16
    let commerce = Commerce(database: kept.database, policy: policy, providers: .none)
    let content = try DemoContent()

    let first = try await DemoStage.set(commerce, content: content, dataDirectory: data.path)
    let channel = try #require(try await commerce.channels(by: first.caller).first?.0)
    let plan = ShowDraft(title: "Mine", scheduledAt: commerce.clock.now, markets: ["IN"])
    let own = try await commerce.scheduleShow(commerce.makeID(), by: first.caller, channel: channel.id, plan)
    let second = try await DemoStage.set(commerce, content: content, dataDirectory: data.path)
    #expect(second.show == first.show && second.show != own.id)

    _ = try await commerce.startShow(by: first.caller, show: first.show)
    _ = try await commerce.endShow(by: first.caller, show: first.show)
    let third = try await DemoStage.set(commerce, content: content, dataDirectory: data.path)
    #expect(third.show != first.show, "an ended show stays ended")
  }
}
