-- Where a show's stream is pushed on to. The key is sealed with a secret that is not in the database.
CREATE TABLE simulcast_target (
  id BYTEA PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  address TEXT NOT NULL,
  sealed_key BYTEA NOT NULL,
  is_on BIGINT NOT NULL CHECK (is_on IN (0, 1)),
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX simulcast_target_show ON simulcast_target (show_id, created_ms);
