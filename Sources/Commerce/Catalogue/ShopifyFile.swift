/// A product export of Shopify's, of either generation of column names (“Handle”, “Variant Price” and the newer
/// “URL handle”, “Price”), as drafts.
///
/// A product is the row with its title and the rows after it with the same handle: one for each variant, and those that
/// only bring another picture. Source of the format: help.shopify.com/en/manual/products/import-export/using-csv.
struct ShopifyFile {
  struct Entry {
    let line: Int
    /// Names the product from one import to the next.
    let handle: String
    /// As the file says it, for lists.
    let title: String
    /// The draft, or why there is none.
    let draft: Result<ProductDraft, RefusedRows>
    /// Pictures the file names by address, which are not fetched.
    let pictures: [(address: String, alt: String)]
  }

  let entries: [Entry]
  /// Without the one with the names of the columns.
  let rowCount: Int

  /// Throws `CSVRefusal`.
  init(_ bytes: [UInt8], market: Market, policy: Policy) throws {
    guard bytes.count <= policy.importBytesMax else { throw CSVRefusal.tooLarge(limit: policy.importBytesMax) }
    let records = try CSV.records(of: bytes, rowsMax: policy.importRowsMax)
    let columns = try Columns(records.first?.fields ?? [])
    let groups = Self.groups(of: records.dropFirst().map { ShopifyRow($0, columns) })
    guard groups.count <= policy.importProductsMax else {
      throw CSVRefusal.tooManyProducts(limit: policy.importProductsMax)
    }
    rowCount = max(0, records.count - 1)
    entries = groups.map { group in
      let pictures = group.rows.filter { !$0[.picture].isEmpty }.map { ($0[.picture], $0[.pictureAlt]) }
      return Entry(
        line: group.rows[0].line, handle: group.handle, title: String(group.rows[0][.title].prefix(200)),
        draft: Self.draft(of: group.rows, handle: group.handle, market: market, policy: policy), pictures: pictures)
    }
  }

  private static func draft(
    of rows: [ShopifyRow], handle: String, market: Market, policy: Policy
  ) -> Result<ProductDraft, RefusedRows> {
    do {
      return .success(try ProductDraft(rows, market: market).checked(policy))
    } catch let wrong as WrongRows {
      return .failure(
        RefusedRows(
          rows: wrong.rows.map { .init(line: $0.line, handle: handle, code: $0.code, value: $0.value, why: $0.why) }))
    } catch let refusal as any Refusal {
      // `variants[2].sku` is of the third row that is about a variant.
      let place = (refusal.field ?? "").split(separator: "[").dropFirst().first.flatMap {
        $0.split(separator: "]").first
      }
      let variants = ShopifyRow.variants(of: rows)
      let index = (refusal.field ?? "").hasPrefix("variants[") ? place.flatMap { Int($0) } : nil
      let row = index.flatMap { variants.indices.contains($0) ? variants[$0] : nil } ?? rows[0]
      return .failure(RefusedRows(refusal, line: row.line, handle: handle))
    } catch {
      return .failure(
        RefusedRows(rows: [.init(line: rows[0].line, handle: handle, code: "unreadable", why: "It cannot be read.")]))
    }
  }

  /// The rows by product. Those of one handle belong together wherever they are; a row without a handle belongs to the
  /// product before it, unless it has a title and so begins another.
  private static func groups(of rows: [ShopifyRow]) -> [(handle: String, rows: [ShopifyRow])] {
    var groups: [(handle: String, rows: [ShopifyRow])] = []
    var places: [String: Int] = [:]
    for row in rows {
      let name = row[.handle].isEmpty ? row[.title] : row[.handle]
      let handle = String(name.lowercased().prefix(200))
      if let place = handle.isEmpty ? groups.indices.last : places[handle] {
        groups[place].rows.append(row)
      } else {
        places[handle] = groups.count
        groups.append((handle, [row]))
      }
    }
    return groups
  }

  /// The columns we read. Names are compared without case.
  enum Column: CaseIterable {
    case handle, title, description, category, published, status, giftCard, picture, pictureAlt, sku, price, compareAt,
      quantity, weight
    case name1, value1, name2, value2, name3, value3

    var names: [String] {
      switch self {
      case .handle: ["handle", "url handle"]
      case .title: ["title"]
      case .description: ["body (html)", "description"]
      case .category: ["product category"]
      case .published: ["published", "published on online store"]
      case .status: ["status"]
      case .giftCard: ["gift card"]
      case .picture: ["image src", "product image url"]
      case .pictureAlt: ["image alt text"]
      case .sku: ["variant sku", "sku"]
      case .price: ["variant price", "price"]
      case .compareAt: ["variant compare at price", "compare-at price"]
      case .quantity: ["variant inventory qty", "inventory quantity"]
      case .weight: ["variant grams", "weight value (grams)"]
      case .name1: ["option1 name"]
      case .value1: ["option1 value"]
      case .name2: ["option2 name"]
      case .value2: ["option2 value"]
      case .name3: ["option3 name"]
      case .value3: ["option3 value"]
      }
    }
  }

  struct Columns {
    let places: [Column: Int]

    init(_ names: [String]) throws {
      let names = names.map { Text.clean($0, combiningMarksMax: 0).lowercased() }
      var places: [Column: Int] = [:]
      for column in Column.allCases { places[column] = names.firstIndex { column.names.contains($0) } }
      guard places[.title] != nil else { throw CSVRefusal.noColumn("Title") }
      guard places[.price] != nil else { throw CSVRefusal.noColumn("Price") }
      self.places = places
    }
  }
}

/// One row, by the names of its columns.
struct ShopifyRow {
  let line: Int
  private let record: CSV.Record
  private let columns: ShopifyFile.Columns

  init(_ record: CSV.Record, _ columns: ShopifyFile.Columns) {
    line = record.line
    self.record = record
    self.columns = columns
  }

  /// Empty when the file has no such column, or the row ends before it.
  subscript(column: ShopifyFile.Column) -> String {
    guard let place = columns.places[column], record.fields.indices.contains(place) else { return "" }
    let field = record.fields[place]
    let start = field.firstIndex { !$0.isWhitespace } ?? field.endIndex
    let end = field.lastIndex { !$0.isWhitespace } ?? field.startIndex
    return start < field.endIndex ? String(field[start...end]) : ""
  }

  /// Whether the file has such a column.
  func has(_ column: ShopifyFile.Column) -> Bool { columns.places[column] != nil }

  /// Whether it is about a variant, and not only another picture.
  var isVariant: Bool {
    !self[.price].isEmpty || !self[.sku].isEmpty || !self[.value1].isEmpty
  }

  /// Those of a product's rows that are about a variant: the first one always is.
  static func variants(of rows: [ShopifyRow]) -> [ShopifyRow] {
    rows.enumerated().filter { $0.offset == 0 || $0.element.isVariant }.map(\.element)
  }
}

/// Why a product of a file is not imported: each of its rows that is wrong, in the order of the file.
struct RefusedRows: Error {
  let rows: [ImportReport.Refused]

  init(rows: [ImportReport.Refused]) { self.rows = rows }

  init(_ refusal: any Refusal, line: Int, handle: String) {
    rows = [.init(line: line, handle: handle, code: refusal.code, why: refusal.sentence)]
  }
}

/// What is wrong with one row of a product.
struct WrongRow: Error {
  let line: Int
  let code: String
  /// What stands there and should not.
  var value = ""
  let why: String
}

/// What is wrong with a product's rows.
private struct WrongRows: Error {
  let rows: [WrongRow]

  init(rows: [WrongRow]) { self.rows = rows }

  init(_ row: ShopifyRow, _ code: String, _ why: String) {
    rows = [WrongRow(line: row.line, code: code, why: why)]
  }
}

extension ProductDraft {
  /// The draft of a product's rows, still to be checked. Throws `WrongRows`.
  fileprivate init(_ rows: [ShopifyRow], market: Market) throws {
    let first = rows[0]
    guard !first[.title].isEmpty else {
      throw WrongRows(first, "no_title", "It has no title.")
    }
    guard first[.giftCard].lowercased() != "true" else {
      throw WrongRows(first, "gift_card", "It is a gift card, which cannot be sold here.")
    }
    guard first[.published].lowercased() != "false", !["draft", "archived"].contains(first[.status].lowercased()) else {
      throw WrongRows(first, "not_published", "It is not published.")
    }
    let values: [ShopifyFile.Column] = [.value1, .value2, .value3]
    let names = [first[.name1], first[.name2], first[.name3]]
    let variants = ShopifyRow.variants(of: rows)
    // A product without options has one that is called Title, and its value Default Title.
    let isPlain = variants.count == 1 && (first[.value1].isEmpty || first[.value1] == "Default Title")
    let used = isPlain ? [] : values.indices.filter { place in variants.contains { !$0[values[place]].isEmpty } }
    // A file without the column says nothing of it.
    let category = first.has(.category) ? first[.category] : nil
    var wrong: [WrongRow] = []
    var drafts: [VariantDraft] = []
    for row in variants {
      do {
        drafts.append(try VariantDraft(row, optionValues: used.map { row[values[$0]] }, market: market))
      } catch let row as WrongRow {
        wrong.append(row)
      }
    }
    guard wrong.isEmpty else { throw WrongRows(rows: wrong) }
    self.init(
      title: first[.title], description: PlainText.of(html: first[.description]), category: category,
      options: used.map { names[$0].isEmpty ? "Option \($0 + 1)" : names[$0] }, variants: drafts)
  }
}

extension VariantDraft {
  fileprivate init(_ row: ShopifyRow, optionValues: [String], market: Market) throws {
    let digits = market.currency.fractionDigits
    func wrong(_ code: String, _ value: String, _ why: String) -> WrongRow {
      let value = String(value.prefix(32))
      return WrongRow(line: row.line, code: code, value: value, why: value.isEmpty ? why : "“\(value)” \(why)")
    }
    let noPrice = "is not a price in \(market.currency), like 1299.00."
    guard !row[.price].isEmpty else { throw wrong("no_price", "", "It has no price.") }
    guard let price = Money.minor(row[.price], fractionDigits: digits), price > 0 else {
      throw wrong("not_a_price", row[.price], noPrice)
    }
    guard let compareAt = Money.minor(row[.compareAt].isEmpty ? "0" : row[.compareAt], fractionDigits: digits) else {
      throw wrong("not_a_price", row[.compareAt], noPrice)
    }
    guard let quantity = Int64(row[.quantity].isEmpty ? "0" : row[.quantity]) else {
      throw wrong("not_a_number", row[.quantity], "is not a number of units.")
    }
    // Of a thousandth of a gram the file may speak; here a gram is the least.
    let milligrams = row[.weight].isEmpty ? 0 : Money.minor(row[.weight], fractionDigits: 3)
    guard let milligrams else { throw wrong("not_a_weight", row[.weight], "is not a weight in grams.") }
    // Shops that sell what they do not have go below zero; and a comparison that is not above the price says nothing.
    self.init(
      sku: row[.sku], optionValues: optionValues, prices: [market.code: price],
      compareAt: compareAt > price ? [market.code: compareAt] : [:],
      onHand: row[.quantity].isEmpty ? nil : max(0, quantity),
      grams: row[.weight].isEmpty ? nil : (milligrams + 500) / 1_000)
  }
}

extension Money {
  /// Minor units of a decimal number with a point, without ever being a fraction: `"12.5"` with two digits is 1250.
  /// Nil for anything else, for more digits than the currency has, and beyond `minorMax`.
  static func minor(_ text: String, fractionDigits: Int) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), (1...12).contains(parts[0].utf8.count) else { return nil }
    var fraction = parts.count == 2 ? parts[1] : ""
    while fraction.utf8.count > fractionDigits, fraction.last == "0" { fraction.removeLast() }
    guard fraction.utf8.count <= fractionDigits else { return nil }
    let padding = String(repeating: "0", count: fractionDigits - fraction.utf8.count)
    let digits = parts[0] + fraction + padding
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let minor = Int64(digits),
      minor <= minorMax
    else { return nil }
    return minor
  }
}
