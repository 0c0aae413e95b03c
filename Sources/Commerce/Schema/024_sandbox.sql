-- What the built-in sandbox provider remembers. Nothing else reads these tables.
CREATE TABLE sandbox_method (
  id TEXT NOT NULL PRIMARY KEY,
  brand TEXT NOT NULL,
  last4 TEXT NOT NULL,
  -- What the test number asks for; the number itself is not kept.
  conduct TEXT NOT NULL,
  made_ms BIGINT NOT NULL
);

CREATE TABLE sandbox_payment (
  id TEXT NOT NULL PRIMARY KEY,
  attempt BYTEA NOT NULL UNIQUE,
  reference TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  refunded_minor BIGINT NOT NULL CHECK (refunded_minor BETWEEN 0 AND amount_minor),
  currency TEXT NOT NULL,
  state TEXT NOT NULL,
  failure_code TEXT NOT NULL,
  failure_sentence TEXT NOT NULL,
  made_ms BIGINT NOT NULL
);

CREATE INDEX sandbox_payment_slow ON sandbox_payment (made_ms) WHERE state = 'processing';

CREATE TABLE sandbox_refund (
  id TEXT NOT NULL PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  payment_id TEXT NOT NULL REFERENCES sandbox_payment (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  made_ms BIGINT NOT NULL
);

-- Webhooks yet to be delivered, so that a restart loses none.
CREATE TABLE sandbox_event (
  id TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL,
  due_ms BIGINT NOT NULL,
  -- How many deliveries are still to be made: two for one that is to arrive twice.
  deliveries BIGINT NOT NULL,
  tries BIGINT NOT NULL
);

CREATE INDEX sandbox_event_due ON sandbox_event (due_ms);
