-- A price at which a variant can be bought in a market, from opened_ms until closed_ms.
-- An offer is never changed, only closed: order lines name it.
CREATE TABLE offer (
  id BYTEA NOT NULL PRIMARY KEY,
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  market TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('list')),
  currency TEXT NOT NULL,
  price_minor BIGINT NOT NULL CHECK (price_minor BETWEEN 1 AND 1000000000000),
  compare_at_minor BIGINT CHECK (compare_at_minor BETWEEN 1 AND 1000000000000),
  opened_ms BIGINT NOT NULL,
  -- 9223372036854775807 (never) while open.
  closed_ms BIGINT NOT NULL
);

-- One open list price a variant and market, whoever races.
CREATE UNIQUE INDEX offer_open_list ON offer (variant_id, market)
  WHERE kind = 'list' AND closed_ms = 9223372036854775807;

-- available = on_hand − reserved. Each change has its row in stock_movement.
CREATE TABLE stock (
  variant_id BYTEA NOT NULL PRIMARY KEY REFERENCES variant (id),
  on_hand BIGINT NOT NULL CHECK (on_hand >= 0),
  reserved BIGINT NOT NULL CHECK (reserved >= 0),
  CHECK (reserved <= on_hand)
);

-- The journal `haat audit` re-derives stock from. It has no foreign keys: it is written on the hottest path, it must
-- outlive what it names, and the audit looks for strays.
CREATE TABLE stock_movement (
  variant_id BYTEA NOT NULL,
  id BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('received', 'corrected', 'reserved', 'released', 'sold', 'returned')),
  on_hand_change BIGINT NOT NULL,
  reserved_change BIGINT NOT NULL,
  -- Who and why: the order it was for, the account that did it, and a note; null for the house itself.
  order_id BYTEA,
  account_id BYTEA,
  note TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (variant_id, id)
);
