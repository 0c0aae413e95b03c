-- What takes something off an order, by its code or by a card on screen. One coupon is for one market, and so for one
-- currency.
CREATE TABLE coupon (
  id BYTEA NOT NULL PRIMARY KEY,
  -- The seller who made it and pays for it; null for the platform's own, which the platform pays for.
  channel_id BYTEA,
  -- channel_id, or nothing for the platform's: a code is unique in each.
  scope BYTEA NOT NULL,
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  market TEXT NOT NULL,
  currency TEXT NOT NULL,
  -- Either a share or an amount.
  percent_bp BIGINT CHECK (percent_bp BETWEEN 1 AND 9000),
  amount_minor BIGINT CHECK (amount_minor BETWEEN 1 AND 1000000000000),
  -- The most that a share may come to.
  discount_max_minor BIGINT CHECK (discount_max_minor BETWEEN 1 AND 1000000000000),
  -- What it applies to has to come to this.
  minimum_minor BIGINT NOT NULL CHECK (minimum_minor BETWEEN 0 AND 1000000000000),
  claims_max BIGINT NOT NULL CHECK (claims_max >= 1),
  claims_per_buyer_max BIGINT NOT NULL CHECK (claims_per_buyer_max >= 1),
  -- Orders with it that wait for payment or were paid.
  taken BIGINT NOT NULL CHECK (taken BETWEEN 0 AND claims_max),
  starts_ms BIGINT NOT NULL,
  -- 9223372036854775807 (never) without an end.
  ends_ms BIGINT NOT NULL,
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  CHECK ((percent_bp IS NULL) <> (amount_minor IS NULL))
);

CREATE UNIQUE INDEX coupon_of_code ON coupon (code, market, scope);
CREATE INDEX coupon_of_scope ON coupon (scope, created_ms, id);

-- What each buyer has claimed of a coupon, by a digest of the account or e-mail address; forgotten a day after its end.
CREATE TABLE coupon_buyer (
  coupon_id BYTEA NOT NULL,
  buyer BYTEA NOT NULL,
  claims BIGINT NOT NULL CHECK (claims >= 0),
  PRIMARY KEY (coupon_id, buyer)
);

-- What a coupon took off an order, and the part of that which the platform puts in. subtotal_minor is what is left of the
-- lines: total_minor = subtotal_minor + shipping_minor goes on to hold.
ALTER TABLE orders ADD COLUMN coupon_id BYTEA;
ALTER TABLE orders ADD COLUMN coupon_code TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN discount_minor BIGINT NOT NULL DEFAULT 0 CHECK (discount_minor >= 0);
ALTER TABLE orders ADD COLUMN promotion_minor BIGINT NOT NULL DEFAULT 0 CHECK (promotion_minor >= 0);
-- The line's share of both. Its tax and commission are of total_minor - discount_minor + promotion_minor.
ALTER TABLE order_line ADD COLUMN discount_minor BIGINT NOT NULL DEFAULT 0 CHECK (discount_minor >= 0);
ALTER TABLE order_line ADD COLUMN promotion_minor BIGINT NOT NULL DEFAULT 0 CHECK (promotion_minor >= 0);

CREATE INDEX orders_of_coupon ON orders (coupon_id) WHERE coupon_id IS NOT NULL;

-- The coupon that is on screen.
ALTER TABLE show ADD COLUMN coupon_id BYTEA;
