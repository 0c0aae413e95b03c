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

  private let instruments = Mutex<[Name: any Instrument]>([:])

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
      if let there = instruments[name] { return there as? T ?? make() }
      let made = make()
      instruments[name] = made
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
    for (name, instrument) in all {
      if name.label != last { text += "# TYPE \(name.label) \(instrument.kind)\n" }
      last = name.label
      text += instrument.lines(name.label, name.dimensions)
    }
    return text
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
  func lines(_ label: String, _ dimensions: String) -> String
}

private final class CountingInstrument: CounterHandler, Instrument {
  private let count = Atomic<Int64>(0)

  var kind: String { "counter" }

  func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

  func reset() { count.store(0, ordering: .relaxed) }

  func lines(_ label: String, _ dimensions: String) -> String {
    "\(label)\(dimensions) \(count.load(ordering: .relaxed))\n"
  }
}

private final class GaugeInstrument: RecorderHandler, Instrument {
  private let value = Mutex(0.0)

  var kind: String { "gauge" }

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
  private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private let state = Mutex(State())

  var kind: String { "histogram" }

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
