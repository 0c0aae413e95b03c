import Store

/// Puts a channel out, and lets it in again: it sells nowhere and does not go on air; what it sold stays sold, is sent,
/// refunded and seen as before, and its money waits.
struct Suspension {
  let channel: ID<Channel>
  let occasion: Occasion

  init(channel: ID<Channel>, on occasion: Occasion) {
    self.channel = channel
    self.occasion = occasion
  }

  func begin(_ verdict: Verdict, in db: any Connection) throws {
    try db.run("UPDATE channel SET state = 'suspended' WHERE id = \(channel)")
    try note(.suspended, verdict, in: db)
  }

  func lift(_ verdict: Verdict, in db: any Connection) throws {
    try db.run("UPDATE channel SET state = 'approved' WHERE id = \(channel) AND state = 'suspended'")
    try Review.close(channel, "", granted: true, at: occasion.at, in: db)
    try note(.lifted, verdict, in: db)
  }

  /// It stays, after an appeal.
  func uphold(_ verdict: Verdict, in db: any Connection) throws {
    try Review.close(channel, "", granted: false, at: occasion.at, in: db)
    try note(.upheld, verdict, isFinal: true, in: db)
  }

  private func note(
    _ kind: AdmissionEvent.Kind, _ verdict: Verdict, isFinal: Bool = false, in db: any Connection
  ) throws {
    let event = try AdmissionEvent.add(
      kind, channel, verdict.reason, words: verdict.words, isFinal: isFinal, on: occasion, in: db)
    try Mail.queue(event, of: channel, at: occasion.at, in: db)
    try Outbox.announce(.selling(channel), in: db)
  }
}
