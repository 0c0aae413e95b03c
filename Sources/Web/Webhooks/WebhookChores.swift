import AsyncHTTPClient
import Commerce
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import Synchronization

/// Tells sellers' and partners' programs what happened, for as long as they take it.
struct WebhookChores: Service {
  private static let idleSeconds: Int64 = 1
  /// Webhooks that are sent to at once, and messages of one: one that is slow keeps back its own alone.
  private static let webhooksAtOnce = 16
  private static let ofEachAtOnce = 4

  private let commerce: Commerce
  private let reach: OutsideReach
  private let clients: OutsideClients
  private let metrics: WebMetrics
  private let logger: Logger
  private let busy = Busy()

  init(_ site: Site) {
    commerce = site.commerce
    reach = site.configuration.webhooks
    clients = OutsideClients(reach)
    metrics = site.metrics
    logger = site.logger
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        while !Task.isCancelled {
          var found: [WebhookDelivery] = []
          let under = busy.all
          if under.count < Self.webhooksAtOnce {
            do {
              found = try await commerce.takeWebhooks(webhooks: Self.webhooksAtOnce - under.count, but: under)
            } catch {
              logger.error("Telling webhooks failed", metadata: ["error": "\(String(reflecting: error))"])
            }
          }
          for (webhook, deliveries) in Dictionary(grouping: found, by: \.message.webhook) {
            busy.begin(webhook)
            group.addTask {
              await sendAll(deliveries)
              busy.end(webhook)
            }
          }
          if found.isEmpty { try? await Task.sleep(for: .seconds(Self.idleSeconds)) }
        }
      }
    }
    await clients.end()
  }

  private func sendAll(_ deliveries: [WebhookDelivery]) async {
    await withDiscardingTaskGroup { group in
      for worker in 0..<Self.ofEachAtOnce {
        group.addTask {
          for place in stride(from: worker, to: deliveries.count, by: Self.ofEachAtOnce) {
            await send(deliveries[place])
          }
        }
      }
    }
  }

  private func send(_ delivery: WebhookDelivery) async {
    let (message, began) = (delivery.message, ContinuousClock.now)
    let answer = await answer(to: delivery)
    let (seconds, attoseconds) = (ContinuousClock.now - began).components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    metrics.webhook(answer.isTaken ? "taken" : "failed")
    do {
      if answer.isTaken, let status = answer.status {
        try await commerce.webhookTaken(message, status: status, milliseconds: milliseconds)
      } else {
        try await commerce.webhookFailed(
          message, status: answer.status, trouble: answer.trouble, milliseconds: milliseconds, after: answer.after,
          isGone: answer.status == 410)
      }
    } catch {
      logger.error(
        "What came of a webhook is not known",
        metadata: ["webhook": "\(message.webhook)", "error": "\(String(reflecting: error))"])
    }
  }

  /// What came back: a status, or a word for why there is none. The answer's body is nobody's to read.
  struct Answer: Equatable {
    var status: Int64?
    var trouble = ""
    /// `Retry-After`, in seconds.
    var after: Int64?

    /// Any status from 200 to 299, and no other (Standard Webhooks).
    var isTaken: Bool { status.map { (200..<300).contains($0) } ?? false }
  }

  private func answer(to delivery: WebhookDelivery) async -> Answer {
    guard let call = commerce.call(for: delivery) else { return Answer(trouble: "secret") }
    guard let host = OutsideReach.host(of: call.url), reach.mayReach(call.url) else {
      return Answer(trouble: "privateAddress")
    }
    let client: HTTPClient
    do {
      guard let known = try await clients.client(to: host) else { return Answer(trouble: "privateAddress") }
      client = known
    } catch {
      return Answer(trouble: "unknownHost")
    }
    var request = HTTPClientRequest(url: call.url)
    request.method = .POST
    for (name, value) in call.headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(call.body)
    do {
      let response = try await client.execute(request, timeout: .seconds(reach.timeoutSeconds))
      // Read as far as it is short, so that the connection can be used again.
      _ = try? await response.body.collect(upTo: 16 * 1024)
      let status = Int64(response.status.code)
      let isMoved = (300..<400).contains(status)
      let isBad = !(200..<300).contains(status)
      return Answer(
        status: status, trouble: isMoved ? "redirect" : isBad ? "status" : "",
        after: response.headers.first(name: "Retry-After").flatMap { Int64($0) })
    } catch is NIOSSLError {
      return Answer(trouble: "certificate")
    } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
      return Answer(trouble: "tooSlow")
    } catch {
      return Answer(trouble: "unreachable")
    }
  }

  private final class Busy: Sendable {
    private let webhooks = Mutex<Set<ID<Webhook>>>([])

    var all: Set<ID<Webhook>> { webhooks.withLock { $0 } }
    func begin(_ webhook: ID<Webhook>) { webhooks.withLock { _ = $0.insert(webhook) } }
    func end(_ webhook: ID<Webhook>) { webhooks.withLock { _ = $0.remove(webhook) } }
  }
}
