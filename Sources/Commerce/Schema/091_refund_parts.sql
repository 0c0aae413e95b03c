-- Refunds are taken from the lines they are for, and from the shipping, rather than from the order as a whole.

-- What of a refund by line is for the shipping.
ALTER TABLE refund ADD COLUMN shipping_minor BIGINT NOT NULL DEFAULT 0 CHECK (shipping_minor >= 0);
-- Units of it that were never sent: they go back on the shelf with the money.
ALTER TABLE refund_line ADD COLUMN unsent BIGINT NOT NULL DEFAULT 0 CHECK (unsent >= 0);

-- How much of a refund each pot of its order gives. A refund of a sale without any is from before there were pots: it
-- was taken from the order as a whole, and so are all others of its order.
CREATE TABLE refund_part (
  refund_id BYTEA NOT NULL REFERENCES refund (id),
  -- The order line's position; -1 for the shipping.
  pot BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (refund_id, pot)
);
