import Foundation

/// An order that was sent, and how its parcel can be followed: a row of what carriers' tools give back.
public struct ParcelRow: Sendable, Equatable {
  /// Its number, `H-7K3M-92QF`, or its id.
  public let order: String
  public let carrier: String
  public let tracking: String
  public let link: String

  /// How many are taken at once.
  public static let rowsMax = 500
  public static let textBytesMax = 256 * 1024

  public init(order: String, carrier: String = "", tracking: String = "", link: String = "") {
    self.order = order
    self.carrier = carrier
    self.tracking = tracking
    self.link = link
  }
}

extension ParcelRow {
  /// Rows as a person pastes them: separated by commas, or by tabs as from a spreadsheet. The first line may name the
  /// columns, in any order and among others; without names they are the order, carrier, tracking number and link.
  ///
  /// Throws `CSVRefusal`, `GeneralRefusal.invalid`.
  public static func read(_ text: String) throws -> [ParcelRow] {
    guard text.utf8.count <= textBytesMax else { throw CSVRefusal.tooLarge(limit: textBytesMax) }
    let records = try records(of: text)
    guard let first = records.first else { return [] }
    var columns: [Column: Int] = [:]
    for (place, name) in first.enumerated() {
      guard let column = Column(named: name), columns[column] == nil else { continue }
      columns[column] = place
    }
    // A first row of values names no column that has to be there.
    let isNamed = columns[.order] != nil || columns[.id] != nil
    if !isNamed { columns = [.order: 0, .carrier: 1, .tracking: 2, .link: 3] }
    let rows = isNamed ? records.dropFirst() : records[...]
    guard rows.count <= rowsMax else { throw CSVRefusal.tooManyRows(limit: rowsMax) }
    return rows.map { fields in
      func field(_ column: Column) -> String {
        guard let place = columns[column], fields.indices.contains(place) else { return "" }
        let text = fields[place].trimmingCharacters(in: .whitespacesAndNewlines)
        // What our own files put before a sign.
        return text.hasPrefix("'") ? String(text.dropFirst()) : text
      }
      let number = field(.order)
      return ParcelRow(
        order: number.isEmpty ? field(.id) : number, carrier: field(.carrier), tracking: field(.tracking),
        link: field(.link))
    }
  }

  private static func records(of text: String) throws -> [[String]] {
    let first = text.prefix { !$0.isNewline }
    guard first.contains("\t") else {
      return try CSV.records(of: Array(text.utf8), rowsMax: rowsMax).map(\.fields)
    }
    let lines = text.split(whereSeparator: \.isNewline)
    guard lines.count <= rowsMax + 1 else { throw CSVRefusal.tooManyRows(limit: rowsMax) }
    return lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
  }

  private enum Column {
    case order, id, carrier, tracking, link

    /// As our own file names them, and as common tools do.
    init?(named name: String) {
      let plain = name.lowercased().filter { $0.isLetter }
      switch plain {
      case "order", "ordernumber", "orderno", "reference", "orderreference": self = .order
      case "orderid": self = .id
      case "carrier", "courier", "carriername", "couriername", "shippingcompany": self = .carrier
      case "tracking", "trackingnumber", "trackingno", "awb", "awbnumber", "trackingcode": self = .tracking
      case "link", "trackinglink", "trackingurl", "url": self = .link
      default: return nil
      }
    }
  }
}

/// What became of a row.
public struct SentRow: Sendable {
  /// Its place among the rows, from 0.
  public let place: Int
  public let row: ParcelRow
  /// The parcel that was sent; nil when it was refused.
  public let shipment: Shipment?
  public let refusal: (any Refusal)?
}

/// Why a row is refused.
public enum ParcelRowRefusal: Refusal, Equatable {
  /// No order of the channel that waits has this number: it was sent, refunded or cancelled, or never was.
  case notWaiting
  case twice
  /// Two orders that wait have this number.
  case ambiguous

  public var code: String {
    switch self {
    case .notWaiting: "parcel_not_waiting"
    case .twice: "parcel_twice"
    case .ambiguous: "parcel_ambiguous"
    }
  }

  public var sentence: String {
    switch self {
    case .notWaiting: "No order with this number waits to be sent. Look it up: it may be sent already."
    case .twice: "This order is in a row before it."
    case .ambiguous: "Two orders have this number. Give the order's id instead."
    }
  }

  public var kind: RefusalKind { .conflict }
  public var field: String? { "order" }
}
