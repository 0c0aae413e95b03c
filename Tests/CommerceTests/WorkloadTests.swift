import Foundation
import Store
import TestKit
import Testing

/// Whatever happens in whatever order, the books add up. `HAAT_SEED=123` runs one more seed, such as one that failed.
@Suite struct WorkloadTests {
  static let seeds: [UInt64] =
    [1, 2, 3, 4] + (ProcessInfo.processInfo.environment["HAAT_SEED"].flatMap(UInt64.init).map { [$0] } ?? [])

  @Test(arguments: Engine.allCases, seeds)
  func `a bad provider and a jumpy clock lose no money, no order and no lamp`(engine: Engine, seed: UInt64) async throws
  {
    var workload = try await Workload(engine, seed: seed)
    try await workload.run(steps: 300)
    // A run in which nothing was sold, refunded or strayed would show nothing.
    let kinds = try await workload.stall.database.read { db in
      try db.rows("SELECT DISTINCT kind FROM ledger_transfer ORDER BY kind").map { try $0.get(0, as: String.self) }
    }
    #expect(kinds.contains("payment") && kinds.contains("refund"), "seed \(seed)")
    let claimed = try await workload.stall.number("SELECT COUNT(*) FROM claim")
    #expect(claimed > 0, "nothing was claimed, seed \(seed)")
    #expect(workload.auditor.prizes.contains { $0.drawn != nil }, "nothing was given away, seed \(seed)")
  }
}
