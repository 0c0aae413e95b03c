-- "order" is a word of SQL.
CREATE TABLE orders (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL,
  show_id BYTEA,
  market TEXT NOT NULL,
  -- The buyer's account; null for a guest, who comes back with the token whose SHA-256 is access_hash.
  account_id BYTEA,
  access_hash BYTEA NOT NULL,
  -- SHA-256 of the bag and the buyer: the same id with another fingerprint is another order, and refused.
  fingerprint BYTEA NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('placed', 'paid', 'fulfilled', 'delivered', 'settled', 'expired', 'cancelled', 'refunded')),
  currency TEXT NOT NULL,
  subtotal_minor BIGINT NOT NULL CHECK (subtotal_minor >= 0),
  shipping_minor BIGINT NOT NULL CHECK (shipping_minor >= 0),
  -- Contained in subtotal_minor, not added to it.
  tax_minor BIGINT NOT NULL CHECK (tax_minor >= 0),
  total_minor BIGINT NOT NULL CHECK (total_minor = subtotal_minor + shipping_minor),
  -- Refunded or being refunded.
  refunded_minor BIGINT NOT NULL CHECK (refunded_minor BETWEEN 0 AND total_minor),
  -- JSON of name, email, phone and address.
  buyer TEXT NOT NULL,
  language TEXT NOT NULL,
  tracking TEXT NOT NULL,
  placed_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  paid_ms BIGINT,
  closed_ms BIGINT
);

-- Lists go by when orders were placed: an id's time is what its maker says.
CREATE INDEX orders_of_channel ON orders (channel_id, placed_ms, id);
CREATE INDEX orders_of_account ON orders (account_id, placed_ms, id) WHERE account_id IS NOT NULL;
CREATE INDEX orders_to_expire ON orders (expires_ms) WHERE state = 'placed';

CREATE TABLE order_line (
  order_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  offer_id BYTEA NOT NULL,
  variant_id BYTEA NOT NULL,
  product_id BYTEA NOT NULL,
  -- As sold: a later change of the product changes no order.
  title TEXT NOT NULL,
  sku TEXT NOT NULL,
  quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  price_minor BIGINT NOT NULL CHECK (price_minor > 0),
  total_minor BIGINT NOT NULL CHECK (total_minor = price_minor * quantity),
  tax_bp BIGINT NOT NULL,
  commission_bp BIGINT NOT NULL,
  -- The split of total_minor: tax, commission, and the seller's part, which is what is left.
  tax_minor BIGINT NOT NULL CHECK (tax_minor >= 0),
  commission_minor BIGINT NOT NULL CHECK (commission_minor >= 0),
  CHECK (tax_minor + commission_minor <= total_minor),
  PRIMARY KEY (order_id, position)
);

-- Further tokens of an order, given when the same order was asked for again: the first one cannot be told twice.
CREATE TABLE order_access (
  order_id BYTEA NOT NULL,
  access_hash BYTEA NOT NULL,
  made_ms BIGINT NOT NULL,
  PRIMARY KEY (order_id, access_hash)
);

CREATE TABLE idempotency_key (
  -- SHA-256 of scope and key.
  name BYTEA NOT NULL PRIMARY KEY,
  fingerprint BYTEA NOT NULL,
  -- The order that was placed under this key, or else the answer that was given, sealed with the key itself.
  order_id BYTEA,
  status BIGINT,
  answer BYTEA,
  claimed_ms BIGINT NOT NULL
);

CREATE INDEX idempotency_key_age ON idempotency_key (claimed_ms);
