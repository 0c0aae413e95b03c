import Foundation
import Synchronization
import TestKit
import Testing

@testable import Commerce

/// What we make of Stripe's answers, word for word as its documentation shows them: localstripe says less.
@Suite struct StripeAnswersTests {
  /// Answers in turn, the last one for ever, and keeps what it was asked.
  private final class Script: Sendable {
    private let state: Mutex<(answers: [OutgoingAnswer], calls: [OutgoingCall])>

    init(_ answers: [(Int, String)]) {
      state = Mutex((answers.map { OutgoingAnswer(status: $0.0, body: Array($0.1.utf8)) }, []))
    }

    var calls: [OutgoingCall] { state.withLock { $0.calls } }

    var http: OutgoingHTTP {
      { call in
        self.state.withLock { state in
          state.calls.append(call)
          return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
      }
    }
  }

  private let attempt = ID<PaymentAttempt>(
    at: Moment(milliseconds: 1_795_176_000_000), entropy: SeededEntropy(seed: 3).entropy)
  private let order = ID<Order>(
    at: Moment(milliseconds: 1_795_176_000_000), entropy: SeededEntropy(seed: 4).entropy)

  private func provider(_ script: Script) -> StripeProvider {
    let settings = StripeSettings(
      secretKey: "sk_test_hush", publishableKey: "pk_test_x", webhookSecrets: ["whsec_x"],
      returnURL: { "https://haat.example\($0)" })
    var provider = StripeProvider(settings, http: script.http, clock: SettableClock().wallClock)
    provider.api.pauses = [.zero, .zero]
    return provider
  }

  private var request: PaymentRequest {
    PaymentRequest(
      reference: "H-1 & “Söhne”", order: order, attempt: attempt, amount: Money(minor: 129_900, currency: Stall.rupee),
      method: "ctoken_1")
  }

  private func intent(_ status: String, id: String = "pi_1", more: String = "") -> String {
    """
    {"id":"\(id)","object":"payment_intent","amount":129900,"currency":"inr","livemode":false,"status":"\(status)",
     "metadata":{"attempt":"\(attempt)","order":"\(order)"},"latest_charge":"ch_1"\(more)}
    """
  }

  @Test func `a declined card is told in words that help its owner and no thief`() async throws {
    for (code, decline, told) in [
      ("card_declined", "insufficient_funds", "insufficient_funds"), ("card_declined", "stolen_card", "card_declined"),
      ("card_declined", "fraudulent", "card_declined"), ("expired_card", "", "expired_card"),
      ("incorrect_cvc", "incorrect_cvc", "incorrect_cvc"), ("processing_error", "", "card_declined"),
      ("authentication_required", "authentication_required", "authentication_required"),
    ] {
      let error = """
        {"type":"card_error","code":"\(code)"\(decline.isEmpty ? "" : #","decline_code":"\#(decline)""#),
         "message":"Your card …"}
        """
      let failed = intent("requires_payment_method", more: #","last_payment_error":\#(error),"next_action":null"#)
      let answer = #"{"error":\#(error.dropLast()),"payment_intent":\#(failed)}}"#
      let payment = try await provider(Script([(402, answer)])).pay(request)
      #expect(payment.state == .declined && payment.id == "pi_1" && payment.failure?.code == told, "\(decline)")
      // The same, looked up later.
      #expect(try await provider(Script([(200, failed)])).payment("pi_1").failure?.code == told)
    }
  }

  @Test func `every state of a payment is known, and one that is not is no answer`() async throws {
    for (status, state): (String, ProviderPayment.State) in [
      ("succeeded", .succeeded), ("processing", .processing), ("requires_capture", .processing),
      ("requires_action", .requiresAction), ("requires_confirmation", .requiresAction), ("canceled", .declined),
      ("requires_payment_method", .declined),
    ] {
      #expect(try await provider(Script([(200, intent(status))])).payment("pi_1").state == state)
    }
    let redirect = #","next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/x"}}"#
    let asked = try await provider(Script([(200, intent("requires_action", more: redirect))])).pay(request)
    #expect(asked.actionURL == "https://hooks.stripe.com/x")
    await #expect(throws: StripeFault.self) {
      try await provider(Script([(200, intent("of_next_year"))])).payment("pi_1")
    }
  }

  @Test func `what may pass is asked again with the same key, and then is no answer`() async throws {
    let busy = #"{"error":{"type":"invalid_request_error","code":"lock_timeout"}}"#
    for status in [409, 429, 500, 503] {
      let script = Script([(status, busy), (status, busy), (200, intent("succeeded"))])
      #expect(try await provider(script).pay(request).state == .succeeded)
      #expect(script.calls.count == 3)
      let keys = script.calls.map { call in call.headers.first { $0.name == "Idempotency-Key" }?.value }
      #expect(Set(keys) == ["\(order)/\(attempt)"])
    }
    let script = Script([(503, "busy")])
    await #expect(throws: StripeFault.self) { try await provider(script).pay(request) }
    #expect(script.calls.count == 3)
  }

  @Test func `what depends on our key is no answer, and a refusal is one`() async throws {
    for (status, body) in [
      (401, #"{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_test_hush"}}"#),
      (403, #"{"error":{"type":"invalid_request_error","code":"secret_key_required"}}"#),
      (400, #"{"error":{"type":"idempotency_error","message":"Keys for idempotent requests …"}}"#), (200, "<html>"),
      (302, ""),
    ] {
      await #expect {
        try await provider(Script([(status, body)])).pay(request)
      } throws: { error in
        error is StripeFault && !"\(error) \(String(reflecting: error))".contains("hush")
      }
    }
    let small = #"{"error":{"type":"invalid_request_error","code":"amount_too_small","param":"amount"}}"#
    await #expect {
      try await provider(Script([(400, small)])).pay(request)
    } throws: {
      ($0 as? ProviderRefused)?.code == "amount_too_small"
    }
    let used = #"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"confirmation_token"}}"#
    #expect(
      try await provider(Script([(400, used)])).pay(request).failure?.code == "payment_method_unknown")
  }

  @Test func `a payment is found on whatever page of the list it is`() async throws {
    let other = intent("succeeded", id: "pi_other").replacing("\(attempt)", with: "\(order)")
    let script = Script([
      (200, #"{"object":"list","has_more":true,"data":[\#(other)]}"#),
      (200, #"{"object":"list","has_more":true,"data":[\#(other.replacing("pi_other", with: "pi_older"))]}"#),
      (200, #"{"object":"list","has_more":false,"data":[\#(intent("succeeded"))]}"#),
    ])
    #expect(try await provider(script).payment(attempt: attempt)?.id == "pi_1")
    let window = "created[gte]=1795175700&created[lte]=1795176300"
    #expect(
      script.calls.map { $0.url.split(separator: "?").last.map(String.init) } == [
        "\(window)&limit=100", "\(window)&limit=100&starting_after=pi_other",
        "\(window)&limit=100&starting_after=pi_older",
      ])
    let none = Script([(200, #"{"object":"list","has_more":false,"data":[\#(other)]}"#)])
    #expect(try await provider(none).payment(attempt: attempt) == nil)
    // A list without end is no answer: what was not found may still be there.
    let endless = Script([(200, #"{"object":"list","has_more":true,"data":[\#(other)]}"#)])
    await #expect(throws: StripeFault.self) { try await provider(endless).payment(attempt: attempt) }
    #expect(endless.calls.count == 100)
  }

  @Test func `a refund says how it stands, and one that cannot be is refused`() async throws {
    let asked = RefundRequest(
      payment: "pi_1", amount: Money(minor: 100, currency: Stall.rupee), key: "k", made: SettableClock().now)
    for (status, state): (String, ProviderRefund.State) in [
      ("succeeded", .succeeded), ("pending", .pending), ("requires_action", .pending),
      ("failed", .failed(code: "lost_or_stolen_card")), ("canceled", .failed(code: "lost_or_stolen_card")),
    ] {
      let body = #"{"id":"re_1","status":"\#(status)","failure_reason":"lost_or_stolen_card","metadata":null}"#
      #expect(try await provider(Script([(200, body)])).refund(asked) == ProviderRefund(id: "re_1", state: state))
    }
    let gone = #"{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}"#
    await #expect {
      try await provider(Script([(400, gone)])).refund(asked)
    } throws: {
      ($0 as? ProviderRefused)?.code == "charge_already_refunded"
    }
  }

  @Test func `what is sent is a form, with nothing in it that could be read as more of it`() async throws {
    let script = Script([(200, intent("succeeded"))])
    _ = try await provider(script).pay(request)
    let call = try #require(script.calls.first)
    #expect(call.url == "https://api.stripe.com/v1/payment_intents" && call.method == .post)
    let body = String(decoding: call.body, as: UTF8.self)
    #expect(body.hasPrefix("amount=129900&currency=inr&confirm=true&allowed_payment_method_types[0]=card"))
    #expect(body.contains("&confirmation_token=ctoken_1&"))
    #expect(body.contains("&description=H-1%20%26%20%E2%80%9CS%C3%B6hne%E2%80%9D&"))
    #expect(call.headers.contains { $0.name == "Authorization" && $0.value == "Bearer sk_test_hush" })
    for id in ["", "../refunds", "pi_1?expand[]=x", "pi 1"] {
      await #expect(throws: ProviderRefused.self) { try await provider(script).payment(id) }
    }
    #expect(script.calls.count == 1)
  }

  @Test func `who takes new payments and who is only there for refunds are two things`() async throws {
    let stripe = provider(Script([(200, "")]))
    #expect(PaymentProviders([stripe]).current?.name == "stripe")
    let closed = PaymentProviders([stripe], takesNew: false)
    #expect(closed.current == nil && closed["stripe"]?.name == "stripe" && closed["sandbox"] == nil)
  }
}
