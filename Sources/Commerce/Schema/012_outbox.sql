-- What changed and has not been told yet. One row per thing however often it changes: the reader looks up what it is now.
CREATE TABLE outbox (
  kind TEXT NOT NULL,
  subject BYTEA NOT NULL,
  times BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
);
