/// A moment on the calendar of RFC 3339, in UTC, exact to the millisecond: Foundation's formatter takes seconds with a
/// binary fraction and cuts off, so that .999 becomes .998.
struct CalendarTime {
  private let year, month, day: Int64
  private let millisecondOfDay: Int64

  /// Nil before 1970 and after 9999.
  init?(_ moment: Moment) {
    guard (0..<253_402_300_800_000).contains(moment.milliseconds) else { return nil }
    millisecondOfDay = moment.milliseconds % 86_400_000
    // Years that begin in March have their leap day last, and months of 153 days in every five: Howard Hinnant,
    // “chrono-Compatible Low-Level Date Algorithms”, civil_from_days. Day 0 is then 1 March 0000.
    let days = moment.milliseconds / 86_400_000 + 719_468
    let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  }

  /// `2026-11-22T17:42:18.123Z`.
  var text: String {
    var text: [UInt8] = []
    text.reserveCapacity(24)
    // The first digit's place says how many there are.
    func append(_ number: Int64, from first: Int64, _ sign: Unicode.Scalar) {
      var place = first
      while place > 0 {
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / place % 10))
        place /= 10
      }
      text.append(UInt8(ascii: sign))
    }
    append(year, from: 1000, "-")
    append(month, from: 10, "-")
    append(day, from: 10, "T")
    append(millisecondOfDay / 3_600_000, from: 10, ":")
    append(millisecondOfDay / 60_000 % 60, from: 10, ":")
    append(millisecondOfDay / 1000 % 60, from: 10, ".")
    append(millisecondOfDay % 1000, from: 100, "Z")
    return String(decoding: text, as: UTF8.self)
  }
}
