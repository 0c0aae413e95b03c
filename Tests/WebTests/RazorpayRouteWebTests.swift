import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Web

/// Being paid through Razorpay on the money page and over the API.
@Suite(.timeLimit(.minutes(2))) struct RazorpayRouteWebTests {
  private static let fields: [(String, String)] = [
    ("do", "details"), ("businessType", "proprietorship"), ("businessName", "Meera & Lamps"),
    ("trade", "ecommerce/home_furnishing_stores"), ("contactName", "Meera Kumari"), ("email", "meera@example.com"),
    ("phone", "98765 43210"), ("street", "507, 1st block"), ("area", "Koramangala"), ("city", "Bengaluru"),
    ("state", "KA"), ("postalCode", "560034"), ("ownerPAN", "AVOPB1111K"), ("bankHolder", "Meera Kumari"),
    ("bankNumber", "0001112223334321"), ("ifsc", "HDFC0000317"), ("terms", "yes"),
  ]

  private static let details: TestKit.JSON = [
    "businessType": "proprietorship", "businessName": "Meera Lamps", "trade": "ecommerce/home_furnishing_stores",
    "contactName": "Meera Kumari", "email": "meera@example.com", "phone": "9876543210", "street": "507, 1st block",
    "area": "Koramangala", "city": "Bengaluru", "state": "KA", "postalCode": "560034", "ownerPAN": "AVOPB1111K",
    "bank": ["holder": "Meera Kumari", "number": "0001112223334321", "code": "HDFC0000317"], "termsAccepted": true,
  ]

  private func owner(_ port: Int) async throws -> Client { try await signedIn(MarketSquare.ownerEmail, port) }

  private func signedIn(_ email: String, _ port: Int) async throws -> Client {
    let session = try await Client(port: port).post(
      "/api/v1/session", ["email": .string(email), "password": .string(MarketSquare.password)])
    return Client(port: port, cookie: try session.cookie("haat_session"))
  }

  @Test func `an owner fills in a form without scripts, in two languages, and reads what Razorpay wants`() async throws
  {
    let house = try await RouteHouse(.sqlite, isConnected: false)
    try await house.stall.serve { port in
      let owner = try await owner(port)
      let money = "/studio/\(house.stall.square.channel.handle)/money"
      let html = ["Accept": "text/html"]
      let before = try await owner.get(money, headers: html).text
      #expect(before.contains("Be paid through Razorpay") && before.contains("Give the details"))
      #expect(before.contains(#"name="bankNumber""#) && before.contains(#"<option value="KA">Karnataka</option>"#))
      #expect(!before.contains(#"name="country""#) && !before.contains("payee."))
      let hindi = try await owner.get("\(money)?lang=hi", headers: html).text
      #expect(hindi.contains("जानकारी दें") && hindi.contains("कर्नाटक") && !hindi.contains("payee."))

      func send(_ changes: [String: String], _ language: String = "en") async throws -> Reply {
        let fields = Self.fields.map { ($0.0, changes[$0.0] ?? $0.1) }
        let body = fields.map { "\($0.0)=\(Visit.encoded($0.1))" }.joined(separator: "&")
        return try await owner.send(
          "POST", "\(money)?lang=\(language)",
          headers: ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"],
          body: Array(body.utf8))
      }
      let refused = try await send(["postalCode": "06003"])
      #expect(refused.status == 422 && refused.text.contains("A PIN code has 6 digits"))
      #expect(refused.text.contains(#"value="Meera &amp; Lamps""#) && refused.text.contains(#"value="KA" selected"#))
      #expect(!refused.text.contains("AVOPB1111K\"") || !refused.text.contains(#"value="AVOPB1111K""#))
      #expect(!refused.text.contains("0001112223334321"), "neither is filled in again")
      #expect(try await send(["ifsc": "HDFC"], "hi").text.contains("IFSC में 4 अक्षर"))
      #expect(try await send(["terms": ""]).text.contains("Without agreeing to the terms"))
      #expect(house.razorpay.accounts.isEmpty)

      house.razorpay.judge(
        "needs_clarification",
        [
          ("settlements.ifsc_code", "needs_clarification"), ("kyc.pan", "field_missing"),
          ("individual_proof_of_address.aadhar_back", "document_missing"), ("something.new", "odd"),
        ])
      #expect(try await send([:]).status == 303)
      let wanted = try await owner.get(money, headers: html).text
      for text in [
        "To be corrected: IFSC", "Missing: owner’s PAN", "A paper is wanted: proof of the owner’s address",
        "To be corrected: something.new", "Needs something from you", "Check and use it",
      ] { #expect(wanted.contains(text), "\(text)") }
      #expect(try await owner.get("\(money)?lang=hi", headers: html).text.contains("नहीं मिला: मालिक का PAN"))
      house.razorpay.judge("activated")
      #expect(try await owner.submit(money, ["do": "check"]).status == 303)
      let used = try await owner.get(money, headers: html)
      #expect(used.text.contains("Your payouts go here") && used.text.contains("····4321"))
      #expect(!used.text.contains(#"name="bankNumber""#) && !used.text.contains("AVOPB1111K"))
      #expect(used.header("content-security-policy")?.contains("razorpay") == false)
      let closed = try await send([:])
      #expect(closed.status == 409 && closed.text.contains("cannot be changed from here"))
    }
  }

  @Test func `a partner's people give theirs, and nobody else does it for them`() async throws {
    let house = try await RouteHouse(.sqlite, isConnected: false)
    try await house.stall.serve { port in
      let (member, operators) = (try await owner(port), try await signedIn(MarketSquare.operatorEmail, port))
      let made = try await operators.post(
        "/api/v1/partners",
        ["name": "The Blog", "via": "blog", "sites": ["https://blog.example"], "rateBasisPoints": 2_500])
      let path = "/api/v1/partners/\(made.json["id"].string ?? "")"
      #expect(try await member.put("\(path)/payout-account/details", Self.details).status == 404)
      #expect(
        try await operators.post("\(path)/members", ["email": .string(MarketSquare.ownerEmail)]).status == 200)
      #expect(try await operators.put("\(path)/payout-account/details", Self.details).status >= 400)
      let told = try await member.put("\(path)/payout-account/details", Self.details)
      #expect(told.status == 200 && told.json["isReady"] == true, "\(told.text)")
      let page = try await member.get("/partner/blog/money", headers: ["Accept": "text/html"])
      #expect(page.text.contains("Your payouts go here") && page.text.contains("····4321"))
      #expect(house.razorpay.accounts.first?["notes"]["payee"].string?.hasPrefix("partner:") == true)
      #expect(try await house.stall.audit() == [])
    }
  }

  @Test func `a program gives the details, and everybody sees only their own account`() async throws {
    let house = try await RouteHouse(.sqlite, isConnected: false)
    try await house.stall.serve { port in
      let (owner, guest) = (try await owner(port), Client(port: port))
      let path = "/api/v1/channels/\(house.stall.square.channel.id)/payout-account"
      #expect(try await guest.put("\(path)/details", Self.details).status == 401)
      #expect(try await owner.get(path).status == 404)
      let visit = try await owner.post(path, ["country": "IN"])
      #expect(visit.status == 409 && visit.json["code"] == "payout_account_by_form")
      var wrong = Self.details
      wrong["ownerPAN"] = "AVOPB1111"
      let refused = try await owner.put("\(path)/details", wrong)
      #expect(refused.status == 422 && refused.json["field"] == "ownerPAN")
      #expect(refused.json["code"] == "payee_owner_pan" && !refused.text.contains("AVOPB1111\""))
      house.razorpay.judge("needs_clarification", [("kyc.pan", "needs_clarification")])
      let told = try await owner.put("\(path)/details", Self.details)
      #expect(told.status == 200 && told.json["isReady"] == false && told.json["state"] == "needs_clarification")
      #expect(told.json["requirements"] == [["field": "kyc.pan", "reason": "needs_clarification"]])
      #expect(told.json["bankEnding"] == "4321" && told.json["takesDetails"] == true)
      house.razorpay.judge("activated")
      let ready = try await owner.post("\(path)/check", [:])
      #expect(ready.json["isReady"] == true && ready.json["requirements"] == [])
      let late = try await owner.put("\(path)/details", Self.details)
      #expect(late.status == 409 && late.json["code"] == "payout_details_closed")
      #expect(try await guest.get(path).status == 401)
    }
  }
}
