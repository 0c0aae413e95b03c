import Foundation
import Synchronization
import TestKit
import Testing

@Suite struct CrashTests {
  @Test(.timeLimit(.minutes(3)), arguments: Engine.allCases)
  func `every order that was acknowledged is there after kill -9, and the books are right`(engine: Engine) async throws
  {
    let program = try await HaatProgram(engine)
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 10_000)
    let acknowledged = Acknowledged()

    await withTaskGroup(of: Void.self) { buyers in
      for number in 0..<12 {
        buyers.addTask {
          let client = Client(addresses.web)
          var turn = 0
          while !Task.isCancelled {
            turn += 1
            guard let order = try? await Self.buy(stall, with: client, name: "Buyer \(number)-\(turn)") else { return }
            acknowledged.orders.withLock { $0.append(order) }
          }
        }
      }
      _ = try? await until("some orders are acknowledged", within: 60) {
        acknowledged.orders.withLock { $0.count >= 60 } ? true : nil
      }
      program.kill(SIGKILL)
      await buyers.waitForAll()
    }
    let orders = acknowledged.orders.withLock { $0 }
    #expect(orders.count >= 60)

    let again = try await program.serve(httpPort: addresses.httpPort, rtmpPort: addresses.rtmpPort)
    #expect(again.setup == nil, "an operator exists: no second link")
    let client = Client(again.web)
    for order in orders {
      let answer = try await client.call("GET", "/api/v1/orders/\(order.id)", headers: ["Order-Token": order.token])
      #expect(answer.status == 200)
      if order.isPaid { #expect(try answer.text("state") == "paid") }
    }
    let audit = try await program.run(["audit"])
    #expect(audit.status == 0, "\(audit.output)")

    program.kill(SIGTERM)
    #expect(try await program.ended(within: 5) == 0)
  }

  private struct Bought: Sendable {
    let id: String
    let token: String
    let isPaid: Bool
  }

  private final class Acknowledged: Sendable {
    let orders = Mutex<[Bought]>([])
  }

  /// Places an order and pays it; every other one is left unpaid.
  private static func buy(
    _ stall: Stall, with client: Client, name: String
  ) async throws -> Bought {
    let placed = try await client.call(
      "POST", "/api/v1/orders", stall.order(by: name), headers: ["Idempotency-Key": UUID().uuidString], expecting: 201)
    let id = try placed.text("order.id")
    let token = try placed.text("accessToken")
    guard name.hash % 2 == 0 else { return Bought(id: id, token: token, isPaid: false) }
    let method = try await client.call(
      "POST", "/sandbox/v1/payment_methods",
      ["number": "4242424242424242", "expMonth": 12, "expYear": 2040, "cvc": "123"], expecting: 201)
    let paid = try await client.call(
      "POST", "/api/v1/orders/\(id)/payment", ["paymentMethod": try method.text("id")],
      headers: ["Idempotency-Key": UUID().uuidString, "Order-Token": token], expecting: 200)
    return Bought(id: id, token: token, isPaid: try paid.text("state") == "paid")
  }
}
