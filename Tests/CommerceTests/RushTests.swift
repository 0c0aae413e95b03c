import Store
import TestKit
import Testing

@testable import Commerce

/// A host holds up a lamp, and everybody wants it.
@Suite struct RushTests {
  @Test(arguments: Engine.allCases)
  func `of five thousand buyers for five hundred units five hundred get one, and all others are told`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, units: 500, policy: Policy())
    let bag = stall.bag()
    let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<5_000 {
        group.addTask {
          let asha = Stall.buyer()
          let buyer = Buyer(
            name: asha.name, email: "buyer\(number)@example.com", phone: asha.phone, address: asha.address)
          let id: ID<Order> = stall.commerce.makeID()
          do {
            let placed = try await Self.insisting {
              try await stall.commerce.placeOrder(
                id, bag, buyer: buyer, language: "en", address: "192.0.2.\(number % 250)")
            }
            // Some of those who got one press twice, as people do.
            if number.isMultiple(of: 3) {
              let again = try await Self.insisting {
                try await stall.commerce.placeOrder(id, bag, buyer: buyer, language: "en")
              }
              guard again.order.id == placed.order.id, !again.isNew else { return "twice" }
            }
            let outcome = try await Self.insisting { try await stall.pay(placed) }
            return outcome == .paid ? "sold" : "\(outcome)"
          } catch let refused as BagRefusal {
            return refused.code
          }
        }
      }
      return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
    #expect(outcomes == ["sold": 500, "sold_out": 4_500])
    let stock = try await stall.stock()
    #expect(stock.onHand == 0 && stock.reserved == 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM orders WHERE state = 'paid'") == 500)
    #expect(try await stall.commerce.audit().differences == [])
  }

  /// A server that is asked by more than it can keep waiting says so, and whoever asks tries again.
  private static func insisting<Result>(_ work: () async throws -> Result) async throws -> Result {
    while true {
      do { return try await work() } catch let error where Busy(error) != nil {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }
}
