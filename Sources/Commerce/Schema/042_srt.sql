-- The port that an SRT encoder sends a show to. The passphrase is sealed with a secret that is not in the database.
CREATE TABLE srt_input (
  show_id BYTEA PRIMARY KEY REFERENCES show (id),
  port BIGINT NOT NULL UNIQUE,
  sealed_passphrase BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
