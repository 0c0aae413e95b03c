-- Who bought from a channel, each once: gathered from its paid orders when somebody looks (docs/decisions/0058).
CREATE TABLE customer (
  -- Made of the channel and of who it is, so that gathering twice makes one.
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  -- Null for a guest, who is known again by the e-mail address.
  account_id BYTEA,
  orders BIGINT NOT NULL CHECK (orders >= 1),
  first_ms BIGINT NOT NULL,
  last_ms BIGINT NOT NULL,
  -- Names and address in small letters, to be searched; empty once the account was deleted.
  words TEXT NOT NULL,
  -- What the channel's people wrote down; may be empty.
  note TEXT NOT NULL
);
CREATE INDEX customer_last ON customer (channel_id, last_ms, id);
CREATE INDEX customer_of_account ON customer (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE customer_order (
  order_id BYTEA NOT NULL PRIMARY KEY REFERENCES orders (id),
  customer_id BYTEA NOT NULL REFERENCES customer (id),
  paid_ms BIGINT NOT NULL
);
CREATE INDEX customer_orders ON customer_order (customer_id, paid_ms, order_id);

CREATE INDEX orders_paid ON orders (channel_id, paid_ms, id) WHERE paid_ms IS NOT NULL;
-- Up to when a channel's paid orders were gathered.
ALTER TABLE channel ADD COLUMN customers_ms BIGINT NOT NULL DEFAULT 0;
