-- One try to pay one order. It is stored before the provider is asked, so that a crash between leaves a trace.
CREATE TABLE payment_attempt (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  provider TEXT NOT NULL,
  -- The caller's key: asking twice with the same key is one attempt.
  key TEXT NOT NULL,
  method TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('started', 'requires_action', 'processing', 'declined', 'succeeded')),
  -- What the provider calls the payment; empty until it has answered.
  payment_id TEXT NOT NULL,
  action_url TEXT NOT NULL,
  failure_code TEXT NOT NULL,
  failure_sentence TEXT NOT NULL,
  started_ms BIGINT NOT NULL,
  -- When the provider was last asked what became of it.
  asked_ms BIGINT NOT NULL,
  UNIQUE (order_id, key)
);

CREATE INDEX payment_attempt_open ON payment_attempt (asked_ms)
  WHERE state IN ('started', 'requires_action', 'processing');

CREATE TABLE refund (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  attempt_id BYTEA NOT NULL REFERENCES payment_attempt (id),
  -- 'sale': part or whole of a paid order. 'stray': money that came for an order that did not want it any more.
  kind TEXT NOT NULL CHECK (kind IN ('sale', 'stray')),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  reason TEXT NOT NULL,
  account_id BYTEA,
  state TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
  refund_id TEXT NOT NULL,
  failure TEXT NOT NULL,
  -- The parts it was taken from, once it succeeded; they sum to amount_minor.
  tax_minor BIGINT NOT NULL,
  commission_minor BIGINT NOT NULL,
  seller_minor BIGINT NOT NULL,
  -- The how manieth refund of its order it was to go through; 0 until it did.
  place BIGINT NOT NULL,
  made_ms BIGINT NOT NULL,
  asked_ms BIGINT NOT NULL
);

CREATE INDEX refund_of_order ON refund (order_id);
CREATE INDEX refund_pending ON refund (asked_ms) WHERE state = 'pending';

-- Each event of a provider, stored in the transaction of its effect: seen before means done before.
CREATE TABLE provider_event (
  provider TEXT NOT NULL,
  event_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  body BYTEA NOT NULL,
  received_ms BIGINT NOT NULL,
  PRIMARY KEY (provider, event_id)
);
