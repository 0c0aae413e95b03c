import Commerce
import Foundation
import Testing

@testable import Web

struct FormTests {
  @Test func `a form is read as browsers write it`() throws {
    let form = try Form("title=Brass+lamp%21&note=%E0%A4%B9%E0%A4%BE%E0%A4%9F&empty=&flag&product.a=on&product.b=on")
    #expect(form["title"] == "Brass lamp!")
    #expect(form["note"] == "हाट")
    #expect(form["empty"] == "" && form.has("flag") && !form.has("absent"))
    #expect(form.names(after: "product.") == ["a", "b"])
  }

  @Test func `a form that is broken or endless is refused`() {
    #expect(throws: Problem.self) { try Form("a=%E0%A4") }
    #expect(throws: Problem.self) { try Form("a=%zz") }
    #expect(throws: Problem.self) { try Form(String(repeating: "a=1&", count: Form.fieldsMax + 1)) }
  }

  @Test func `blanks around a field go, but not those of a password`() throws {
    let form = try Form("email=+a%40b.example+&password=+a+secret+")
    #expect(form["email"] == "a@b.example")
    #expect(form.exact("password") == " a secret ")
  }

  @Test(arguments: [
    "//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\r\nSet-Cookie: x",
  ])
  func `after signing in nobody is sent elsewhere`(path: String) {
    #expect(Visit.safeReturn(path) == "/")
  }

  @Test func `after signing in one comes back`() {
    #expect(Visit.safeReturn("/watch/x?y=1") == "/watch/x?y=1")
    #expect(Visit.encoded("/a?b=c&d") == "%2Fa%3Fb%3Dc%26d")
  }

  @Test func `a host's own time zone is taken off the time they chose`() throws {
    #expect(try ShowFormPage.moment("2026-11-22T23:30", offsetMinutes: "330").description == "2026-11-22T18:00:00.000Z")
    #expect(try ShowFormPage.moment("2026-11-22T18:00", offsetMinutes: "").description == "2026-11-22T18:00:00.000Z")
    for wrong in [("tomorrow", "0"), ("2026-11-22T18:00", "100000"), ("2026-11-22T18:00", "x"), ("", "0")] {
      #expect(throws: GeneralRefusal.self) { try ShowFormPage.moment(wrong.0, offsetMinutes: wrong.1) }
    }
  }

  @Test func `the run of show is in the order of its numbers`() throws {
    let ids = (0..<3).map { ID<Product>(at: Moment(milliseconds: Int64($0)), entropy: .system) }
    let form = try Form(
      "product.\(ids[0])=on&place.\(ids[0])=2&product.\(ids[1])=on&place.\(ids[1])=1&product.\(ids[2])=on"
        + "&place.\(ids[2])=")
    #expect(ControlRoomPage.run(from: form) == [ids[1], ids[0], ids[2]])
  }

  @Test func `a product's form loses nothing on its way`() throws {
    let rupees = try #require(Currency("INR"))
    let india = Market(code: "IN", currency: rupees, name: "India", languages: ["en"], commission: .zero)
    let form = try Form(
      "title=Kettle&description=x&option0=Size&option1=&option2=&v0.id=&v0.sku=A&v0.o0=Small&v0.onHand=3"
        + "&v0.price.IN=2499&v0.compareAt.IN=2999.50&v1.sku=B&v1.o0=Large&v1.onHand=&v1.price.IN=&v1.compareAt.IN=")
    let draft = try ProductFormDraft(form, markets: [india]).checked(markets: [india])
    #expect(draft.options == ["Size"])
    #expect(draft.variants.map(\.optionValues) == [["Small"], ["Large"]])
    #expect(draft.variants[0].prices == ["IN": 249_900] && draft.variants[0].compareAt == ["IN": 299_950])
    #expect(draft.variants[1].prices.isEmpty && draft.variants[1].onHand == nil)

    let untouched = try Form("title=Kettle&v0.sku=A&v0.onHand=3&v0.onHandBefore=3&v0.price.IN=2499")
    #expect(try ProductFormDraft(untouched, markets: [india]).checked(markets: [india]).variants[0].onHand == nil)
    let counted = try Form("title=Kettle&v0.sku=A&v0.onHand=5&v0.onHandBefore=3&v0.price.IN=2499")
    #expect(try ProductFormDraft(counted, markets: [india]).checked(markets: [india]).variants[0].onHand == 5)

    let wrong = try Form("title=Kettle&v0.sku=A&v0.price.IN=cheap")
    #expect(throws: GeneralRefusal.self) { try ProductFormDraft(wrong, markets: [india]).checked(markets: [india]) }
  }

  @Test func `a market's form is read into rates and amounts`() throws {
    let market = try OperatorPage.market(
      from: Form(
        "code=IN&currency=INR&name=India&languages=en%2C+hi&commission=8.25&tax=18&shipping=49&freeFrom=&isOpen=on"))
    #expect(market.commission.basisPoints == 825 && market.taxIncluded.basisPoints == 1800)
    #expect(market.shippingMinor == 4900 && market.shippingFreeFromMinor == nil && market.isOpen)
    #expect(market.languages == ["en", "hi"] && market.shippingTable.isFlat)
    let weighed = try OperatorPage.market(
      from: Form(
        "code=IN&currency=INR&commission=8&tax=18&shipping=0&shippingTable=500%3A+49%0D%0A%0D%0A+2000+%3A+99.50%0D%0A"))
    let steps: [ShippingTable.Step] = [.init(upToGrams: 500, minor: 4900), .init(upToGrams: 2_000, minor: 9950)]
    #expect(weighed.shippingTable.steps == steps && weighed.taxTable == .empty && !weighed.isTaxAdded)
    let taxed = try OperatorPage.market(
      from: Form(
        "code=IN&currency=INR&commission=8&tax=18&shipping=0&taxes=reduced%3A+5%0D%0Azero+%3A0&taxMode=added"
          + "&taxesShipping=on"))
    #expect(taxed.taxTable.entries.map(\.name) == ["reduced", "zero"] && taxed.isTaxAdded && taxed.taxesShipping)
    #expect(taxed.taxTable.entries.map(\.rate.basisPoints) == [500, 0])
    for wrong in [
      "currency=INR&commission=8&tax=18&shipping=0&shippingTable=500+49",
      "currency=INR&commission=8&tax=18&shipping=0&taxes=reduced", "currency=rupees", "currency=INR&commission=120",
      "currency=INR&commission=8&tax=18&shipping=-1",
    ] {
      #expect(throws: GeneralRefusal.self) { try OperatorPage.market(from: Form(wrong)) }
    }
  }
}
