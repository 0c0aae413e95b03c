-- A line of the host's above the picture, for a time; one that counts is a countdown (docs/decisions/0046).
CREATE TABLE banner (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  text TEXT NOT NULL,
  -- Where it leads.
  product_id BYTEA REFERENCES product (id),
  counts BIGINT NOT NULL CHECK (counts IN (0, 1)),
  shown_ms BIGINT NOT NULL,
  -- Until when it is shown, or what it counts down to.
  ends_ms BIGINT NOT NULL,
  -- When it was taken off before that, by hand, by the next one, or with the show.
  hidden_ms BIGINT,
  media_time_ms BIGINT NOT NULL,
  account_id BYTEA,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  CHECK (ends_ms > shown_ms)
);
-- One at a time, whoever shows two at once.
CREATE UNIQUE INDEX banner_on ON banner (show_id) WHERE hidden_ms IS NULL;
CREATE INDEX banner_of_show ON banner (show_id, created_ms, id);
