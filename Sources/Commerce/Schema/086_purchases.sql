-- A bag with products of several sellers becomes an order for each of them. They are paid together, and all name the
-- first of them here. Null for an order that is paid alone.
ALTER TABLE orders ADD COLUMN purchase_id BYTEA;

CREATE INDEX orders_of_purchase ON orders (purchase_id) WHERE purchase_id IS NOT NULL;

-- What a try to pay is for: one order, or those of a purchase. What it brings is booked for each by the share's id.
CREATE TABLE payment_share (
  id BYTEA NOT NULL PRIMARY KEY,
  attempt_id BYTEA NOT NULL REFERENCES payment_attempt (id),
  order_id BYTEA NOT NULL REFERENCES orders (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  UNIQUE (attempt_id, order_id)
);

CREATE INDEX payment_share_of_order ON payment_share (order_id);

-- Until now each attempt was for one order, and booked by its own id.
INSERT INTO payment_share (id, attempt_id, order_id, amount_minor)
  SELECT id, id, order_id, amount_minor FROM payment_attempt;
