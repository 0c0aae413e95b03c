-- On which terms a seller's products may be sold in other channels' shows. Terms are never changed: they are ended, and
-- others made.
CREATE TABLE affiliate_terms (
  id BYTEA NOT NULL PRIMARY KEY,
  -- The seller.
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  -- One product; null for all.
  product_id BYTEA REFERENCES product (id),
  -- One creator, whose own rate wins; null for every channel.
  creator_id BYTEA REFERENCES channel (id),
  -- The creator's share of what is sold, without its tax.
  rate_bp BIGINT NOT NULL CHECK (rate_bp BETWEEN 100 AND 8000),
  starts_ms BIGINT NOT NULL,
  -- 9223372036854775807 (never) without an end. A show that began before the end goes on selling on these terms.
  ends_ms BIGINT NOT NULL,
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);

CREATE INDEX affiliate_terms_of_channel ON affiliate_terms (channel_id, ends_ms);
CREATE INDEX affiliate_terms_of_creator ON affiliate_terms (creator_id, ends_ms);

-- The channel in whose show it was sold, when that is not the seller.
ALTER TABLE orders ADD COLUMN creator_id BYTEA;
CREATE INDEX orders_of_creator ON orders (creator_id, placed_ms, id) WHERE creator_id IS NOT NULL;
-- The rate it was sold under, and what it came to; the seller has so much less.
ALTER TABLE order_line ADD COLUMN creator_bp BIGINT NOT NULL DEFAULT 0 CHECK (creator_bp BETWEEN 0 AND 8000);
ALTER TABLE order_line ADD COLUMN creator_minor BIGINT NOT NULL DEFAULT 0 CHECK (creator_minor >= 0);
-- What the creator gave back of a refund.
ALTER TABLE refund ADD COLUMN creator_minor BIGINT NOT NULL DEFAULT 0;
