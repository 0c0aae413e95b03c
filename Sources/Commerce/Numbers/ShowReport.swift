/// What a show has brought: what happened in it, and what was sold (docs/numbers.md says what each number means).
///
/// All of it is of one moment of the database. What was sold is read from the orders themselves, so it is what they come
/// to, to the minor unit; the rest is what the show's room and its chat have kept.
public struct ShowReport: Sendable, Equatable {
  /// What was paid in one currency, and what of it went back.
  public struct Takings: Sendable, Equatable {
    public let currency: Currency
    /// Minor units. Of the show and of a source all that buyers paid, with shipping and tax; of a product what was paid
    /// for it.
    public internal(set) var grossMinor: Int64 = 0
    /// What went back, or is on its way back, for units that were cancelled before they were sent.
    public internal(set) var cancelledMinor: Int64 = 0
    /// What went back, or is on its way back, for any other reason.
    public internal(set) var refundedMinor: Int64 = 0

    public var gross: Money { Money(minor: grossMinor, currency: currency) }
    public var cancelled: Money { Money(minor: cancelledMinor, currency: currency) }
    public var refunded: Money { Money(minor: refundedMinor, currency: currency) }
    /// What is left.
    public var net: Money { Money(minor: grossMinor - cancelledMinor - refundedMinor, currency: currency) }
  }

  public struct ProductNumbers: Sendable, Equatable {
    public let product: ID<Product>
    public internal(set) var title = ""
    public internal(set) var interest = Interest()
    /// Paid orders that it is in, and units of it in them.
    public internal(set) var orders: Int64 = 0
    public internal(set) var units: Int64 = 0
    /// By currency.
    public internal(set) var takings: [Takings] = []
  }

  public struct SourceNumbers: Sendable, Equatable {
    public let way: ShowWay
    public internal(set) var interest = Interest()
    public internal(set) var orders: Int64 = 0
    public internal(set) var takings: [Takings] = []
  }

  /// What was sold of a product within a step.
  public struct ProductStep: Sendable, Equatable {
    public let product: ID<Product>
    public internal(set) var interest = Interest()
    public internal(set) var orders: Int64 = 0
    public internal(set) var units: Int64 = 0
    /// What was paid for it, by currency.
    public internal(set) var gross: [Money] = []
  }

  /// A step of the show's time: a minute, or several of a show of more than a day.
  public struct Step: Sendable, Equatable {
    /// Whole minutes from the show's start to the step's; nil for all that was before and after the show.
    public let minute: Int64?
    /// The most viewers at once.
    public internal(set) var viewers: Int64 = 0
    public internal(set) var messages: Int64 = 0
    public internal(set) var interest = Interest()
    public internal(set) var orders: Int64 = 0
    /// All that was paid, by currency.
    public internal(set) var gross: [Money] = []
    /// In the order of the report's products.
    public internal(set) var products: [ProductStep] = []

    /// What of `gross` was not paid for products, but for sending them.
    public var shipping: [Money] {
      gross.map { all in
        let goods = products.flatMap(\.gross).filter { $0.currency == all.currency }.reduce(0) { $0 + $1.minor }
        return Money(minor: all.minor - goods, currency: all.currency)
      }
    }
  }

  /// Something that was on screen for a time.
  public struct Mark: Sendable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
      case pin, deal, coupon, giveaway, auction, poll, banner
    }

    public let kind: Kind
    /// In milliseconds since the show's start; `until` is nil while it goes on.
    public let from: Int64
    public internal(set) var until: Int64?
    public let product: ID<Product>?
    /// The product's, the prize, the question or the text; empty for what was taken away by a moderator.
    public internal(set) var title: String
  }

  public let show: Show
  public let madeAt: Moment
  /// How many minutes a step has.
  public let stepMinutes: Int64

  public let attendance: Attendance
  /// How many different people watched while it was on air.
  public let viewers: Int64
  public let messages: Int64
  public let interest: Interest

  /// Orders that were paid, whatever became of them; the balance of a preorder is none of its own.
  public let orders: Int64
  /// Orders that wait to be paid, and that ended without.
  public let waiting: Int64
  public let lapsed: Int64
  /// Who paid for them: accounts, and guests by the details they gave; and those who ordered while the show was on air.
  public let buyers: Int64
  public let buyersOnAir: Int64
  /// By currency.
  public let takings: [Takings]
  /// What of `takings` was paid for shipping, with its tax.
  public let shipping: [Takings]
  /// Those that sold most first, then those that were looked at most.
  public let products: [ProductNumbers]
  /// Those that brought anything, in the order of `ShowWay.allCases`.
  public let sources: [SourceNumbers]
  /// Those in which something happened, in their order; what was before and after the show is the last.
  public let steps: [Step]
  /// In the order in which they began.
  public let marks: [Mark]

  /// Of a hundred who watched, how many bought while it was on air, in hundredths; nil where nobody watched.
  public var conversionBasisPoints: Int64? { viewers > 0 ? buyersOnAir * 10_000 / viewers : nil }

  /// How long it was on air, or is up to now; 0 before that.
  public var airMilliseconds: Int64 {
    show.startedAt.map { max(0, (show.endedAt ?? madeAt).milliseconds(since: $0)) } ?? 0
  }
}
