import Commerce

extension Tunable<BackupConfiguration> {
  static let all: [Self] = {
    let part = BackupConfiguration()
    return [
      Self(
        "backups.everyHours", \.everyHours, of: part, 0...8_760,
        "Hours between two backups that are made by themselves; 0 makes none."),
      Self(
        "backups.keep", \.keep, of: part, 1...1_000,
        "Backups made by themselves that are kept; those that were asked for stay until they are removed."),
    ]
  }()
}

extension Settings {
  /// Where backups are, and how often one is made.
  var backups: BackupConfiguration {
    var backups = Tunable.tuned(BackupConfiguration(), by: Tunable.all, from: self)
    let said = text("backups.directory")
    backups.directory = said.isEmpty ? text("data.directory") + "/backups" : said
    return backups
  }
}
