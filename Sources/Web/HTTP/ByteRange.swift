import HTTPTypes

/// One byte range of a `Range` header (RFC 9110 §14.2). Several at once are answered as if none was asked for, as the
/// RFC allows.
enum ByteRange: Equatable {
  case whole
  case part(Range<Int64>)
  /// Nothing of it is there: 416.
  case unsatisfiable

  init(_ header: String?, length: Int64) {
    guard let header, header.hasPrefix("bytes="), header.utf8.count <= 64, length > 0 else {
      self = .whole
      return
    }
    let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, !ends[0].contains(","), !ends[1].contains(",") else {
      self = .whole
      return
    }
    switch (Int64(ends[0]), Int64(ends[1])) {
    case (let first?, let last?) where first <= last && first < length:
      self = .part(first..<min(last, length - 1) + 1)
    case (let first?, nil) where ends[1].isEmpty && first < length: self = .part(first..<length)
    case (nil, let last?) where ends[0].isEmpty && last > 0: self = .part(max(0, length - last)..<length)
    case (_?, _), (nil, _?): self = .unsatisfiable
    default: self = .whole
    }
  }

  /// The status and the headers of an answer to it.
  func answer(length: Int64) -> (status: HTTPResponse.Status, headers: HTTPFields, range: Range<Int64>) {
    switch self {
    case .whole: (.ok, [.acceptRanges: "bytes"], 0..<length)
    case .part(let range):
      (
        .partialContent,
        [.acceptRanges: "bytes", .contentRange: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"], range
      )
    case .unsatisfiable: (.rangeNotSatisfiable, [.contentRange: "bytes */\(length)"], 0..<0)
    }
  }
}
