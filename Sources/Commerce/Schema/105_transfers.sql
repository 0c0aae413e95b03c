-- Somebody's account at a payment provider, for money to be sent to.
CREATE TABLE provider_payee (
  payee TEXT NOT NULL,
  provider TEXT NOT NULL,
  -- The provider's name for it, such as `acct_…`; empty until the provider has answered.
  account TEXT NOT NULL,
  country TEXT NOT NULL,
  -- Whether the provider would take money for it when it was last asked.
  is_ready BIGINT NOT NULL CHECK (is_ready IN (0, 1)),
  made_ms BIGINT NOT NULL,
  asked_ms BIGINT NOT NULL,
  PRIMARY KEY (payee, provider)
);

CREATE UNIQUE INDEX provider_payee_account ON provider_payee (provider, account) WHERE account <> '';

-- Empty for a bank account, which is sealed; else the provider, and the account's name there.
ALTER TABLE payout_destination ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE payout_destination ADD COLUMN provider_account TEXT NOT NULL DEFAULT '';
ALTER TABLE payout ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE payout ADD COLUMN provider_account TEXT NOT NULL DEFAULT '';

-- What of which order was paid out. Its rows follow the entries that payouts and their returns have on the payee's
-- accounts, with the sign turned: what was paid out is positive, what came back negative.
CREATE TABLE payout_part (
  -- The cause of the transfer of the books that it is a part of.
  cause_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  -- Null for payouts of before there were parts.
  order_id BYTEA,
  amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
  PRIMARY KEY (cause_id, position)
);

CREATE INDEX payout_part_of_account ON payout_part (account, order_id);

INSERT INTO payout_part (cause_id, position, account, currency, order_id, amount_minor)
SELECT transfer.cause_id, entry.position, entry.account, entry.currency, NULL, -entry.amount_minor
FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
WHERE transfer.kind IN ('payout', 'payout_returned') AND entry.account <> 'payouts';

-- What a provider is to send of a payout, an order's part in each.
CREATE TABLE payout_transfer (
  id BYTEA NOT NULL PRIMARY KEY,
  payout_id BYTEA NOT NULL REFERENCES payout (id),
  provider TEXT NOT NULL,
  order_id BYTEA,
  -- The account of the books it was taken from.
  account TEXT NOT NULL,
  -- The provider's name for the payment that the money came with; empty when it came another way.
  payment TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'returned')),
  -- The provider's name for it.
  transfer_id TEXT NOT NULL,
  failure TEXT NOT NULL,
  -- What was taken back of it, or is asked back.
  reversed_minor BIGINT NOT NULL CHECK (reversed_minor BETWEEN 0 AND amount_minor),
  made_ms BIGINT NOT NULL,
  asked_ms BIGINT NOT NULL
);

CREATE INDEX payout_transfer_open ON payout_transfer (asked_ms) WHERE state = 'pending';
CREATE INDEX payout_transfer_of_payout ON payout_transfer (payout_id);
CREATE INDEX payout_transfer_of_order ON payout_transfer (order_id, account);

-- What is taken back from a transfer, because its order was refunded.
CREATE TABLE payout_reversal (
  id BYTEA NOT NULL PRIMARY KEY,
  transfer_id BYTEA NOT NULL REFERENCES payout_transfer (id),
  refund_id BYTEA NOT NULL REFERENCES refund (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  reversal_id TEXT NOT NULL,
  failure TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  asked_ms BIGINT NOT NULL
);

CREATE INDEX payout_reversal_open ON payout_reversal (asked_ms) WHERE state = 'pending';
CREATE INDEX payout_reversal_of_transfer ON payout_reversal (transfer_id);

CREATE TABLE sandbox_payee (
  id TEXT NOT NULL PRIMARY KEY,
  payee TEXT NOT NULL UNIQUE,
  is_ready BIGINT NOT NULL
);

CREATE TABLE sandbox_transfer (
  id TEXT NOT NULL PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  payee_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  reversed_minor BIGINT NOT NULL CHECK (reversed_minor BETWEEN 0 AND amount_minor),
  made_ms BIGINT NOT NULL
);

CREATE INDEX sandbox_transfer_of_payment ON sandbox_transfer (payment_id);

CREATE TABLE sandbox_reversal (
  id TEXT NOT NULL PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  transfer_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL
);
