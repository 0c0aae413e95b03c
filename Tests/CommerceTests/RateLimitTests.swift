import Commerce
import Testing

@Suite struct RateLimitTests {
  private let start = Moment(milliseconds: 1_000_000)

  @Test func `a burst is taken at once, and then one each interval`() {
    let limit = RateLimit(burst: 3, everyMilliseconds: 100)
    #expect((0..<3).map { _ in limit.take("a", at: start) } == [nil, nil, nil])
    #expect(limit.take("a", at: start) == 100)
    #expect(limit.take("a", at: start.adding(milliseconds: 99)) == 1)
    #expect(limit.take("a", at: start.adding(milliseconds: 100)) == nil)
    #expect(limit.take("a", at: start.adding(milliseconds: 100)) == 100)
    #expect(limit.take("b", at: start) == nil, "another key has its own")
  }

  @Test func `after a rest the whole burst is there again, and not more`() {
    let limit = RateLimit(burst: 2, everyMilliseconds: 100)
    _ = (limit.take("a", at: start), limit.take("a", at: start))
    let later = start.adding(seconds: 3600)
    #expect((0..<3).map { _ in limit.take("a", at: later) } == [nil, nil, 100])
  }

  @Test func `of many at once as many are taken as are there, and the others are left`() {
    let limit = RateLimit(burst: 5, everyMilliseconds: 100)
    #expect([3, 3, 3].map { limit.take(upTo: $0, "a", at: start) } == [3, 2, 0])
    #expect(limit.take(upTo: 9, "a", at: start.adding(milliseconds: 250)) == 2)
    #expect(limit.take(upTo: 0, "b", at: start) == 0 && limit.take(upTo: -4, "b", at: start) == 0)
    #expect(limit.take(upTo: .max, "b", at: start) == 5, "another key has its own")
    let full = RateLimit(burst: 5, everyMilliseconds: 100, keysMax: 1)
    #expect(full.take(upTo: 5, "a", at: start) == 5 && full.take(upTo: 5, "b", at: start) == 0)
  }

  @Test func `how long one would have to wait can be asked, and takes nothing`() {
    let limit = RateLimit(burst: 2, everyMilliseconds: 100)
    #expect(limit.wait("a", at: start) == nil)
    _ = limit.take("a", at: start)
    #expect((0..<9).map { _ in limit.wait("a", at: start) } == Array(repeating: nil, count: 9))
    #expect(limit.take("a", at: start) == nil && limit.wait("a", at: start) == 100)
    #expect(limit.wait("a", at: start.adding(milliseconds: 60)) == 40)
    #expect(limit.wait("a", at: start.adding(milliseconds: 100)) == nil)
    #expect(limit.wait("a", at: start.adding(seconds: -3600)) == 100, "a clock that was put back is nobody's fault")
  }

  @Test func `keys are bounded: quiet ones are forgotten, and else a new one waits`() {
    let limit = RateLimit(burst: 1, everyMilliseconds: 100, keysMax: 2)
    #expect(limit.take("a", at: start) == nil)
    #expect(limit.take("b", at: start) == nil)
    #expect(limit.take("c", at: start) == 100)
    #expect(limit.take("a", at: start) == 100, "those that were there are still limited")
    #expect(limit.take("c", at: start.adding(milliseconds: 100)) == nil)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a flood of new keys against a full table costs little each, and one that is quiet makes room`() {
    let limit = RateLimit(burst: 1, everyMilliseconds: 1_000, keysMax: 100_000)
    for number in 0..<100_000 { #expect(limit.take("held \(number)", at: start) == nil) }
    // A look at all of them for each of these would be ten thousand million.
    for number in 0..<100_000 { #expect(limit.take("new \(number)", at: start) == 1_000) }
    #expect(limit.take("held 5", at: start) == 1_000, "those that were there are still limited")
    #expect(limit.take("late", at: start.adding(milliseconds: 1_000)) == nil)
  }

  @Test func `a clock that is set back limits no longer than before`() {
    let limit = RateLimit(burst: 1, everyMilliseconds: 100)
    #expect(limit.take("a", at: start) == nil)
    #expect(limit.take("a", at: start.adding(seconds: -3600)) == 100)
    #expect(limit.take("a", at: start.adding(seconds: -3600).adding(milliseconds: 100)) == nil)
  }
}
