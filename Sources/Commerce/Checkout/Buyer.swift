import Crypto
import Foundation

/// Who orders, and where it is to go. Kept with the order as it was given.
public struct Buyer: Hashable, Sendable {
  public struct Address: Hashable, Sendable, Codable {
    public let name: String
    public let line1: String
    public let line2: String
    public let city: String
    public let region: String
    public let postalCode: String
    /// ISO 3166-1 alpha-2, two capital letters.
    public let country: String

    public init(
      name: String, line1: String, line2: String = "", city: String, region: String = "", postalCode: String,
      country: String
    ) {
      self.name = name
      self.line1 = line1
      self.line2 = line2
      self.city = city
      self.region = region
      self.postalCode = postalCode
      self.country = country
    }
  }

  /// Nil for a guest.
  public let account: ID<Account>?
  public let name: String
  public let email: String
  /// May be empty.
  public let phone: String
  public let address: Address

  public init(account: ID<Account>? = nil, name: String, email: String, phone: String, address: Address) {
    self.account = account
    self.name = name
    self.email = email
    self.phone = phone
    self.address = address
  }
}

extension Buyer {
  /// Without blanks around its fields. Throws `GeneralRefusal.invalid` naming the first field that cannot be.
  func checked(_ policy: Policy) throws -> Buyer {
    let email = try Self.line(email, "buyer.email", 3...policy.emailBytesMax, policy)
    guard Self.looksLikeEmail(email) else {
      throw GeneralRefusal.invalid(field: "buyer.email", why: "must be an e-mail address, such as asha@example.com")
    }
    let phone = try Self.phone(phone, "buyer.phone", policy)
    let name = try Self.line(name, "buyer.name", 1...policy.nameCharactersMax, policy)
    return Buyer(
      account: account, name: name, email: email, phone: phone,
      address: try address.checked(policy, "buyer.address", for: name))
  }

  static func phone(_ text: String, _ field: String, _ policy: Policy) throws -> String {
    let phone = try line(text, field, 0...policy.phoneCharactersMax, policy)
    guard phone.utf8.allSatisfy({ "+0123456789 ()-.".utf8.contains($0) }) else {
      throw GeneralRefusal.invalid(field: field, why: "may have digits, blanks and +()-. only")
    }
    return phone
  }

  fileprivate static func line(
    _ text: String, _ field: String, _ range: ClosedRange<Int>, _ policy: Policy
  ) throws -> String {
    let line = LineOfText(text)
    guard range.contains(line.count), line.text.utf8.count <= range.upperBound * policy.bytesPerCharacterMax else {
      throw GeneralRefusal.invalid(
        field: field,
        why: line.text.isEmpty ? "is needed" : "must have \(range.lowerBound) to \(range.upperBound) characters")
    }
    guard !line.hasControls else { throw GeneralRefusal.invalid(field: field, why: "must be one line of text") }
    return line.text
  }

  /// One @ with something before it and a dotted name after it: whether it exists, only a message can tell.
  private static func looksLikeEmail(_ text: String) -> Bool {
    // Both signs are ASCII, so their bytes are nothing else's.
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard parts.count == 2, (1...64).contains(parts[0].count) else { return false }
    let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return labels.count >= 2 && labels.allSatisfy { !$0.isEmpty }
      && !text.unicodeScalars.contains { $0.isASCII ? $0 == " " : $0.properties.isWhitespace }
  }
}

extension Buyer.Address {
  /// The same without blanks around its fields. `path` is what a refusal calls it, and `buyer` who has it when it names
  /// nobody. Throws `GeneralRefusal.invalid` naming the first field that cannot be.
  func checked(_ policy: Policy, _ path: String, for buyer: String?) throws -> Self {
    func line(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws -> String {
      try Buyer.line(text, "\(path).\(name)", range, policy)
    }
    let country = try line(country, "country", 2...2)
    guard country.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else {
      throw GeneralRefusal.invalid(field: "\(path).country", why: "must be two capital letters, such as IN")
    }
    let recipient =
      if let buyer, name.isEmpty { buyer } else { try line(name, "name", 1...policy.nameCharactersMax) }
    return Self(
      name: recipient,
      line1: try line(line1, "line1", 1...policy.addressLineCharactersMax),
      line2: try line(line2, "line2", 0...policy.addressLineCharactersMax),
      city: try line(city, "city", 1...policy.addressLineCharactersMax),
      region: try line(region, "region", 0...policy.addressLineCharactersMax),
      postalCode: try line(postalCode, "postalCode", 1...policy.postalCodeCharactersMax),
      country: country)
  }
}

/// A field without the blanks around it. Plain ASCII, which most are, is looked at byte by byte.
private struct LineOfText {
  let text: String
  /// Characters as a person counts them.
  let count: Int
  let hasControls: Bool

  init(_ given: String) {
    var given = given
    let isPlain = given.withUTF8 { bytes in
      bytes.allSatisfy { (0x20...0x7E).contains($0) } && bytes.first != 0x20 && bytes.last != 0x20
    }
    if isPlain {
      (text, count, hasControls) = (given, given.utf8.count, false)
    } else {
      text = given.trimmingCharacters(in: .whitespacesAndNewlines)
      count = text.count
      hasControls = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
  }
}

extension Buyer {
  private struct Record: Decodable {
    let name: String
    let email: String
    let phone: String
    let address: Address
  }

  /// What the `buyer` column holds: everything but the account, which has its own column. Keys are sorted, so that
  /// equal buyers have equal text, which fingerprints that are kept rely on.
  var encoded: String {
    var json = JSONWriter(capacity: 512)
    json.object {
      $0.member("address") {
        $0.object {
          $0.member("city", address.city)
          $0.member("country", address.country)
          $0.member("line1", address.line1)
          $0.member("line2", address.line2)
          $0.member("name", address.name)
          $0.member("postalCode", address.postalCode)
          $0.member("region", address.region)
        }
      }
      $0.member("email", email)
      $0.member("name", name)
      $0.member("phone", phone)
    }
    return String(decoding: json.bytes, as: UTF8.self)
  }

  init(account: ID<Account>?, encoded: String) throws {
    let record = try JSONDecoder().decode(Record.self, from: Data(encoded.utf8))
    self.init(
      account: account, name: record.name, email: record.email, phone: record.phone, address: record.address)
  }
}

/// The SHA-256 of a bag and its buyer: what makes a repeated request the same one.
enum Fingerprint {
  static func of(_ bag: Bag, account: ID<Account>?, encodedBuyer: String) -> [UInt8] {
    var hash = SHA256()
    // Lengths go before what could run into its neighbour.
    func add(_ bytes: [UInt8]) {
      withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: bytes)
    }
    add(bag.show?.bytes ?? [])
    add(Array(bag.market.utf8))
    add(account?.bytes ?? [])
    add(Array(encodedBuyer.utf8))
    for line in bag.lines.sorted(by: { $0.offer < $1.offer }) {
      add(line.offer.bytes)
      withUnsafeBytes(of: line.quantity.bigEndian) { hash.update(bufferPointer: $0) }
    }
    if let coupon = bag.coupon { add(Array(Coupon.normalized(coupon).utf8)) }
    return Array(hash.finalize())
  }
}
