-- The books. Rows are only ever added. A transfer's entries sum to zero in each currency; a balance is a sum of entries.
CREATE TABLE ledger_transfer (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'stray_payment', 'stray_refund')),
  order_id BYTEA NOT NULL,
  -- The payment attempt or the refund it books: each is booked once.
  cause_id BYTEA NOT NULL UNIQUE,
  at_ms BIGINT NOT NULL
);

CREATE INDEX ledger_transfer_of_order ON ledger_transfer (order_id);

CREATE TABLE ledger_entry (
  transfer_id BYTEA NOT NULL REFERENCES ledger_transfer (id),
  position BIGINT NOT NULL,
  -- provider:<name>, seller:<channel>, commission, tax:<market>, buyer:<order>.
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  -- Positive: the house owes it to the account, or has earned it. Negative: the account owes it to the house.
  amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
  PRIMARY KEY (transfer_id, position)
);

CREATE INDEX ledger_entry_of_account ON ledger_entry (account, transfer_id);
