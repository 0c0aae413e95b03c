/// How many units may be bought: in one order, and by one buyer in all their orders. Nil is no limit.
public struct UnitLimits: Hashable, Sendable, Codable {
  public var perOrder: Int64?
  public var perBuyer: Int64?

  public static let unlimited = UnitLimits()

  public init(perOrder: Int64? = nil, perBuyer: Int64? = nil) {
    self.perOrder = perOrder
    self.perBuyer = perBuyer
  }

  /// What both leave: the lower of each.
  public func and(_ other: UnitLimits) -> UnitLimits {
    func lower(_ one: Int64?, _ two: Int64?) -> Int64? { [one, two].compactMap(\.self).min() }
    return UnitLimits(perOrder: lower(perOrder, other.perOrder), perBuyer: lower(perBuyer, other.perBuyer))
  }

  /// Throws `GeneralRefusal.invalid`. 0 is no limit, as an empty field of a form is.
  func checked(_ field: String, _ policy: Policy) throws -> UnitLimits {
    func limit(_ units: Int64?, _ name: String) throws -> Int64? {
      guard let units, units != 0 else { return nil }
      guard (1...policy.unitLimitMax).contains(units) else {
        throw GeneralRefusal.invalid(
          field: "\(field).\(name)", why: "must be 1 to \(policy.unitLimitMax) units, or 0 for no limit")
      }
      return units
    }
    return UnitLimits(perOrder: try limit(perOrder, "perOrder"), perBuyer: try limit(perBuyer, "perBuyer"))
  }
}
