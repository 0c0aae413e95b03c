public import Store

/// A product file that is checked against the catalogue, confirmed by somebody, and then imported.
public struct ImportJob: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    /// Its bytes are still coming in.
    case receiving
    /// Compared with the catalogue, which changes nothing.
    case checking
    /// Waits for somebody who has seen what would change.
    case ready
    case importing, done, discarded
    /// Ended early: `why` says why. What was imported until then stays.
    case failed

    /// Nothing happens to it any more.
    public var isOver: Bool { [.done, .discarded, .failed].contains(self) }
  }

  public let id: ID<ImportJob>
  public let channel: ID<Channel>
  /// Who sent the file.
  public let account: ID<Account>
  public let market: String
  public let fileName: String
  /// Leaves the stock of variants that are there as it is.
  public let keepsStock: Bool
  public let state: State
  public let why: String
  public let rowCount: Int
  public let productCount: Int
  /// Products checked, and once it is confirmed, products imported.
  public let doneCount: Int
  /// Products by what becomes of them, as far as it is known.
  public let counts: [ImportItem.Outcome: Int]
  public let createdAt: Moment
  public let changedAt: Moment

  static let columns: SQL = """
    id, channel_id, account_id, market, file_name, keeps_stock, state, why, row_count, product_count, done_count,
    new_count, changed_count, unchanged_count, refused_count, created_ms, changed_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    channel = try row.get("channel_id")
    account = try row.get("account_id")
    market = try row.get("market")
    fileName = try row.get("file_name")
    keepsStock = try row.get("keeps_stock")
    state = try row.get("state")
    why = try row.get("why")
    rowCount = try row.get("row_count")
    productCount = try row.get("product_count")
    doneCount = try row.get("done_count")
    counts = [
      .new: try row.get("new_count"), .changed: try row.get("changed_count"),
      .unchanged: try row.get("unchanged_count"), .refused: try row.get("refused_count"),
    ]
    createdAt = try row.get("created_ms")
    changedAt = try row.get("changed_ms")
  }

  static func require(_ id: ID<ImportJob>, in db: any Connection) throws -> ImportJob {
    guard let row = try db.row("SELECT \(columns) FROM import_job WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("import")
    }
    return try ImportJob(row: row)
  }
}

/// Why an import was not begun, confirmed or discarded.
public enum ImportRefusal: Refusal, Equatable {
  case tooManyOpen(limit: Int)
  case notReady(ImportJob.State)

  public var code: String {
    switch self {
    case .tooManyOpen: "too_many_imports"
    case .notReady: "import_not_ready"
    }
  }

  public var sentence: String {
    switch self {
    case .tooManyOpen(let limit):
      "A channel has at most \(limit) imports that are not over. Confirm or discard one of them first."
    case .notReady(let state): "This import is \(state.rawValue), and cannot be confirmed or discarded now."
    }
  }

  public var kind: RefusalKind { .conflict }
}

/// What a job keeps of an item beside its columns.
struct ImportDetail: Codable {
  var changes: [ImportItem.Change] = []
  var refused: [ImportItem.RefusedRow] = []
  var pictures: [String] = []
  /// What the product was when it was compared: its revision, and what was on hand of each variant.
  var revision: Revision?
  var stock: [String: Int64] = [:]
}

extension ImportItem {
  static let columns: SQL = "position, line, handle, title, product_id, outcome, is_done, detail"

  init(row: Row) throws {
    let detail = try ImportDetail(json: row.get("detail"))
    self.init(
      position: try row.get("position"), line: try row.get("line"), handle: try row.get("handle"),
      title: try row.get("title"), product: try row.get("product_id"), outcome: try row.get("outcome"),
      isDone: try row.get("is_done"), changes: detail.changes, refused: detail.refused, pictures: detail.pictures)
  }
}
