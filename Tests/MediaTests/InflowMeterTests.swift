import Testing

@testable import Media

@Suite struct InflowMeterTests {
  @Test func `a burst is no rate, five seconds of it are`() {
    var meter = InflowMeter(bitrateMax: 8_000, messagesPerSecondMax: 10)
    #expect(meter.count(bytes: 5_000, now: 0) == nil, "1,000 bytes a second for five seconds")
    #expect(meter.count(bytes: 5_000, now: 5_000) == nil)
    let reason = meter.count(bytes: 5, now: 9_999) ?? ""
    #expect(reason.contains("bitrateMax, 8000"))
  }

  @Test func `many small messages are too many`() {
    var meter = InflowMeter(bitrateMax: 8_000, messagesPerSecondMax: 10)
    for time in 0..<54 { #expect(meter.count(messages: 1, now: Int64(time)) == nil) }
    let reason = meter.count(messages: 1, now: 4_000) ?? ""
    #expect(reason.contains("messagesPerSecondMax, 10"))
  }
}
