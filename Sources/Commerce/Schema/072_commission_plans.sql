-- What the platform keeps of what is sold, from one day to another, instead of the market's own rate. An order keeps what
-- it was sold under, so a plan is never changed: it is ended, and another one made.
CREATE TABLE commission_plan (
  id BYTEA NOT NULL PRIMARY KEY,
  -- Null is for every market.
  market TEXT,
  -- Of products whose category this is or lies in, `Apparel > Shoes`; empty for all. `category_folded` is what is compared.
  category TEXT NOT NULL,
  category_folded TEXT NOT NULL,
  commission_bp BIGINT NOT NULL CHECK (commission_bp BETWEEN 0 AND 10000),
  -- What a channel pays for so many days after it was made.
  starting_days BIGINT NOT NULL CHECK (starting_days BETWEEN 0 AND 3650),
  starting_bp BIGINT NOT NULL CHECK (starting_bp BETWEEN 0 AND 10000),
  -- The share of a line's commission that the platform keeps when all of it is refunded, and the most that is for one
  -- line, in minor units of the market's currency.
  refund_fee_bp BIGINT NOT NULL CHECK (refund_fee_bp BETWEEN 0 AND 10000),
  refund_fee_max_minor BIGINT CHECK (refund_fee_max_minor BETWEEN 0 AND 1000000000000),
  starts_ms BIGINT NOT NULL,
  -- 9223372036854775807 (never) without an end.
  ends_ms BIGINT NOT NULL,
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  CHECK (refund_fee_max_minor IS NULL OR market IS NOT NULL)
);

CREATE INDEX commission_plan_open ON commission_plan (ends_ms);

-- As in a product taxonomy, the wider first: `Apparel & Accessories > Jewellery`.
ALTER TABLE product ADD COLUMN category TEXT NOT NULL DEFAULT '';

-- What of commission_minor stays with the platform when the line is refunded whole. The seller bears it.
ALTER TABLE order_line ADD COLUMN refund_fee_minor BIGINT NOT NULL DEFAULT 0 CHECK (refund_fee_minor >= 0);
-- What of a refund's commission stayed with the platform: commission_minor is without it, seller_minor with it.
ALTER TABLE refund ADD COLUMN fee_minor BIGINT NOT NULL DEFAULT 0;
