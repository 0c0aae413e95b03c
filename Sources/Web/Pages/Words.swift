import Commerce
import Foundation

/// The words of one language, from `Resources/Languages/<code>.json`: groups of keys, such as `live.buy`.
///
/// The group `language` says its name, which way it is written and the locale that scripts write numbers and dates in;
/// the group `plural` has its plural rules, as CLDR writes them. So a language is a file and nothing else.
struct Words: Sendable {
  /// Why a language file cannot be used: which of its texts, and what is wrong with it.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  let language: String
  /// Those that are the same for every number: what templates get.
  let groups: [String: [String: String]]
  /// All of them.
  private let messages: [String: [String: MessageText]]
  private let rules: PluralRules

  init(language: String, data: Data) throws {
    self.language = language
    var groups = try JSONDecoder().decode([String: [String: String]].self, from: data)
    do {
      rules = try PluralRules(groups.removeValue(forKey: "plural") ?? [:])
    } catch { throw Fault(description: "\(language).json, plural: \(error)") }
    var messages: [String: [String: MessageText]] = [:]
    for (group, texts) in groups {
      for (key, text) in texts {
        do {
          let message = try MessageText(text)
          if case .counted(_, let forms) = message {
            groups[group]?[key] = nil
            if let extra = forms.keys.first(where: { [rules] in $0.first != "=" && !rules.forms.contains($0) }) {
              throw Fault(description: "the language has no form “\(extra)”")
            }
          }
          messages[group, default: [:]][key] = message
        } catch { throw Fault(description: "\(language).json, \(group).\(key): \(error)") }
      }
    }
    self.groups = groups
    self.messages = messages
    guard ["ltr", "rtl"].contains(self["language.direction"]) else {
      throw Fault(description: "\(language).json, language.direction: either ltr or rtl")
    }
  }

  /// Which way it is written: `ltr` or `rtl`.
  var direction: String { self["language.direction"] }

  /// The text for `path`; the path itself when there is none, which a test rules out for what pages use.
  subscript(_ path: String) -> String { find(path) ?? path }

  /// The text with `{name}` filled in.
  subscript(_ path: String, _ values: [String: String]) -> String {
    values.reduce(self[path]) { $0.replacing("{\($1.key)}", with: $1.value) }
  }

  /// The text for so many: for exactly that number where there is one, else for its plural form.
  func plural(_ path: String, _ count: Int64, _ values: [String: String] = [:]) -> String {
    let text: String
    var values = values
    switch message(path) {
    case .counted(let argument, let forms)?:
      text = forms["=\(count)"] ?? forms[rules.form(of: count)] ?? forms["other"] ?? path
      values[argument] = values[argument] ?? Figures.grouped(count)
    case .plain(let plain)?:
      text = plain
      values["count"] = values["count"] ?? Figures.grouped(count)
    case nil: text = path
    }
    return values.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
  }

  /// What a script gets of these groups.
  func forScripts(_ wanted: some Collection<String>) -> [String: [String: MessageText]] {
    messages.filter { wanted.contains($0.key) }
  }

  func find(_ path: String) -> String? {
    guard case .plain(let text)? = message(path) else { return nil }
    return text
  }

  private func message(_ path: String) -> MessageText? {
    let parts = path.split(separator: ".", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    return messages[String(parts[0])]?[String(parts[1])]
  }
}

extension Words {
  func money(_ amount: Money) -> String {
    Figures.text(amount, groupsInLakhs: language == "hi" || amount.currency.code == "INR")
  }

  /// How many one may have of something; nil without a limit.
  func limits(_ limits: UnitLimits) -> String? {
    let texts = [
      limits.perBuyer.map { plural("deal.perBuyer", $0) }, limits.perOrder.map { plural("deal.perOrder", $0) },
    ]
    return limits == .unlimited ? nil : texts.compactMap(\.self).joined(separator: " · ")
  }

  /// What a viewer is told of so many left: the number only when it is small.
  func stock(_ available: Int64) -> String {
    if available <= 0 { return self["show.soldOut"] }
    return available < 10 ? plural("show.left", available) : self["show.inStock"]
  }
}

extension Words {
  /// A refusal in the reader's language when its code is known, else as the API says it.
  func sentence(for problem: Problem) -> String {
    let text =
      find("refusals.\(problem.code)") ?? find("staffRefusals.\(problem.code)") ?? find("chat.\(problem.code)")
    let number = problem.detail.firstMatch(of: /[0-9]+/).map { String($0.output) } ?? ""
    return text?.replacing("{detail}", with: problem.detail).replacing("{number}", with: number) ?? problem.detail
  }
}

/// Numbers as people write them.
enum Figures {
  /// `1,00,000`: three digits, then twos, as in India.
  static func grouped(_ number: Int64) -> String { grouped(number.magnitude, inLakhs: true, sign: number < 0) }

  /// `₹1,299`, `₹381.20`, `€10`: the symbol first, the fraction only when there is one.
  static func text(_ amount: Money, groupsInLakhs: Bool) -> String {
    let digits = amount.currency.fractionDigits
    let unit = (0..<digits).reduce(UInt64(1)) { power, _ in power * 10 }
    let (whole, rest) = amount.minor.magnitude.quotientAndRemainder(dividingBy: unit)
    let fraction = rest == 0 ? "" : "." + padded(rest, digits)
    let number = grouped(whole, inLakhs: groupsInLakhs, sign: false) + fraction
    return (amount.minor < 0 ? "-" : "") + symbol(of: amount.currency) + number
  }

  /// `1:02:03`, or `2:03`.
  static func clock(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, UInt64(seconds % 60))
    return hours > 0 ? "\(hours):\(padded(UInt64(minutes), 2)):\(padded(rest, 2))" : "\(minutes):\(padded(rest, 2))"
  }

  /// `340 MB`, `1.2 GB`: powers of ten, as disks are sold.
  static func bytes(_ count: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(max(0, count))
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let text = value < 10 && unit > 0 ? String(format: "%.1f", value) : String(Int64(value.rounded()))
    return "\(text) \(units[unit])"
  }

  /// `1299.00`, for a form field.
  static func plain(_ minor: Int64, _ currency: Currency) -> String {
    let digits = currency.fractionDigits
    let unit = (0..<digits).reduce(UInt64(1)) { power, _ in power * 10 }
    let (whole, rest) = minor.magnitude.quotientAndRemainder(dividingBy: unit)
    return digits == 0 ? "\(whole)" : "\(whole).\(padded(rest, digits))"
  }

  /// Minor units from what a person typed, `1299` or `1299.5`; nil for anything else and for more digits than the
  /// currency has.
  static func minor(_ text: String, _ currency: Currency) -> Int64? {
    scaled(text, digits: currency.fractionDigits).flatMap { $0 <= Money.minorMax ? $0 : nil }
  }

  /// Basis points from a percentage, `8` or `8.25`.
  static func basisPoints(_ text: String) -> Int64? { scaled(text, digits: 2) }

  /// `8` or `8.25`.
  static func percent(_ rate: Rate) -> String {
    let (whole, rest) = rate.basisPoints.quotientAndRemainder(dividingBy: 100)
    guard rest != 0 else { return "\(whole)" }
    return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(padded(rest.magnitude, 2))"
  }

  private static func scaled(_ text: String, digits: Int) -> Int64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    guard (1...12).contains(parts.first?.utf8.count ?? 0), fraction.utf8.count <= digits,
      parts.allSatisfy({ $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } })
    else { return nil }
    return Int64(String(parts[0]) + fraction + String(repeating: "0", count: digits - fraction.utf8.count))
  }

  private static func grouped(_ number: UInt64, inLakhs: Bool, sign: Bool) -> String {
    var rest = Substring(String(number))
    var groups: [Substring] = []
    while rest.count > (groups.isEmpty || !inLakhs ? 3 : 2) {
      let size = groups.isEmpty || !inLakhs ? 3 : 2
      groups.append(rest.suffix(size))
      rest = rest.dropLast(size)
    }
    groups.append(rest)
    return (sign ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  private static func padded(_ number: UInt64, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  private static func symbol(of currency: Currency) -> String {
    switch currency.code {
    case "INR": "₹"
    case "USD": "$"
    case "EUR": "€"
    case "GBP": "£"
    case "JPY": "¥"
    default: currency.code + "\u{A0}"
    }
  }
}

extension Moment {
  /// What stands in a page until scripts say it in the reader's own time zone: `2026-11-22 18:00 UTC`.
  var plainText: String { description.prefix(16).replacing("T", with: " ") + " UTC" }
  /// Its day in UTC: `2026-11-29`.
  var plainDay: String { String(description.prefix(10)) }
}
