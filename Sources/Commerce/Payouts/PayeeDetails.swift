/// What a provider without pages of its own wants to know of whoever is paid through it: Razorpay's, of India.
///
/// It goes through us and stays nowhere: neither a description nor a mirror shows it, so that no log can.
public struct PayeeDetails: Sendable, Codable, CustomStringConvertible, CustomReflectable {
  /// Whose money it is.
  public var businessType: String
  /// As it is registered, or the person's own.
  public var businessName: String
  /// `category/subcategory`, in the provider's words.
  public var trade: String
  /// The owner's, or of whoever may sign, as it is on their PAN card.
  public var contactName: String
  public var email: String
  public var phone: String
  public var street: String
  public var area: String
  public var city: String
  /// Two letters, such as `KA`.
  public var state: String
  public var postalCode: String
  /// The business's; empty where it has none of its own.
  public var businessPAN: String
  /// The contact's; empty where only the business's is wanted.
  public var ownerPAN: String
  /// The GST number; empty without one.
  public var gst: String
  public var bank: BankAccount
  /// Whether they have agreed to the provider's terms.
  public var termsAccepted: Bool

  public init(
    businessType: String, businessName: String, trade: String, contactName: String, email: String, phone: String,
    street: String, area: String, city: String, state: String, postalCode: String, businessPAN: String = "",
    ownerPAN: String = "", gst: String = "", bank: BankAccount, termsAccepted: Bool
  ) {
    self.businessType = businessType
    self.businessName = businessName
    self.trade = trade
    self.contactName = contactName
    self.email = email
    self.phone = phone
    self.street = street
    self.area = area
    self.city = city
    self.state = state
    self.postalCode = postalCode
    self.businessPAN = businessPAN
    self.ownerPAN = ownerPAN
    self.gst = gst
    self.bank = bank
    self.termsAccepted = termsAccepted
  }

  public var description: String { "‹details of a payee›" }

  public var customMirror: Mirror { Mirror(reflecting: description) }

  /// https://razorpay.com/docs/payments/route/integration-guide (Business Type).
  public static let businessTypes = [
    "individual", "not_yet_registered", "proprietorship", "partnership", "private_limited", "public_limited", "llp",
    "trust", "society", "ngo", "educational_institutes", "other",
  ]

  /// The same page's (Business Sub-Category), as far as something of it is sold in shows, or a partner does it.
  public static let trades = [
    "ecommerce/fashion_and_lifestyle", "ecommerce/women_clothing", "ecommerce/jewellery_and_watch_stores",
    "ecommerce/cosmetic_stores", "ecommerce/leather_goods_and_luggage", "ecommerce/electronics_and_furniture",
    "ecommerce/home_furnishing_stores", "ecommerce/arts_and_collectibles", "ecommerce/books",
    "ecommerce/baby_products", "ecommerce/sports_products", "ecommerce/pet_products", "ecommerce/grocery",
    "ecommerce/religious_products", "ecommerce/gifting", "ecommerce/variety_stores",
    "media_and_entertainment/content_and_publishing", "services/ad_and_marketing",
  ]

  /// Razorpay's names for India's states and territories
  /// (https://razorpay.com/docs/api/payments/route/create-linked-account), by its codes.
  public static let states = [
    "AN": "ANDAMAN & NICOBAR ISLANDS", "AP": "ANDHRA PRADESH", "AR": "ARUNACHAL PRADESH", "AS": "ASSAM", "BI": "BIHAR",
    "CH": "CHANDIGARH", "CT": "CHHATTISGARH", "DN": "DADRA & NAGAR HAVELI", "DD": "DAMAN & DIU", "DL": "DELHI",
    "GO": "GOA", "GJ": "GUJARAT", "HA": "HARYANA", "HP": "HIMACHAL PRADESH", "JK": "JAMMU & KASHMIR",
    "JH": "JHARKHAND", "KA": "KARNATAKA", "KE": "KERALA", "LD": "LAKSHADWEEP", "MP": "MADHYA PRADESH",
    "MH": "MAHARASHTRA", "MA": "MANIPUR", "ME": "MEGHALAYA", "MI": "MIZORAM", "NA": "NAGALAND", "OR": "ODISHA",
    "PO": "PONDICHERRY", "PB": "PUNJAB", "RJ": "RAJASTHAN", "SK": "SIKKIM", "TN": "TAMIL NADU", "TR": "TRIPURA",
    "TG": "TELANGANA", "UP": "UTTAR PRADESH", "UT": "UTTARAKHAND", "WB": "WEST BENGAL",
  ]

  /// Those of whom the law wants the owner's own PAN; of the others the business's.
  var isOwnersOwn: Bool { ["individual", "not_yet_registered", "proprietorship"].contains(businessType) }
}

/// What of the details has not the form it should have. Each says the form, for what was typed is not repeated.
public enum PayeeRefusal: String, Refusal, CaseIterable {
  case businessType, businessName, trade, contactName, email, phone, street, area, city, state, postalCode
  case businessPAN, ownerPAN, gst, holder, number, code, termsAccepted

  public var field: String? { rawValue }
  public var kind: RefusalKind { .invalid }

  public var code: String {
    switch self {
    case .businessType: "payee_business_type"
    case .businessName: "payee_business_name"
    case .trade: "payee_trade"
    case .contactName: "payee_contact_name"
    case .email: "payee_email"
    case .phone: "payee_phone"
    case .street: "payee_street"
    case .area: "payee_area"
    case .city: "payee_city"
    case .state: "payee_state"
    case .postalCode: "payee_postal_code"
    case .businessPAN: "payee_business_pan"
    case .ownerPAN: "payee_owner_pan"
    case .gst: "payee_gst"
    case .holder: "payee_holder"
    case .number: "payee_number"
    case .code: "payee_ifsc"
    case .termsAccepted: "payee_terms"
    }
  }

  public var sentence: String {
    switch self {
    case .businessType:
      "“businessType” must be one of \(PayeeDetails.businessTypes.joined(separator: ", "))."
    case .businessName:
      "“businessName” must be the name the business is registered under, of 4 to 200 characters, without links or tags."
    case .trade: "“trade” must be one of \(PayeeDetails.trades.joined(separator: ", "))."
    case .contactName: "“contactName” must be the name as it is on the PAN card: 4 to 255 Latin letters and spaces."
    case .email: "“email” must be an e-mail address of at most 132 characters, such as meera@example.com."
    case .phone: "“phone” must be a phone number of India: 10 digits beginning with 6 to 9, such as 9876543210."
    case .street: "“street” must be the house and the street, of at most 100 characters."
    case .area: "“area” must be the area or locality, of at most 100 characters."
    case .city: "“city” must be a city of 2 to 32 characters."
    case .state: "“state” must be the code of a state or territory of India, such as KA or DL."
    case .postalCode: "“postalCode” must be a PIN code: 6 digits, the first of them not 0, such as 560034."
    case .businessPAN:
      "“businessPAN” must be the business's PAN: 5 letters, 4 digits and a letter, whose fourth letter is not P, such as AAACL1234C."
    case .ownerPAN:
      "“ownerPAN” must be a person's PAN: 5 letters, 4 digits and a letter, whose fourth letter is P, such as AVOPB1111K."
    case .gst: "“gst” must be a GST number of 15 characters, such as 18AABCU9603R1ZM, or be left out."
    case .holder: "“holder” must be the name the bank account is under: 1 to 120 Latin letters, digits and spaces."
    case .number: "“number” must be the bank account's number: 5 to 35 letters and digits."
    case .code: "“code” must be the bank's IFSC: 4 letters, a 0, and 6 letters or digits, such as HDFC0000317."
    case .termsAccepted: "“termsAccepted” must be true: without agreeing to the provider's terms no account is opened."
    }
  }
}

extension PayeeDetails {
  /// As the provider wants them: without blanks where there should be none, and codes in capital letters. Throws
  /// `PayeeRefusal` for the first that has not its documented form.
  func checked(_ policy: Policy) throws -> PayeeDetails {
    func text(_ text: String, _ lengths: ClosedRange<Int>, _ refusal: PayeeRefusal) throws -> String {
      guard let clean = try? policy.text(text, "", max: lengths.upperBound), clean.count >= lengths.lowerBound,
        !clean.contains(where: { "<>".contains($0) })
      else { throw refusal }
      return clean
    }
    func isLatin(_ text: String, digits: Bool) -> Bool {
      text.utf8.allSatisfy { byte in
        Place.letter.holds(byte) || byte == UInt8(ascii: " ") || digits && Place.digit.holds(byte)
      }
    }
    guard Self.businessTypes.contains(businessType) else { throw PayeeRefusal.businessType }
    guard Self.trades.contains(trade) else { throw PayeeRefusal.trade }
    guard Self.states[state.uppercased()] != nil else { throw PayeeRefusal.state }
    var checked = self
    checked.state = state.uppercased()
    checked.businessName = try text(businessName, 4...200, .businessName)
    guard !checked.businessName.contains("://"), !checked.businessName.contains("@") else {
      throw PayeeRefusal.businessName
    }
    checked.contactName = try text(contactName, 4...255, .contactName)
    guard isLatin(checked.contactName, digits: false) else { throw PayeeRefusal.contactName }
    guard let email = try? policy.email(email), email.utf8.count <= 132 else { throw PayeeRefusal.email }
    checked.email = email
    checked.phone = Self.plain(phone)
    if checked.phone.hasPrefix("+91") { checked.phone.removeFirst(3) }
    guard Place.matches(checked.phone, [(.mobile, 1), (.digit, 9)]) else { throw PayeeRefusal.phone }
    checked.street = try text(street, 1...100, .street)
    checked.area = try text(area, 1...100, .area)
    checked.city = try text(city, 2...32, .city)
    checked.postalCode = Self.plain(postalCode)
    guard Place.matches(checked.postalCode, [(.firstDigit, 1), (.digit, 5)]) else { throw PayeeRefusal.postalCode }
    checked.businessPAN = Self.plain(businessPAN)
    guard isOwnersOwn && checked.businessPAN.isEmpty || Place.isPAN(checked.businessPAN, of: .business) else {
      throw PayeeRefusal.businessPAN
    }
    checked.ownerPAN = Self.plain(ownerPAN)
    guard !isOwnersOwn && checked.ownerPAN.isEmpty || Place.isPAN(checked.ownerPAN, of: .person) else {
      throw PayeeRefusal.ownerPAN
    }
    checked.gst = Self.plain(gst)
    guard checked.gst.isEmpty || Place.isGST(checked.gst) else { throw PayeeRefusal.gst }
    checked.bank.holder = try text(bank.holder, 1...120, .holder)
    guard isLatin(checked.bank.holder, digits: true) else { throw PayeeRefusal.holder }
    checked.bank.number = Self.plain(bank.number)
    guard (5...35).contains(checked.bank.number.utf8.count),
      checked.bank.number.utf8.allSatisfy(Place.alphanumeric.holds)
    else { throw PayeeRefusal.number }
    checked.bank.code = Self.plain(bank.code)
    guard Place.matches(checked.bank.code, [(.letter, 4), (.zero, 1), (.alphanumeric, 6)]) else {
      throw PayeeRefusal.code
    }
    guard termsAccepted else { throw PayeeRefusal.termsAccepted }
    return checked
  }

  /// People write numbers in groups, and codes in small letters.
  private static func plain(_ text: String) -> String {
    guard text.utf8.count <= 200 else { return "?" }
    return String(text.uppercased().filter { !$0.isWhitespace && $0 != "-" })
  }
}

/// What may stand in a place of a number or a code.
private enum Place {
  case letter, digit, alphanumeric, zero, firstDigit, mobile, person, business, gstState

  func holds(_ byte: UInt8) -> Bool {
    switch self {
    case .letter: (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xDF)
    case .digit: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    case .alphanumeric: Place.letter.holds(byte) || Place.digit.holds(byte)
    case .zero: byte == UInt8(ascii: "0")
    case .firstDigit: (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(byte)
    case .mobile: (UInt8(ascii: "6")...UInt8(ascii: "9")).contains(byte)
    case .person: byte == UInt8(ascii: "P")
    case .business: "CHFATBJGL".utf8.contains(byte)
    case .gstState: (UInt8(ascii: "0")...UInt8(ascii: "3")).contains(byte)
    }
  }

  static func matches(_ text: String, _ places: [(place: Place, count: Int)]) -> Bool {
    let wanted = places.flatMap { Array(repeating: $0.place, count: $0.count) }
    return text.utf8.count == wanted.count && zip(text.utf8, wanted).allSatisfy { $1.holds($0) }
  }

  /// A permanent account number; its fourth letter says whose it is.
  static func isPAN(_ text: String, of holder: Place) -> Bool {
    matches(text, [(.letter, 3), (holder, 1), (.letter, 1), (.digit, 4), (.letter, 1)])
  }

  /// The state's number, the PAN, and what is the holder's number, a letter and a check digit.
  static func isGST(_ text: String) -> Bool {
    matches(
      text,
      [
        (.gstState, 1), (.digit, 1), (.letter, 5), (.digit, 4), (.letter, 1), (.digit, 1), (.alphanumeric, 2),
      ])
  }
}
