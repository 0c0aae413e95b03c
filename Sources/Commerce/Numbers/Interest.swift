import Store

/// What viewers did with a product of a show, short of ordering it. Sums alone are kept: nothing says who it was.
public struct Interest: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Its card was opened.
    case tap
    /// It was put into the bag.
    case bag
  }

  /// What is counted apart.
  public struct Place: Hashable, Sendable {
    /// Whole minutes since the show's start; `offAir` for before and after it.
    public let minute: Int64
    public let product: ID<Product>
    public let way: ShowWay

    public static let offAir: Int64 = -1

    public init(minute: Int64, product: ID<Product>, way: ShowWay) {
      self.minute = max(Self.offAir, minute)
      self.product = product
      self.way = way
    }
  }

  public private(set) var taps: Int64 = 0
  public private(set) var bagAdds: Int64 = 0

  public init() {}

  /// Numbers below 0 are 0.
  public init(taps: Int64, bagAdds: Int64) {
    self.taps = max(0, taps)
    self.bagAdds = max(0, bagAdds)
  }

  public mutating func add(_ kind: Kind) {
    switch kind {
    case .tap: taps &+= 1
    case .bag: bagAdds &+= 1
    }
  }

  static func + (one: Interest, other: Interest) -> Interest {
    Interest(taps: one.taps &+ other.taps, bagAdds: one.bagAdds &+ other.bagAdds)
  }
}

extension Commerce {
  /// The products that a show has numbers of: those of its run, and of its clips. Empty where there is no such show.
  public func productsOfNumbers(of show: ID<Show>) async throws -> Set<ID<Product>> {
    try await database.read { db in try Interest.products(of: show, in: db) }
  }
}

extension Interest {
  static func products(of show: ID<Show>, in db: any Connection) throws -> Set<ID<Product>> {
    Set(
      try db.rows(
        """
        SELECT product_id FROM show_product WHERE show_id = \(show)
        UNION SELECT product_id FROM clip WHERE show_id = \(show)
        """
      ).map { try $0.get("product_id") })
  }
}
