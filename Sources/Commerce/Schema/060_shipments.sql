-- Parcels of an order. Several may share an order, and a parcel may hold a part of a line.
CREATE TABLE shipment (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  carrier TEXT NOT NULL,
  tracking TEXT NOT NULL,
  -- Where the parcel can be followed; http or https, or empty.
  link TEXT NOT NULL,
  account_id BYTEA,
  sent_ms BIGINT NOT NULL,
  delivered_ms BIGINT
);

CREATE INDEX shipment_of_order ON shipment (order_id, sent_ms, id);

CREATE TABLE shipment_line (
  shipment_id BYTEA NOT NULL REFERENCES shipment (id),
  -- The order line's position.
  position BIGINT NOT NULL,
  quantity BIGINT NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (shipment_id, position)
);

-- When the last parcel arrived: the seller's money is released a set time after it.
ALTER TABLE orders ADD COLUMN delivered_ms BIGINT;
CREATE INDEX orders_to_settle ON orders (delivered_ms) WHERE state = 'delivered';

-- What was sent before there were shipments went as one. When is not known: no earlier than it was paid.
INSERT INTO shipment (id, order_id, carrier, tracking, link, account_id, sent_ms, delivered_ms)
SELECT id, id, '', tracking, '', NULL, COALESCE(paid_ms, placed_ms), NULL FROM orders WHERE state = 'fulfilled';

INSERT INTO shipment_line (shipment_id, position, quantity)
SELECT order_line.order_id, order_line.position, order_line.quantity
FROM order_line JOIN orders ON orders.id = order_line.order_id WHERE orders.state = 'fulfilled';
