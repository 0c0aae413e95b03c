-- What each process did in a minute, for the charts of the operator's status page (docs/decisions/0060). Kept for a day.
CREATE TABLE status_minute (
  -- Minutes since 1970.
  minute BIGINT NOT NULL,
  process_id BYTEA NOT NULL,
  -- When the process began.
  started_ms BIGINT NOT NULL,
  -- JSON of lists of numbers by name: a new figure needs no new column.
  figures TEXT NOT NULL,
  PRIMARY KEY (minute, process_id)
);

-- When a payment provider was last heard of.
CREATE INDEX provider_event_heard ON provider_event (provider, received_ms);
