-- Where an account has things sent. The one used last comes first.
CREATE TABLE saved_address (
  id BYTEA NOT NULL PRIMARY KEY,
  account_id BYTEA NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  phone TEXT NOT NULL,
  line1 TEXT NOT NULL,
  line2 TEXT NOT NULL,
  city TEXT NOT NULL,
  region TEXT NOT NULL,
  postal_code TEXT NOT NULL,
  country TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  used_ms BIGINT NOT NULL
);

CREATE INDEX saved_address_of_account ON saved_address (account_id);

-- What a provider calls an account.
CREATE TABLE provider_customer (
  account_id BYTEA NOT NULL REFERENCES account (id),
  provider TEXT NOT NULL,
  customer TEXT NOT NULL,
  PRIMARY KEY (account_id, provider)
);

-- A card that a provider keeps for an account. We know its name there, which is of no use without our key, and what a
-- person tells it by.
CREATE TABLE saved_card (
  id BYTEA NOT NULL PRIMARY KEY,
  account_id BYTEA NOT NULL REFERENCES account (id),
  provider TEXT NOT NULL,
  method TEXT NOT NULL,
  brand TEXT NOT NULL,
  last4 TEXT NOT NULL,
  exp_month BIGINT NOT NULL CHECK (exp_month BETWEEN 1 AND 12),
  exp_year BIGINT NOT NULL,
  made_ms BIGINT NOT NULL,
  used_ms BIGINT NOT NULL,
  UNIQUE (provider, method)
);

CREATE INDEX saved_card_of_account ON saved_card (account_id);

-- A card on its way to be saved without a payment, stored before the provider is asked.
CREATE TABLE card_setup (
  id BYTEA NOT NULL PRIMARY KEY,
  account_id BYTEA NOT NULL REFERENCES account (id),
  provider TEXT NOT NULL,
  method TEXT NOT NULL,
  -- What the provider calls it; empty until it has answered.
  setup_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('started', 'requires_action', 'processing', 'declined', 'succeeded')),
  card_id BYTEA,
  started_ms BIGINT NOT NULL
);

CREATE INDEX card_setup_of_account ON card_setup (account_id, started_ms);

-- Those who chose to buy with one tap.
CREATE TABLE one_tap (
  account_id BYTEA NOT NULL PRIMARY KEY REFERENCES account (id),
  since_ms BIGINT NOT NULL
);

-- For whom the card is to be saved, once the payment has succeeded.
ALTER TABLE payment_attempt ADD COLUMN saves_for BYTEA;

ALTER TABLE sandbox_method ADD COLUMN is_kept BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sandbox_method ADD COLUMN exp_month BIGINT NOT NULL DEFAULT 12;
ALTER TABLE sandbox_method ADD COLUMN exp_year BIGINT NOT NULL DEFAULT 2034;
ALTER TABLE sandbox_payment ADD COLUMN method TEXT NOT NULL DEFAULT '';

CREATE TABLE sandbox_setup (
  id TEXT NOT NULL PRIMARY KEY,
  setup BYTEA NOT NULL UNIQUE,
  method TEXT NOT NULL,
  state TEXT NOT NULL,
  failure_code TEXT NOT NULL,
  failure_sentence TEXT NOT NULL
);
