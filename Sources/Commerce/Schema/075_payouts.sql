-- Transfers of the books that are of no order: payouts. SQLite cannot change a check, so both tables are made anew.
CREATE TABLE ledger_transfer_next (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'stray_payment', 'stray_refund', 'payout', 'payout_paid',
    'payout_returned')),
  -- Null for payouts alone.
  order_id BYTEA,
  -- The payment attempt, the refund, the payout or the end of a payout that it books: each is booked once.
  cause_id BYTEA NOT NULL UNIQUE,
  at_ms BIGINT NOT NULL,
  CHECK ((order_id IS NULL) = (kind IN ('payout', 'payout_paid', 'payout_returned')))
);

INSERT INTO ledger_transfer_next (id, kind, order_id, cause_id, at_ms)
SELECT id, kind, order_id, cause_id, at_ms FROM ledger_transfer;

CREATE TABLE ledger_entry_next (
  transfer_id BYTEA NOT NULL REFERENCES ledger_transfer_next (id),
  position BIGINT NOT NULL,
  -- provider:<name>, seller:<channel>, commission, promotion, tax:<market>, buyer:<order>, payouts, bank.
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  -- Positive: the house owes it to the account, or has earned it. Negative: the account owes it to the house.
  amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
  PRIMARY KEY (transfer_id, position)
);

INSERT INTO ledger_entry_next (transfer_id, position, account, currency, amount_minor)
SELECT transfer_id, position, account, currency, amount_minor FROM ledger_entry;

DROP TABLE ledger_entry;
DROP TABLE ledger_transfer;
ALTER TABLE ledger_transfer_next RENAME TO ledger_transfer;
ALTER TABLE ledger_entry_next RENAME TO ledger_entry;

CREATE INDEX ledger_transfer_of_order ON ledger_transfer (order_id);
CREATE INDEX ledger_entry_of_account ON ledger_entry (account, transfer_id);

-- Where somebody's money goes. The account's number is sealed with the installation's secret.
CREATE TABLE payout_destination (
  payee TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  -- JSON of the whole account, sealed.
  sealed BYTEA NOT NULL,
  -- What may be seen of the number.
  ending TEXT NOT NULL,
  changed_ms BIGINT NOT NULL,
  account_id BYTEA NOT NULL
);

-- Whose money is kept back, and why; one row for each time.
CREATE TABLE payout_hold (
  id BYTEA NOT NULL PRIMARY KEY,
  payee TEXT NOT NULL,
  reason TEXT NOT NULL,
  account_id BYTEA NOT NULL,
  held_ms BIGINT NOT NULL,
  released_ms BIGINT
);

CREATE UNIQUE INDEX payout_hold_open ON payout_hold (payee) WHERE released_ms IS NULL;

-- Payouts that were written into one file for a bank.
CREATE TABLE payout_file (
  id BYTEA NOT NULL PRIMARY KEY,
  currency TEXT NOT NULL,
  account_id BYTEA NOT NULL,
  made_ms BIGINT NOT NULL
);

CREATE TABLE payout (
  id BYTEA NOT NULL PRIMARY KEY,
  -- `channel:<id>`.
  payee TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'paid', 'returned')),
  -- The destination as it was when the payout was made.
  holder TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  ending TEXT NOT NULL,
  file_id BYTEA REFERENCES payout_file (id),
  -- What the transfer of its end is booked under.
  end_id BYTEA,
  failure TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  ended_ms BIGINT,
  CHECK (state <> 'sent' OR file_id IS NOT NULL),
  CHECK ((state IN ('paid', 'returned')) = (end_id IS NOT NULL))
);

CREATE INDEX payout_of_payee ON payout (payee, made_ms, id);
CREATE INDEX payout_open ON payout (state, made_ms) WHERE state IN ('pending', 'sent');
CREATE UNIQUE INDEX payout_of_end ON payout (end_id) WHERE end_id IS NOT NULL;
CREATE INDEX payout_of_file ON payout (file_id) WHERE file_id IS NOT NULL;
