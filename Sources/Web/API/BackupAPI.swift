import Commerce
import HTTPTypes
import Hummingbird

/// Copies of the database: which there are, and one more.
enum BackupAPI {
  struct BackupAnswer: Codable, Described {
    let name: String
    let madeAt: Moment
    let cause: Backup.Cause
    let engine: String
    let bytes: Int64
    let sha256: String
    let schema: String
    let rows: [String: Int64]
    let verifiedAt: Moment

    static let fields = [
      "cause": "schedule: it was time. operator: it was asked for. command: by `haat backup`.",
      "schema": "The last step of the schema.", "rows": "By table.",
      "verifiedAt": "When all of it was read again, and was right.",
    ]

    init(_ backup: Backup) {
      name = backup.name
      madeAt = backup.made
      cause = backup.cause
      engine = backup.engine
      bytes = backup.bytes
      sha256 = backup.sha256
      schema = backup.schema
      rows = backup.rows
      verifiedAt = backup.verified
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/operator/backups", "Lists the backups of the database, the newest first; to operators.",
      gives: List<BackupAnswer>.self
    ) { call in
      try await call.commerce.requireOperator(call.caller)
      return List(await call.site.backups.all().prefix(100).map(BackupAnswer.init))
    }.by(.account),
    Endpoint(
      .post, "/api/v1/operator/backups",
      "Begins with a backup of the database, which is in the list once it is made and checked; for operators.",
      as: .accepted
    ) { call in
      try await call.commerce.requireOperator(call.caller)
      try await call.site.beginBackup()
      return Response(status: .accepted)
    }.by(.account),
  ]
}
