import Commerce
import Metrics
import Synchronization

/// Keeps what swift-metrics counts, and writes it in Prometheus' text format (0.0.4).
///
/// Timers and aggregating recorders become histograms in seconds; labels and dimensions are taken as they are, so they
/// must be names that Prometheus takes.
final class PrometheusRegistry: MetricsFactory, Sendable {
  private struct Name: Hashable {
    let label: String
    /// `{route="/",status="200"}`, or nothing.
    let dimensions: String
  }

  private struct Entry {
    let instrument: any Instrument
    let dimensions: [String: String]
  }

  /// What an instrument has counted since the process began: one number, or one for each place of a `Spread`.
  struct Reading {
    let dimensions: [String: String]
    let counts: [Int64]
  }

  private let instruments = Mutex<[Name: Entry]>([:])

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    instrument(label, dimensions) { CountingInstrument() }
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate { return instrument(label, dimensions) { HistogramInstrument() } as any RecorderHandler }
    return instrument(label, dimensions) { GaugeInstrument() }
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    instrument(label, dimensions) { HistogramInstrument() }
  }

  // What was counted stays: Prometheus wants counters that never fall.
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  /// One instrument per name; another one, which nobody reads, when the name is taken by another kind.
  private func instrument<T: Instrument>(_ label: String, _ dimensions: [(String, String)], _ make: () -> T) -> T {
    let name = Name(label: label, dimensions: Self.text(dimensions))
    return instruments.withLock { instruments in
      if let there = instruments[name] { return there.instrument as? T ?? make() }
      let made = make()
      instruments[name] = Entry(instrument: made, dimensions: Dictionary(dimensions) { $1 })
      return made
    }
  }

  /// Everything, by name.
  func text() -> String {
    let all = instruments.withLock { $0 }.sorted {
      ($0.key.label, $0.key.dimensions) < ($1.key.label, $1.key.dimensions)
    }
    var text = ""
    var last = ""
    for (name, entry) in all {
      if name.label != last { text += "# TYPE \(name.label) \(entry.instrument.kind)\n" }
      last = name.label
      text += entry.instrument.lines(name.label, name.dimensions)
    }
    return text
  }

  /// What the counters or durations of this name have counted.
  func readings(_ label: String) -> [Reading] {
    instruments.withLock { $0 }.filter { $0.key.label == label }.map {
      Reading(dimensions: $0.value.dimensions, counts: $0.value.instrument.counts)
    }
  }

  private static func text(_ dimensions: [(String, String)]) -> String {
    guard !dimensions.isEmpty else { return "" }
    let pairs = dimensions.map { name, value in
      let escaped = value.replacing(#"\"#, with: #"\\"#).replacing("\"", with: #"\""#).replacing("\n", with: #"\n"#)
      return "\(name)=\"\(escaped)\""
    }
    return "{" + pairs.joined(separator: ",") + "}"
  }
}

private protocol Instrument: Sendable {
  var kind: String { get }
  var counts: [Int64] { get }
  func lines(_ label: String, _ dimensions: String) -> String
}

private final class CountingInstrument: CounterHandler, Instrument {
  private let count = Atomic<Int64>(0)

  var kind: String { "counter" }
  var counts: [Int64] { [count.load(ordering: .relaxed)] }

  func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

  func reset() { count.store(0, ordering: .relaxed) }

  func lines(_ label: String, _ dimensions: String) -> String {
    "\(label)\(dimensions) \(count.load(ordering: .relaxed))\n"
  }
}

private final class GaugeInstrument: RecorderHandler, Instrument {
  private let value = Mutex(0.0)

  var kind: String { "gauge" }
  // A gauge counts nothing.
  var counts: [Int64] { [] }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) { self.value.withLock { $0 = value } }

  func lines(_ label: String, _ dimensions: String) -> String { "\(label)\(dimensions) \(value.withLock { $0 })\n" }
}

private final class HistogramInstrument: TimerHandler, RecorderHandler, Instrument {
  private struct State {
    var counts = [Int64](repeating: 0, count: HistogramInstrument.bounds.count + 1)
    var sum = 0.0
  }

  /// Upper bounds in seconds.
  private static let bounds = Spread.bounds

  private let state = Mutex(State())

  var kind: String { "histogram" }
  var counts: [Int64] { state.withLock { $0.counts } }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let place = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
    state.withLock { state in
      state.counts[place] += 1
      state.sum += value
    }
  }

  func lines(_ label: String, _ dimensions: String) -> String {
    let state = state.withLock { $0 }
    let inner = dimensions.isEmpty ? "" : dimensions.dropFirst().dropLast() + ","
    var text = ""
    var total: Int64 = 0
    for (bound, count) in zip(Self.bounds.map { String($0) } + ["+Inf"], state.counts) {
      total += count
      text += "\(label)_bucket{\(inner)le=\"\(bound)\"} \(total)\n"
    }
    return text + "\(label)_sum\(dimensions) \(state.sum)\n\(label)_count\(dimensions) \(total)\n"
  }
}
