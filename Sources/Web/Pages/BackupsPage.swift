import Commerce
import HTTPTypes
import Hummingbird
import Logging
import NIOPosix

/// `/operator/backups`: copies of the database, when each was made and checked, and one more.
struct BackupsPage: Sendable {
  struct View: Sendable {
    let name: String
    let causeText: String
    let engine: String
    let sizeText: String
    let ordersText: String
    let rowsText: String
    let schema: String
    let sha256: String
    let madeISO: String
    let madeText: String
    let verifiedISO: String
    let verifiedText: String
  }

  let state: ShelfState
  let error: String?
  let isSaved: Bool

  /// What is made anew every few seconds.
  struct ShelfState: Sendable {
    let backups: [View]
    let hasBackups: Bool
    let isMaking: Bool
    let makingISO: String
    let makingText: String
    let failure: String?
    let scheduleText: String
    let placeText: String
    /// None of the last two days, where there was one before.
    let isOld: Bool
  }

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  /// What of the page is put in place of what is there.
  static func part(_ visit: Visit) async throws -> Response {
    try await visit.page("operator-backups-now", title: visit.words["backups.title"], Part(state: state(visit)))
  }

  private struct Part: Sendable {
    let state: ShelfState
  }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      try await visit.commerce.requireOperator(visit.caller)
      let shelf = visit.site.backups
      switch form["do"] {
      case "make": try await visit.site.beginBackup()
      case "verify": try await shelf.verify(form["backup"])
      case "remove":
        try await visit.commerce.confirm(visit.caller, password: form.exact("password"), address: visit.address)
        try await shelf.remove(form["backup"])
      case "download":
        try await visit.commerce.confirm(visit.caller, password: form.exact("password"), address: visit.address)
        return try await visit.file(of: shelf.backup(form["backup"]))
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/operator/backups?saved=yes")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let model = BackupsPage(
      state: try await state(visit), error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-backups", title: visit.words["backups.title"], status: complaint?.status ?? .ok, model)
  }

  private static func state(_ visit: Visit) async throws -> ShelfState {
    _ = try visit.requireAccount()
    try await visit.commerce.requireOperator(visit.caller)
    let (words, shelf) = (visit.words, visit.site.backups)
    let (all, progress) = (await shelf.all(), await shelf.progress)
    let configuration = shelf.configuration
    let age = all.first.map { visit.commerce.clock.now.milliseconds(since: $0.made) }
    return ShelfState(
      backups: all.prefix(visit.pageLimit(100)).map { View($0, words) }, hasBackups: !all.isEmpty,
      isMaking: progress.began != nil, makingISO: progress.began?.description ?? "",
      makingText: progress.began?.plainText ?? "",
      failure: progress.failure.map { words.sentence(for: Problem($0.kind.status, $0.code, $0.sentence)) },
      scheduleText: configuration.everyHours == 0
        ? words["backups.noSchedule"]
        : words[
          "backups.schedule",
          [
            "hours": Figures.grouped(configuration.everyHours), "keep": Figures.grouped(configuration.keep),
          ]],
      placeText: words["backups.place", ["directory": configuration.directory]],
      isOld: age.map { $0 > 2 * 86_400_000 } ?? false)
  }
}

extension BackupsPage.View {
  init(_ backup: Backup, _ words: Words) {
    name = backup.name
    causeText = words["backups.cause_\(backup.cause.rawValue)"]
    engine = backup.engine
    sizeText = Figures.bytes(backup.bytes)
    ordersText = words.plural("backups.orders", backup.orders)
    rowsText = words.plural("backups.rows", backup.total)
    schema = backup.schema
    sha256 = backup.sha256
    madeISO = backup.made.description
    madeText = backup.made.plainText
    verifiedISO = backup.verified.description
    verifiedText = backup.verified.plainText
  }
}

extension Visit {
  /// A backup as a file to keep elsewhere.
  fileprivate func file(of backup: Backup) async throws -> Response {
    let body = try await FileIO(threadPool: .singleton).loadFile(path: site.backups.path(of: backup), context: context)
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/octet-stream", .cacheControl: "private, no-store",
        .contentDisposition: "attachment; filename=\"\(backup.name)\"",
      ], body: body)
  }
}

extension Site {
  /// Begins with a backup, and does not wait for it: it may take minutes. Throws `BackupRefusal.underWay`.
  func beginBackup() async throws {
    guard await backups.progress.began == nil else { throw BackupRefusal.underWay }
    Task { [backups, logger] in
      do {
        let made = try await backups.make(.operator)
        logger.notice("A backup was made", metadata: ["backup": "\(made.name)", "bytes": "\(made.bytes)"])
      } catch {
        logger.error("a backup was not made", metadata: ["error": "\(error)"])
      }
    }
  }
}
