-- What waits to be sent is looked up by channel, the first paid first.
CREATE INDEX orders_to_send ON orders (channel_id, paid_ms, id) WHERE state = 'paid';

-- What a seller's people write down for themselves about an order, such as how to wrap it. Its buyer never sees it.
CREATE TABLE order_note (
  order_id BYTEA NOT NULL PRIMARY KEY REFERENCES orders (id),
  note TEXT NOT NULL CHECK (note <> ''),
  account_id BYTEA,
  changed_ms BIGINT NOT NULL
);
