-- What buyers say of a seller, once for each order that arrived (docs/decisions/0059).
CREATE TABLE rating (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  -- Whose order it was; null for a guest.
  account_id BYTEA,
  stars BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
  -- May be empty.
  said TEXT NOT NULL,
  -- What everybody is told of who said it, such as Asha R.; empty once the account was deleted.
  name TEXT NOT NULL,
  -- Why an operator took it down; null while everybody sees it, and it counts.
  hidden TEXT,
  -- The seller's answer, once; empty without one.
  answer TEXT NOT NULL,
  answered_ms BIGINT,
  created_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX rating_of_order ON rating (order_id);
CREATE INDEX rating_of_channel ON rating (channel_id, created_ms, id) WHERE hidden IS NULL;
CREATE INDEX rating_of_account ON rating (account_id) WHERE account_id IS NOT NULL;

-- Who told the operator that one ought not to be read.
CREATE TABLE rating_flag (
  rating_id BYTEA NOT NULL REFERENCES rating (id),
  -- 16 bytes of an account, 32 of a visitor's digest.
  reporter BYTEA NOT NULL,
  note TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  settled_ms BIGINT,
  PRIMARY KEY (rating_id, reporter)
);
CREATE INDEX rating_flag_open ON rating_flag (rating_id, created_ms) WHERE settled_ms IS NULL;

-- How many count, and what their stars come to.
ALTER TABLE channel ADD COLUMN ratings BIGINT NOT NULL DEFAULT 0;
ALTER TABLE channel ADD COLUMN rating_stars BIGINT NOT NULL DEFAULT 0;
