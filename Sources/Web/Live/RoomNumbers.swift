import Commerce

/// What a room counts for its show's report until it is written down: in memory, within bounds, and written once.
struct RoomNumbers {
  /// Minutes of viewers that wait to be kept, should the database be away.
  private static let minutesMax = 1_440
  /// Milliseconds after which a product that is not known is looked for again.
  private static let productsMilliseconds: Int64 = 5_000

  /// The most viewers at once, by minute since the show's start, that was not kept yet.
  private var minutes: [Int64: Int64] = [:]
  private var interest = InterestSums()
  /// Who has watched while it was on air; nil once it is over.
  private var reach: ViewerSketch?
  private var isReachKept = true
  private var keptPeak: Int64 = 0
  /// A step of which there is no answer yet: it is sent again as it is.
  private(set) var unkept: ShowStep?

  /// The products that interest is counted of.
  var products: Set<ID<Product>> = []
  private var productsRead: Moment?

  init() {}

  /// Goes on from what was kept.
  init(_ kept: KeptNumbers) {
    reach = kept.reach
    products = kept.products
    keptPeak = kept.attendance.peak
  }

  /// - Parameter minute: since the show's start; nil while it is not on air.
  mutating func look(_ look: Presence.Look, minute: Int64?) {
    for who in look.newcomers where reach?.add(who) ?? false { isReachKept = false }
    guard let minute, minutes[minute] != nil || minutes.count < Self.minutesMax else { return }
    minutes[minute] = max(minutes[minute] ?? 0, Int64(look.present))
  }

  /// Whether the show's products have to be read to say that this is one, or none: then it is taken that they will be.
  mutating func mustRead(for product: ID<Product>, at now: Moment) -> Bool {
    guard !products.contains(product),
      productsRead.map({ abs(now.milliseconds(since: $0)) >= Self.productsMilliseconds }) ?? true
    else { return false }
    productsRead = now
    return true
  }

  /// False for what is no product of the show.
  mutating func add(_ kind: Interest.Kind, at place: Interest.Place) -> Bool {
    products.contains(place.product) && interest.add(kind, at: place)
  }

  /// What is to be kept now; nil when nothing has happened. It is `unkept` until it was.
  mutating func step(_ attendance: Attendance, id: ID<ShowStep>) -> ShowStep? {
    var step = ShowStep(attendance)
    step.id = id
    (step.minutes, step.interest, step.reach) = (minutes, interest.step(), isReachKept ? nil : reach)
    minutes = [:]
    isReachKept = true
    let isWatched =
      attendance.peak > keptPeak || attendance.watchedMilliseconds > 0 || step.minutes.values.contains { $0 > 0 }
    guard isWatched || !attendance.taps.isEmpty || !step.interest.isEmpty || step.reach != nil else { return nil }
    keptPeak = max(keptPeak, attendance.peak)
    unkept = step
    return step
  }

  mutating func kept(_ step: ShowStep) {
    if unkept?.id == step.id { unkept = nil }
  }
}
