/// Comma-separated values as RFC 4180 has them and spreadsheets write them: quoted fields with commas, line ends and
/// doubled quotes in them, any of the three line ends, and a byte order mark at the front.
enum CSV {
  struct Record: Equatable {
    /// The line of the file it begins on, from 1.
    let line: Int
    let fields: [String]
  }

  /// The first record, with the names of the columns, is not counted among the rows.
  ///
  /// Throws `CSVRefusal` for what is not UTF-8, has too many rows, or ends inside quotes.
  static func records(of bytes: [UInt8], rowsMax: Int) throws -> [Record] {
    var reader = Reader(bytes: bytes[...], rowsMax: rowsMax)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.rest = bytes.dropFirst(3) }
    return try reader.read()
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>
    let rowsMax: Int
    private var line = 1
    private var began = 1
    private var field: [UInt8] = []
    private var fields: [String] = []
    private var records: [Record] = []

    init(bytes: ArraySlice<UInt8>, rowsMax: Int) {
      rest = bytes
      self.rowsMax = rowsMax
    }

    mutating func read() throws -> [Record] {
      while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\"") where field.isEmpty: try readQuoted()
        case UInt8(ascii: ","): try endField()
        case UInt8(ascii: "\n"): try endRecord()
        case UInt8(ascii: "\r"):
          if rest.first == UInt8(ascii: "\n") { rest.removeFirst() }
          try endRecord()
        default: field.append(byte)
        }
      }
      if !field.isEmpty || !fields.isEmpty { try endRecord() }
      return records
    }

    /// After the opening quote, up to and with the closing one.
    private mutating func readQuoted() throws {
      let opened = line
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\"") else {
          if byte == UInt8(ascii: "\n") { line += 1 }
          field.append(byte)
          continue
        }
        guard rest.first == UInt8(ascii: "\"") else { return }
        rest.removeFirst()
        field.append(byte)
      }
      throw CSVRefusal.quoteOpen(line: opened)
    }

    private mutating func endField() throws {
      guard let text = String(validating: field, as: UTF8.self) else { throw CSVRefusal.notUTF8(line: line) }
      fields.append(text)
      field.removeAll(keepingCapacity: true)
    }

    private mutating func endRecord() throws {
      try endField()
      // A line with nothing on it is no record.
      if fields != [""] {
        guard records.count <= rowsMax else { throw CSVRefusal.tooManyRows(limit: rowsMax) }
        records.append(Record(line: began, fields: fields))
      }
      fields.removeAll(keepingCapacity: true)
      line += 1
      began = line
    }
  }
}

/// Why a whole file was refused; nothing of it was imported.
public enum CSVRefusal: Refusal, Equatable {
  case tooLarge(limit: Int)
  case tooManyRows(limit: Int)
  case tooManyProducts(limit: Int)
  case notUTF8(line: Int)
  case quoteOpen(line: Int)
  case noColumn(String)

  public var code: String {
    switch self {
    case .tooLarge: "csv_too_large"
    case .tooManyRows: "csv_too_many_rows"
    case .tooManyProducts: "csv_too_many_products"
    case .notUTF8: "csv_not_utf8"
    case .quoteOpen: "csv_quote_open"
    case .noColumn: "csv_no_column"
    }
  }

  public var sentence: String {
    switch self {
    case .tooLarge(let limit): "The file is too large: at most \(limit) bytes. Split it."
    case .tooManyRows(let limit): "The file has too many rows: at most \(limit). Split it."
    case .tooManyProducts(let limit): "The file has too many products: at most \(limit). Split it."
    case .notUTF8(let line): "Line \(line) is not UTF-8. Save the file as “CSV UTF-8”."
    case .quoteOpen(let line): "The quotation mark that opens on line \(line) is never closed."
    case .noColumn(let name): "The first line names no column “\(name)”. It must be a product export of Shopify's."
    }
  }

  public var kind: RefusalKind { .invalid }
  public var field: String? { "csv" }
}
