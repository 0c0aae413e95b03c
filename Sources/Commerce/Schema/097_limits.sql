-- How many units an order, and a buyer in all their orders, may have; null without a limit. A product's are for all its
-- variants together.
ALTER TABLE product ADD COLUMN order_units_max BIGINT CHECK (order_units_max >= 1);
ALTER TABLE product ADD COLUMN buyer_units_max BIGINT CHECK (buyer_units_max >= 1);
ALTER TABLE variant ADD COLUMN order_units_max BIGINT CHECK (order_units_max >= 1);
ALTER TABLE variant ADD COLUMN buyer_units_max BIGINT CHECK (buyer_units_max >= 1);

-- What each buyer has of a variant or a product that has a limit for buyers, by a digest of the account or e-mail
-- address. Each row is the sum of what limited_order says.
CREATE TABLE limited_units (
  subject_id BYTEA NOT NULL,
  buyer BYTEA NOT NULL,
  units BIGINT NOT NULL CHECK (units >= 0),
  PRIMARY KEY (subject_id, buyer)
);

-- What an order counts for in it: none of what ended unpaid, or was never sent and not paid for in the end.
CREATE TABLE limited_order (
  order_id BYTEA NOT NULL,
  subject_id BYTEA NOT NULL,
  buyer BYTEA NOT NULL,
  units BIGINT NOT NULL CHECK (units >= 0),
  PRIMARY KEY (order_id, subject_id)
);
