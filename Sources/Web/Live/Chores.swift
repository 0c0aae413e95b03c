import Commerce
import Logging
import ServiceLifecycle

/// What has to be done from time to time: unpaid orders, deals, giveaways and auctions end, delivered orders are settled, lost payments are
/// asked about, old keys and sessions are forgotten.
struct Chores: Service {
  let commerce: Commerce
  let sandbox: SandboxProvider?
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await every(.seconds(3), "ending unpaid orders") { try await commerce.expireOrders() } }
        group.addTask { await every(.seconds(60), "going on with requests") { try await commerce.advanceRequests() } }
        group.addTask { await every(.seconds(60), "settling orders") { try await commerce.settleOrders() } }
        group.addTask { await every(.seconds(3600), "paying out") { try await commerce.preparePayouts() } }
        group.addTask { await every(.seconds(3600), "mailing statements") { try await commerce.mailStatements() } }
        group.addTask { await every(.seconds(5), "sending payouts") { try await commerce.sendPayouts() } }
        group.addTask { await every(.seconds(1), "ending deals") { try await commerce.endDueDeals() } }
        group.addTask { await every(.seconds(1), "closing giveaways") { try await commerce.advanceGiveaways() } }
        group.addTask { await every(.seconds(1), "closing polls") { try await commerce.closeDuePolls() } }
        group.addTask {
          await every(.seconds(3600), "forgetting who voted for what") { try await commerce.forgetVoices() }
        }
        group.addTask { await every(.milliseconds(500), "ending auctions") { try await commerce.endDueAuctions() } }
        group.addTask { await every(.seconds(1), "settling auctions") { try await commerce.settleAuctions() } }
        group.addTask {
          await every(.seconds(3), "going on with waitlists") { try await commerce.advanceWaitlists() }
        }
        group.addTask { await every(.seconds(2), "reminding of shows") { try await commerce.advanceReminders() } }
        group.addTask {
          await every(.seconds(3600), "forgetting what browsers were told") { try await commerce.forgetPushes() }
        }
        group.addTask {
          await every(.seconds(3600), "forgetting old reminders") { try await commerce.forgetReminders() }
        }
        group.addTask { await every(.seconds(60), "forgetting webhooks") { try await commerce.forgetWebhooks() } }
        group.addTask {
          await every(.seconds(5), "forgetting who deleted their account") { try await commerce.forgetDeleted() }
        }
        group.addTask { await every(.seconds(1), "ending claims") { try await commerce.advanceClaims() } }
        group.addTask {
          await every(.seconds(3600), "forgetting who claimed what") { try await commerce.forgetClaimants() }
        }
        group.addTask {
          await every(.seconds(3), "going on with preorders") { try await commerce.advancePreorders() }
        }
        group.addTask { await every(.seconds(3600), "forgetting old wishes") { try await commerce.forgetWishes() } }
        group.addTask {
          await every(.seconds(60), "forgetting from where people spoke") { try await commerce.forgetSpeakers() }
        }
        group.addTask { await every(.seconds(60), "expiring prizes") { try await commerce.expirePrizes() } }
        group.addTask {
          await every(.seconds(3600), "forgetting who took part in giveaways") { try await commerce.forgetEntrants() }
        }
        group.addTask {
          await every(.seconds(3600), "forgetting who took of deals") { try await commerce.forgetDealBuyers() }
        }
        group.addTask {
          await every(.seconds(3600), "forgetting who used coupons") { try await commerce.forgetCouponBuyers() }
        }
        group.addTask {
          await every(.seconds(3600), "forgetting what counts towards no limit") { try await commerce.forgetLimited() }
        }
        group.addTask { await every(.seconds(1), "reading words to search by") { try await commerce.indexWords() } }
        group.addTask { await every(.seconds(10), "asking about payments") { try await commerce.reconcilePayments() } }
        group.addTask {
          await every(.seconds(600), "forgetting old keys") { try await commerce.idempotencyKeys.prune() }
        }
        group.addTask {
          await every(.seconds(600), "forgetting old webhooks") { try await commerce.forgetOldProviderEvents() }
        }
        group.addTask {
          await every(.seconds(1), "working on imports") { try await commerce.workImport() ? 1 : 0 }
        }
        group.addTask { await every(.seconds(600), "forgetting old imports") { try await commerce.forgetOldImports() } }
        group.addTask { await every(.seconds(600), "forgetting old mail") { try await commerce.forgetOldMail() } }
        if let sandbox {
          group.addTask {
            await every(.seconds(600), "forgetting the sandbox's old cards") {
              try await sandbox.forgetOldMethods(hours: commerce.policy.sandboxMethodHours)
            }
          }
        }
        group.addTask {
          await every(.seconds(600), "forgetting old sessions") { try await commerce.forgetOldSessions() }
        }
      }
    }
  }

  /// Repeats `work`, which says how much it did, until the task is cancelled. A failure is tried again the next time.
  private func every(_ period: Duration, _ what: String, _ work: @Sendable () async throws -> Int) async {
    repeat {
      do {
        let count = try await work()
        if count > 0 { logger.debug("\(what)", metadata: ["count": "\(count)"]) }
      } catch is CancellationError {
        return
      } catch {
        logger.error("\(what) failed", metadata: ["error": "\(String(reflecting: error))"])
      }
    } while (try? await Task.sleep(for: period)) != nil
  }
}
