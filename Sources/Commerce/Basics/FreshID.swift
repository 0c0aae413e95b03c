import Crypto

extension ID {
  /// The first half of a SHA-256: the same name for the same bytes, and no time in it.
  init(digest bytes: [UInt8]) {
    let digest = Array(SHA256.hash(data: bytes))
    func half(_ start: Int) -> UInt64 { digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(halves: half(0), half(8))
  }

  /// The time in it, which is when it was made if it is one of ours.
  var made: Moment { Moment(milliseconds: Int64(high >> 16)) }

  /// Whether it is a UUIDv7 (RFC 9562 §5.7) made within `hours` of `now`, before or after.
  func isFresh(at now: Moment, hours: Int64) -> Bool {
    // The version's four bits, and the variant's two.
    guard high >> 12 & 0xF == 7, low >> 62 == 0b10 else { return false }
    let made = made
    let limit = hours.multipliedReportingOverflow(by: 3_600_000)
    return limit.overflow || abs(made.milliseconds(since: now)) <= limit.partialValue
  }
}

extension Policy {
  /// Throws `GeneralRefusal.invalid` unless something new may have this id.
  ///
  /// Ids sort by the time in them, and rows made together share pages: an id of all ones, or of a far year, would stand
  /// beyond every list. Only what is new is checked, so that a request repeated late is still known again.
  func checkNew<Entity>(_ id: ID<Entity>, _ field: String = "id", at now: Moment) throws {
    guard id.isFresh(at: now, hours: idHours) else {
      throw GeneralRefusal.invalid(
        field: field, why: "must be a UUID of version 7 made within \(idHours) hours of now: check the clock")
    }
  }
}
