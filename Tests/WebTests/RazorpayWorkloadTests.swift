import Foundation
import TestKit
import Testing

/// Whatever Razorpay does, and in whatever order, nothing is sent twice and the books add up. `HAAT_SEED=123` runs one
/// more seed, such as one that failed.
@Suite(.timeLimit(.minutes(5))) struct RazorpayWorkloadTests {
  static let seeds: [UInt64] =
    [1, 2, 3, 4] + (ProcessInfo.processInfo.environment["HAAT_SEED"].flatMap(UInt64.init).map { [$0] } ?? [])

  @Test(arguments: Engine.allCases, seeds)
  func `transfers and reversals through a Razorpay that answers as it likes lose no money and send none twice`(
    engine: Engine, seed: UInt64
  ) async throws {
    var workload = try await RouteWorkload(engine, seed: seed)
    try await workload.run(steps: 300)
    // A run in which nothing was sent or taken back would show nothing.
    let razorpay = workload.house.razorpay
    #expect(razorpay.transfers.count > 3 && !razorpay.reversals.isEmpty, "seed \(seed)")
  }
}
