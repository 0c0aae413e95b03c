import Commerce
import Foundation
import Logging
import Store

// The order of one hot variant without HTTP: what Commerce and Store do alone.
//
//   checkout-direct <location> <buyers at once> <seconds>
//
// One line of JSON: orders a second, orders a commit, and the milliseconds an order took.

let arguments = CommandLine.arguments
guard arguments.count == 4, let buyers = Int(arguments[2]), let seconds = Double(arguments[3]) else {
  FileHandle.standardError.write(Data("usage: checkout-direct <location> <buyers at once> <seconds>\n".utf8))
  exit(2)
}

let database = try await Database.open(DatabaseLocation(arguments[1]), logger: Logger(label: "checkout-direct"))
try await database.migrate(Commerce.migrations)
let stall = try await Stall(database)
let before = database.statistics()
let began = ContinuousClock.now
let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
  for _ in 0..<buyers {
    group.addTask {
      var latencies: [Duration] = []
      while began.duration(to: .now) < .seconds(seconds) {
        let asked = ContinuousClock.now
        try await stall.buy()
        latencies.append(asked.duration(to: .now))
      }
      return latencies
    }
  }
  var all: [Duration] = []
  for try await latencies in group { all += latencies }
  return all
}
let elapsed = began.duration(to: .now) / .seconds(1)
let after = database.statistics()
await database.close()

let sorted = latencies.sorted()
func milliseconds(_ share: Double) -> Double {
  sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / .milliseconds(1)
}
let report: [String: Double] = [
  "orders_per_second": Double(sorted.count) / elapsed,
  "orders_per_commit": Double(after.writes - before.writes) / Double(after.commits - before.commits),
  "largest_batch": Double(after.largestBatch),
  "retries": Double(after.retries),
  "p50_ms": milliseconds(0.5), "p99_ms": milliseconds(0.99), "max_ms": milliseconds(1),
]
let line = try JSONSerialization.data(withJSONObject: report, options: [.sortedKeys])
FileHandle.standardOutput.write(line + Data("\n".utf8))
