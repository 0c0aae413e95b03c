-- Mail to buyers, queued in the transaction of what it tells of, and sent later.
CREATE TABLE mail (
  -- Made from kind and cause: one event never queues two.
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('paid', 'sent', 'delivered', 'refunded')),
  order_id BYTEA NOT NULL REFERENCES orders (id),
  channel_id BYTEA NOT NULL,
  -- The order, the shipment or the refund it tells of.
  cause_id BYTEA NOT NULL,
  recipient TEXT NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  attempts BIGINT NOT NULL CHECK (attempts >= 0),
  -- When it may be taken next; while it is being sent, when it is taken for lost.
  next_ms BIGINT NOT NULL,
  -- Why the last attempt failed; empty when none did.
  failure TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  sent_ms BIGINT
);

CREATE INDEX mail_due ON mail (next_ms) WHERE state = 'waiting';
CREATE INDEX mail_of_order ON mail (order_id, made_ms, id);
CREATE INDEX mail_of_channel ON mail (channel_id, made_ms, id);
CREATE INDEX mail_age ON mail (made_ms);

-- Tokens that links in mail carry, apart from order_access: neither kind pushes out the other.
CREATE TABLE mail_access (
  order_id BYTEA NOT NULL,
  access_hash BYTEA NOT NULL,
  made_ms BIGINT NOT NULL,
  PRIMARY KEY (order_id, access_hash)
);
