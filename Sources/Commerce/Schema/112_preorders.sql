-- Variants that are ordered before they are there: a deposit now, the balance when the goods have come
-- (docs/decisions/0033).
CREATE TABLE preorder (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  -- `stopped` takes no more; `ended` is when nobody waits then, and the variant is sold as others are.
  state TEXT NOT NULL CHECK (state IN ('open', 'stopped', 'ended', 'called_off')),
  deposit_bp BIGINT NOT NULL CHECK (deposit_bp BETWEEN 100 AND 10000),
  -- Units that may be preordered, those of places that have not ended, and those of them that wait for goods.
  units_max BIGINT NOT NULL CHECK (units_max >= 1),
  units_taken BIGINT NOT NULL CHECK (units_taken >= 0),
  units_waiting BIGINT NOT NULL CHECK (units_waiting >= 0),
  -- Units on the shelf that the seller gave to those who wait, and that nobody has yet.
  units_ready BIGINT NOT NULL CHECK (units_ready >= 0),
  ships_by_ms BIGINT NOT NULL,
  until_ms BIGINT NOT NULL,
  -- How long a buyer has for the balance.
  pay_days BIGINT NOT NULL CHECK (pay_days BETWEEN 3 AND 30),
  account_id BYTEA,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  CHECK (units_taken <= units_max),
  CHECK (units_waiting <= units_taken)
);
CREATE UNIQUE INDEX preorder_of_variant ON preorder (variant_id) WHERE state IN ('open', 'stopped');
CREATE INDEX preorder_of_channel ON preorder (channel_id, created_ms, id);
CREATE INDEX preorder_open ON preorder (until_ms) WHERE state = 'open';
CREATE INDEX preorder_at_work ON preorder (state, id);

-- A buyer's place: the order that paid the deposit, and the one for the balance once there are goods.
CREATE TABLE preorder_place (
  order_id BYTEA NOT NULL PRIMARY KEY REFERENCES orders (id),
  preorder_id BYTEA NOT NULL REFERENCES preorder (id),
  quantity BIGINT NOT NULL CHECK (quantity >= 1),
  -- `held` until the deposit is paid; `waiting` for goods; `called` to pay the balance; `complete` once that is paid.
  state TEXT NOT NULL CHECK (state IN ('held', 'waiting', 'called', 'complete', 'ended')),
  -- Why it ended; else empty.
  why TEXT NOT NULL CHECK (why IN ('', 'unpaid', 'cancelled', 'lapsed', 'called_off')),
  -- What one unit costs in all, as it was sold, and what of it is the balance.
  price_minor BIGINT NOT NULL CHECK (price_minor >= 1),
  balance_minor BIGINT NOT NULL CHECK (balance_minor >= 0),
  -- The rest of what the balance will be, at the rates of the deposit's line.
  refund_fee_minor BIGINT NOT NULL CHECK (refund_fee_minor >= 0),
  shipping_minor BIGINT NOT NULL CHECK (shipping_minor >= 0),
  is_tax_added BIGINT NOT NULL CHECK (is_tax_added IN (0, 1)),
  -- What the buyer was told.
  ships_by_ms BIGINT NOT NULL,
  pay_days BIGINT NOT NULL,
  balance_order_id BYTEA,
  -- Until when the balance can be paid.
  due_ms BIGINT,
  -- Its turn: when the deposit was paid.
  since_ms BIGINT,
  created_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  CHECK ((state = 'ended') = (why <> '')),
  CHECK (state IN ('held', 'ended') OR since_ms IS NOT NULL),
  CHECK (state <> 'called' OR balance_order_id IS NOT NULL AND due_ms IS NOT NULL)
);
CREATE UNIQUE INDEX preorder_place_of_balance ON preorder_place (balance_order_id) WHERE balance_order_id IS NOT NULL;
CREATE INDEX preorder_place_waiting ON preorder_place (preorder_id, since_ms, order_id) WHERE state = 'waiting';
CREATE INDEX preorder_place_open ON preorder_place (preorder_id) WHERE state IN ('held', 'waiting', 'called');
CREATE INDEX preorder_place_of ON preorder_place (preorder_id, created_ms, order_id);

-- The preorder that a variant is on, open or stopped: pricing a bag looks no further where there is none.
ALTER TABLE variant ADD COLUMN preorder_id BYTEA;

-- Which part of a preorder an order pays; null for all others.
ALTER TABLE orders ADD COLUMN part TEXT CHECK (part IN ('deposit', 'balance'));
