import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// `/shows/{show}/calendar.ics`, a show for a calendar, and `/@{handle}/calendar.ics`, a channel's coming shows for a
/// calendar to subscribe to.
enum ShowCalendar {
  static func show(_ visit: Visit) async throws -> Response {
    let entry = try await visit.commerce.calendarShow(visit.id("show", Show.self), by: visit.caller)
    var response = answer([entry], name: nil, visit)
    response.headers[.contentDisposition] = "attachment; filename=\"show.ics\""
    return response
  }

  static func channel(_ visit: Visit) async throws -> Response {
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"))
    return answer(try await visit.commerce.calendarShows(of: channel.id), name: channel.name, visit)
  }

  private static func answer(_ entries: [CalendarShow], name: String?, _ visit: Visit) -> Response {
    let text = CalendarText.text(
      entries, name: name, publicURL: visit.site.configuration.publicURL, language: visit.words.language)
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/calendar; charset=utf-8", .contentLanguage: visit.words.language,
        // The feed is the same for all; a show of a channel that waits for the operator is its members' alone.
        .cacheControl: name == nil ? "no-store" : "public, max-age=300",
      ], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

/// Shows as iCalendar (RFC 5545): every time in UTC, an alarm a quarter of an hour before each.
enum CalendarText {
  /// - Parameter name: what the calendar is called that subscribes to it; nil for a single show.
  static func text(_ entries: [CalendarShow], name: String?, publicURL: String, language: String) -> String {
    var lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Haat//Shows//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    if let name {
      // RFC 7986; the older names for those that know no other.
      lines += ["NAME:\(escaped(name))", "X-WR-CALNAME:\(escaped(name))"]
      lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    }
    for entry in entries { lines += event(entry, publicURL: publicURL, language: language) }
    lines.append("END:VCALENDAR")
    return lines.map { folded($0) + "\r\n" }.joined()
  }

  private static func event(_ entry: CalendarShow, publicURL: String, language: String) -> [String] {
    let show = entry.show
    let url = "\(publicURL)/watch/\(show.id)"
    let title = "\(show.title) · \(show.channelName)"
    let description = (show.description.isEmpty ? [] : [show.description]) + [url]
    let isOff = show.calledOff != nil
    let facts = [
      // A UUID is unique without a host in it (RFC 7986 §5.3), and stays when the address of this site becomes another.
      "BEGIN:VEVENT", "UID:\(show.id)", "DTSTAMP:\(time(entry.changed))", "CREATED:\(time(entry.made))",
      "LAST-MODIFIED:\(time(entry.changed))", "SEQUENCE:\(entry.sequence)",
      // When it ends nobody knows: an hour is kept free.
      "DTSTART:\(time(show.scheduledAt))", "DURATION:PT1H", "STATUS:\(isOff ? "CANCELLED" : "CONFIRMED")",
      "TRANSP:TRANSPARENT", "SUMMARY;LANGUAGE=\(language):\(escaped(title))",
      "DESCRIPTION:\(escaped(description.joined(separator: "\n\n")))", "URL:\(url)",
    ]
    let alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:\(escaped(title))", "TRIGGER:-PT15M", "END:VALARM"]
    return facts + (isOff ? [] : alarm) + ["END:VEVENT"]
  }

  /// `20261130T180000Z` (RFC 5545 §3.3.5, form #2).
  private static func time(_ moment: Moment) -> String {
    String(moment.description.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
  }

  /// A value of type TEXT (RFC 5545 §3.3.11). What is no character of one is left out.
  private static func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", ";", ",": escaped.append(contentsOf: ["\\", scalar])
      case "\n": escaped.append(contentsOf: ["\\", "n"])
      default: if scalar.properties.generalCategory != .control { escaped.append(scalar) }
      }
    }
    return String(escaped)
  }

  /// In lines of at most 75 octets without their ends, none of which splits a character (RFC 5545 §3.1).
  static func folded(_ line: String) -> String {
    var folded = String.UnicodeScalarView()
    var octets = 0
    for scalar in line.unicodeScalars {
      let size = UTF8.width(scalar)
      if octets + size > 75 {
        folded.append(contentsOf: ["\r", "\n", " "])
        octets = 1
      }
      folded.append(scalar)
      octets += size
    }
    return String(folded)
  }
}
