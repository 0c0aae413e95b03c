/// Why a bag cannot be bought as it is.
public enum BagRefusal: Refusal, Equatable {
  case offerUnknown(ID<Offer>)
  case offerClosed(ID<Offer>)
  case offerNotOpen(ID<Offer>)
  case marketClosed(String)
  case otherMarket(ID<Offer>)
  case notInShow
  case channelNotSelling
  case tooManySellers(limit: Int)
  case channelNotInMarket(String)
  /// The seller has taken as many orders as it may in a day.
  case sellerFull(until: Moment)
  case amountTooLarge
  /// `available` is what was left when it was asked for.
  case soldOut(ID<Variant>, title: String, available: Int64)
  /// `left` is what was left of the deal when it was asked for.
  case dealTaken(title: String, left: Int64)
  case dealLimit(title: String, limit: Int64)
  /// So many of it in one order.
  case orderLimit(title: String, limit: Int64)
  /// So many of it for one buyer, in all their orders.
  case buyerLimit(title: String, limit: Int64)
  /// A preorder is a bag of its own.
  case preorderAlone(title: String)
  /// It is sold to nobody until those who preordered it have theirs.
  case preorderOver(title: String)
  /// The parcel is heavier than any that is sent; `title` is of what weighs most in it, all of it or `ofUnit` one alone.
  case tooHeavy(title: String, grams: Int64, limit: Int64, ofUnit: Bool)

  public var code: String {
    switch self {
    case .offerUnknown: "offer_unknown"
    case .offerClosed: "offer_closed"
    case .offerNotOpen: "offer_not_open"
    case .marketClosed: "market_closed"
    case .otherMarket: "other_market"
    case .notInShow: "not_in_show"
    case .channelNotSelling: "channel_not_selling"
    case .tooManySellers: "too_many_sellers"
    case .channelNotInMarket: "channel_not_in_market"
    case .sellerFull: "seller_full_today"
    case .amountTooLarge: "amount_too_large"
    case .soldOut: "sold_out"
    case .dealTaken: "deal_taken"
    case .dealLimit: "deal_limit"
    case .orderLimit: "order_limit"
    case .buyerLimit: "buyer_limit"
    case .preorderAlone: "preorder_alone"
    case .preorderOver: "preorder_closed"
    case .tooHeavy: "parcel_too_heavy"
    }
  }

  public var sentence: String {
    switch self {
    case .offerUnknown(let offer): "There is no offer \(offer). Take the offers of the product as it is shown now."
    case .offerClosed: "This price is no longer offered. Look at the product again for today's price."
    case .offerNotOpen: "This deal has not started yet. Order when its countdown is over."
    case .marketClosed(let market): "Nothing is sold in \(market) at the moment. Try again later."
    case .otherMarket: "This offer is for another market. Take the offer of the market you buy in."
    case .notInShow: "This is not sold in that show and market. Open the product on the seller's page."
    case .channelNotSelling: "This seller does not sell at the moment."
    case .tooManySellers(let limit): "A bag can have products of \(limit) sellers. Order in parts."
    case .channelNotInMarket(let market): "This seller does not sell in \(market). Look at what others sell there."
    case .sellerFull(let until):
      "This seller takes no more orders today. Come back after \(until.description.prefix(16).replacing("T", with: " ")) UTC."
    case .amountTooLarge: "The total is larger than one order can be. Order in parts."
    case .soldOut(_, let title, let available):
      available == 0
        ? "“\(title)” is sold out. It may come back when another buyer does not pay in time."
        : "Only \(available) of “\(title)” are left. Order fewer."
    case .dealTaken(let title, let left):
      left == 0
        ? "All of the deal on “\(title)” is taken. Order at today's price, or wait: what is not paid for comes back."
        : "Only \(left) of “\(title)” are left at this price. Order fewer."
    case .dealLimit(let title, let limit):
      "At most \(limit) of “\(title)” a buyer at this price. Order more at today's price."
    case .orderLimit(let title, let limit): "At most \(limit) of “\(title)” in one order. Order fewer."
    case .buyerLimit(let title, let limit):
      "At most \(limit) of “\(title)” a buyer, with what you have ordered before. Order fewer."
    case .preorderAlone(let title):
      "“\(title)” is on preorder, and is ordered alone. Take the rest out of the bag, and order that on its own."
    case .preorderOver(let title):
      "“\(title)” goes to those who preordered it. Come back when they have theirs."
    case .tooHeavy(let title, let grams, let limit, true):
      "“\(title)” weighs \(Weight.text(grams)) and cannot be sent here: a parcel may weigh \(Weight.text(limit))."
    case .tooHeavy(let title, let grams, let limit, false):
      "The parcel would weigh \(Weight.text(grams)), and may weigh \(Weight.text(limit)). Order less of “\(title)”, or in parts."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .offerUnknown: .notFound
    case .offerClosed: .gone
    case .marketClosed, .channelNotSelling, .channelNotInMarket, .sellerFull, .soldOut, .offerNotOpen, .dealTaken,
      .dealLimit, .orderLimit, .buyerLimit, .preorderOver, .tooHeavy:
      .conflict
    case .otherMarket, .notInShow, .tooManySellers, .amountTooLarge, .preorderAlone: .invalid
    }
  }

  public var field: String? {
    switch self {
    case .offerUnknown, .offerClosed, .offerNotOpen, .otherMarket, .tooManySellers, .amountTooLarge, .soldOut,
      .dealTaken, .dealLimit, .orderLimit, .buyerLimit, .preorderAlone, .preorderOver, .tooHeavy:
      "lines"
    case .marketClosed, .channelNotInMarket: "market"
    case .notInShow: "show"
    case .channelNotSelling, .sellerFull: nil
    }
  }
}

extension BagRefusal {
  /// Names what weighs most.
  static func tooHeavy(_ lines: [Quote.Line], limit: Int64) -> Self {
    let grams = lines.reduce(0) { $0 + $1.grams * $1.quantity }
    let heaviest = lines.max { $0.grams * $0.quantity < $1.grams * $1.quantity }
    if let unit = lines.first(where: { $0.grams > limit }) {
      return .tooHeavy(title: unit.title, grams: unit.grams, limit: limit, ofUnit: true)
    }
    return .tooHeavy(title: heaviest?.title ?? "", grams: grams, limit: limit, ofUnit: false)
  }
}

/// Weights as people write them.
public enum Weight {
  /// `750 g`, `1.5 kg`.
  public static func text(_ grams: Int64) -> String {
    guard grams >= 1_000 else { return "\(grams) g" }
    let (kilograms, rest) = grams.quotientAndRemainder(dividingBy: 1_000)
    var fraction = "\(1_000 + rest)".dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return fraction.isEmpty ? "\(kilograms) kg" : "\(kilograms).\(fraction) kg"
  }
}
