-- What a refund is for, when it names lines of its order: so many units that were sent, and what was paid for them. The
-- amounts of a refund's lines sum to its amount.
CREATE TABLE refund_line (
  refund_id BYTEA NOT NULL REFERENCES refund (id),
  -- The order line's position.
  position BIGINT NOT NULL,
  quantity BIGINT NOT NULL CHECK (quantity > 0),
  amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
  PRIMARY KEY (refund_id, position)
);
