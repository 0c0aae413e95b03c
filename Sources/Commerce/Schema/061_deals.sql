-- An offer may be a deal's. SQLite does not change the CHECK of a table that is there, so the table is laid anew.
CREATE TABLE offer_of_all_kinds (
  id BYTEA NOT NULL PRIMARY KEY,
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  market TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('list', 'deal', 'clip')),
  currency TEXT NOT NULL,
  price_minor BIGINT NOT NULL CHECK (price_minor BETWEEN 1 AND 1000000000000),
  compare_at_minor BIGINT CHECK (compare_at_minor BETWEEN 1 AND 1000000000000),
  -- A deal's opens and closes by the clock: both are known from the start.
  opened_ms BIGINT NOT NULL,
  -- 9223372036854775807 (never) while open and without an end.
  closed_ms BIGINT NOT NULL,
  deal_id BYTEA,
  -- The lowest price of the thirty days before; of deals alone.
  lowest_minor BIGINT CHECK (lowest_minor BETWEEN 1 AND 1000000000000),
  CHECK ((kind = 'deal') = (deal_id IS NOT NULL))
);

INSERT INTO offer_of_all_kinds (id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms,
  closed_ms, deal_id, lowest_minor)
SELECT id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms, closed_ms, NULL, NULL
FROM offer;

DROP TABLE offer;

ALTER TABLE offer_of_all_kinds RENAME TO offer;

-- One open list price a variant and market, whoever races.
CREATE UNIQUE INDEX offer_open_list ON offer (variant_id, market)
  WHERE kind = 'list' AND closed_ms = 9223372036854775807;
CREATE INDEX offer_of_variant ON offer (variant_id, market, closed_ms);
CREATE INDEX offer_of_deal ON offer (deal_id) WHERE deal_id IS NOT NULL;

-- A price with a clock and a limit, for all variants of a product, opened by the host on air. Its offers have the same
-- clock. It ends by itself at ends_ms; ended_why is written when somebody saw that it did.
CREATE TABLE deal (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  product_id BYTEA NOT NULL REFERENCES product (id),
  starts_ms BIGINT NOT NULL,
  ends_ms BIGINT NOT NULL,
  -- When it starts on the show's own clock.
  start_media_ms BIGINT NOT NULL,
  units_max BIGINT NOT NULL CHECK (units_max >= 1),
  units_per_buyer_max BIGINT NOT NULL CHECK (units_per_buyer_max >= 1),
  -- Units of its orders that wait for payment or were paid.
  taken BIGINT NOT NULL CHECK (taken BETWEEN 0 AND units_max),
  ended_why TEXT CHECK (ended_why IN ('time', 'host', 'show')),
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX deal_of_product ON deal (product_id) WHERE ended_why IS NULL;
CREATE INDEX deal_under_way ON deal (ends_ms) WHERE ended_why IS NULL;
CREATE INDEX deal_of_show ON deal (show_id, created_ms, id);

-- What each buyer has taken of a deal, by a digest of the account or e-mail address; forgotten some time after its end.
CREATE TABLE deal_buyer (
  deal_id BYTEA NOT NULL,
  buyer BYTEA NOT NULL,
  units BIGINT NOT NULL CHECK (units >= 0),
  PRIMARY KEY (deal_id, buyer)
);
