@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct ImportJobTests {
  private static let first = """
    URL handle,Title,Option1 name,Option1 value,SKU,Price,Inventory quantity
    bell,Brass bell,Size,Small,BE-1,250,3
    bell,,,Large,BE-2,350,1
    diya,Clay diya,,,DI-1,59.00,20
    cup,Clay cup,,,CU-1,149,12
    """
  private static let second = """
    URL handle,Title,Option1 name,Option1 value,SKU,Price,Inventory quantity
    bell,Brass bell,Size,Small,BE-1,275,3
    bell,,,Large,BE-2,free,1
    bell,,,Huge,BE-3,450,a few
    diya,Clay diya,,,DI-1,69.00,25
    cup,Clay cup,,,CU-1,149,12
    jug,Copper jug,,,JU-1,999,2
    """

  private func start(_ text: String, _ square: MarketSquare, keepsStock: Bool = false) async throws -> ID<ImportJob> {
    try await square.commerce.startImport(
      square.commerce.makeID(), by: square.owner, channel: square.channel.id, csv: Array(text.utf8), market: "IN",
      fileName: "spring.csv", keepsStock: keepsStock
    ).id
  }

  private func work(_ square: MarketSquare) async throws {
    while try await square.commerce.workImport() {}
  }

  private func job(_ id: ID<ImportJob>, _ square: MarketSquare) async throws -> ImportJob {
    try await square.commerce.importJob(id, by: square.owner)
  }

  private func items(_ id: ID<ImportJob>, _ square: MarketSquare) async throws -> [ImportItem] {
    try await square.commerce.importItems(of: id, by: square.owner, limit: 100).items
  }

  private func products(_ square: MarketSquare) async throws -> [String: Product] {
    let page = try await square.commerce.products(of: square.channel.id, by: square.owner, limit: 100)
    return Dictionary(page.items.map { ($0.title, $0) }) { $1 }
  }

  /// Imports the first file, whole.
  private func stocked(_ engine: Engine) async throws -> MarketSquare {
    let square = try await MarketSquare(engine)
    let id = try await start(Self.first, square)
    try await work(square)
    _ = try await square.commerce.confirmImport(id, by: square.owner)
    try await work(square)
    #expect(try await job(id, square).state == .done)
    return square
  }

  @Test(arguments: Engine.allCases)
  func `a file is compared first, and changes nothing until it is confirmed`(engine: Engine) async throws {
    let square = try await stocked(engine)
    let before = try await products(square)
    let id = try await start(Self.second, square)
    #expect(try await job(id, square).state == .checking)
    try await work(square)
    let ready = try await job(id, square)
    #expect((ready.state, ready.rowCount, ready.productCount, ready.doneCount) == (.ready, 6, 4, 4))
    #expect(ready.counts == [.new: 1, .changed: 1, .unchanged: 1, .refused: 1])
    #expect(try await products(square) == before)

    let found = try await items(id, square)
    #expect(found.map(\.handle) == ["bell", "diya", "cup", "jug"])
    #expect(found.map(\.outcome) == [.refused, .changed, .unchanged, .new])
    #expect(
      found[0].refused.map { "\($0.line) \($0.why)" } == [
        "3 “free” is not a price in INR, like 1299.00.", "4 “a few” is not a number of units.",
      ])
    #expect(
      found[1].changes.map { "\($0.field) \($0.old)→\($0.new)" } == ["price 59.00→69.00", "onHand 20→25"])
    #expect(found[3].changes.map(\.new) == ["999.00"])
    let refused = try await square.commerce.importItems(of: id, by: square.owner, outcome: .refused)
    #expect(refused.items.map(\.handle) == ["bell"])

    _ = try await square.commerce.confirmImport(id, by: square.owner)
    _ = try await square.commerce.confirmImport(id, by: square.owner)
    try await work(square)
    let done = try await job(id, square)
    #expect((done.state, done.doneCount) == (.done, 4))
    #expect(done.counts == ready.counts)
    let after = try await products(square)
    #expect(after["Brass bell"] == before["Brass bell"])
    #expect(after["Clay diya"]?.variants.first?.prices["IN"]?.minor == 6900)
    #expect(after["Clay diya"]?.variants.first?.onHand == 25)
    #expect(after["Copper jug"]?.variants.first?.onHand == 2)
    #expect(try await items(id, square).allSatisfy(\.isDone))
    #expect(try await square.commerce.audit().differences.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `what was changed after the check is refused, and what was sold since then stays sold`(
    engine: Engine
  ) async throws {
    let square = try await stocked(engine)
    let shelf = try await products(square)
    let diya = try #require(shelf["Clay diya"]?.variants.first), cup = try #require(shelf["Clay cup"])
    let id = try await start(
      """
      URL handle,Title,SKU,Price,Inventory quantity
      diya,Clay diya,DI-1,69.00,25
      cup,Clay cup,CU-1,200,12
      """, square)
    try await work(square)
    try await square.commerce.setStock(by: square.owner, variant: diya.id, onHand: 18, note: "two broke")
    _ = try await square.commerce.changeProduct(
      cup.id, by: square.owner, ProductChange(title: "Clay cup, glazed"))
    _ = try await square.commerce.confirmImport(id, by: square.owner)
    try await work(square)
    let done = try await job(id, square)
    #expect(done.counts == [.new: 0, .changed: 1, .unchanged: 0, .refused: 1])
    let after = try await products(square)
    #expect(after["Clay diya"]?.variants.first?.onHand == 23, "five more, and the two that broke stay broken")
    #expect(after["Clay cup, glazed"]?.variants.first?.prices["IN"]?.minor == 14_900)
    #expect(try await items(id, square).last?.refused.first?.why.contains("changed after the file was checked") == true)
  }

  @Test(arguments: Engine.allCases)
  func `an import that its process left goes on where it was, and does nothing twice`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let rows = (0..<250).map { "p\($0),Product \($0),\($0 + 1),1\n" }.joined()
    let id = try await start("URL handle,Title,Price,Inventory quantity\n" + rows, square)
    #expect(try await square.commerce.workImport(batchesMax: 1))
    #expect(try await job(id, square).doneCount == 100)
    #expect(try await square.commerce.workImport() == false, "somebody has it")
    square.clock.advance(seconds: 31)
    try await work(square)
    _ = try await square.commerce.confirmImport(id, by: square.owner)
    #expect(try await square.commerce.workImport(batchesMax: 2))
    let left = try await job(id, square)
    #expect((left.state, left.doneCount) == (.importing, 64))
    square.clock.advance(seconds: 31)
    try await work(square)
    let done = try await job(id, square)
    #expect((done.state, done.doneCount, done.counts[.new]) == (.done, 250, 250))
    let titles = try await square.testDatabase.database.read { db in
      try db.rows("SELECT title FROM product WHERE import_handle <> ''").map { try $0.get("title", as: String.self) }
    }
    #expect(Set(titles).count == 250 && titles.count == 250)
    let pieces = try await square.testDatabase.database.read { db in try db.rows("SELECT position FROM import_chunk") }
    #expect(pieces.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `whoever keeps the stock changes prices and no stock`(engine: Engine) async throws {
    let square = try await stocked(engine)
    let id = try await start(Self.second, square, keepsStock: true)
    try await work(square)
    _ = try await square.commerce.confirmImport(id, by: square.owner)
    try await work(square)
    let after = try await products(square)
    #expect(after["Clay diya"]?.variants.first?.prices["IN"]?.minor == 6900)
    #expect(after["Clay diya"]?.variants.first?.onHand == 20)
    #expect(after["Copper jug"]?.variants.first?.onHand == 2, "what is new has the file's stock")
  }

  @Test(arguments: Engine.allCases)
  func `a variant whose option is renamed is found by its SKU`(engine: Engine) async throws {
    let square = try await stocked(engine)
    let bell = try #require(try await products(square)["Brass bell"])
    _ = try await square.commerce.importProducts(
      by: square.owner, channel: square.channel.id,
      csv: Array(Self.first.replacing("Small", with: "Little").utf8), market: "IN")
    let renamed = try #require(try await products(square)["Brass bell"])
    #expect(renamed.variants.map(\.id) == bell.variants.map(\.id))
    #expect(renamed.variants.map(\.title) == ["Little", "Large"])
  }

  @Test(arguments: Engine.allCases)
  func `an import is its channel's alone, and is discarded, limited and forgotten`(engine: Engine) async throws {
    var policy = MarketSquare.policy
    policy.openImportsPerChannelMax = 2
    let square = try await MarketSquare(engine, policy: policy)
    let id = try await start(Self.first, square)
    let stranger = try await square.person("Stranger")
    await #expect(throws: GeneralRefusal.notFound("import")) {
      _ = try await square.commerce.importJob(id, by: stranger)
    }
    await #expect(throws: GeneralRefusal.notFound("import")) {
      _ = try await square.commerce.confirmImport(id, by: stranger)
    }
    await #expect(throws: ImportRefusal.notReady(.checking)) {
      _ = try await square.commerce.confirmImport(id, by: square.owner)
    }
    let other = try await start(Self.second, square)
    await #expect(throws: ImportRefusal.tooManyOpen(limit: 2)) { _ = try await start(Self.second, square) }
    _ = try await square.commerce.discardImport(id, by: square.owner)
    try await work(square)
    #expect(try await job(id, square).state == .discarded)
    #expect(try await job(other, square).state == .ready)
    #expect(try await square.commerce.importJobs(of: square.channel.id, by: square.owner).items.count == 2)
    #expect(try await square.commerce.forgetOldImports() == 0)
    square.clock.advance(days: 15)
    #expect(try await square.commerce.forgetOldImports() == 1)
    #expect(try await square.commerce.forgetOldImports() == 1)
    #expect(try await square.commerce.importJobs(of: square.channel.id, by: square.owner).items.isEmpty)
  }
}
