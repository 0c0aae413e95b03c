-- Programs of sellers and partners that want to be told (docs/decisions/0056).
CREATE TABLE webhook (
  id BYTEA NOT NULL PRIMARY KEY,
  -- A payee: `channel:<id>`, `partner:<id>`.
  owner TEXT NOT NULL,
  url TEXT NOT NULL,
  -- What of: JSON of a list of kinds.
  kinds TEXT NOT NULL,
  -- Sealed. The one before it signs too, for a day after it was changed.
  secret BYTEA NOT NULL,
  old_secret BYTEA,
  old_until_ms BIGINT,
  -- `broken` when it took nothing for days, or said that it is gone.
  state TEXT NOT NULL CHECK (state IN ('on', 'off', 'broken', 'removed')),
  -- Since when nothing was taken; null while all is well.
  failing_ms BIGINT,
  -- What was not queued because too much was waiting.
  dropped BIGINT NOT NULL CHECK (dropped >= 0),
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX webhook_of_owner ON webhook (owner, created_ms, id) WHERE state <> 'removed';
CREATE INDEX webhook_removed ON webhook (id) WHERE state = 'removed';

CREATE TABLE webhook_message (
  -- Made from what it tells and to whom: nothing is told twice.
  id BYTEA NOT NULL PRIMARY KEY,
  webhook_id BYTEA NOT NULL REFERENCES webhook (id),
  kind TEXT NOT NULL,
  -- The JSON that is sent, the same each time.
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  attempts BIGINT NOT NULL CHECK (attempts >= 0),
  -- How many of these were made before it was asked for again.
  attempts_before BIGINT NOT NULL CHECK (attempts_before >= 0),
  -- When it may be taken next; while it is being sent, when it is taken for lost.
  next_ms BIGINT NOT NULL,
  made_ms BIGINT NOT NULL,
  sent_ms BIGINT
);
CREATE INDEX webhook_message_due ON webhook_message (next_ms, id) WHERE state = 'waiting';
CREATE INDEX webhook_message_waiting ON webhook_message (webhook_id, next_ms, id) WHERE state = 'waiting';
CREATE INDEX webhook_message_log ON webhook_message (webhook_id, made_ms, id);
CREATE INDEX webhook_message_age ON webhook_message (made_ms, id);

-- How each time went.
CREATE TABLE webhook_attempt (
  message_id BYTEA NOT NULL,
  number BIGINT NOT NULL CHECK (number >= 1),
  at_ms BIGINT NOT NULL,
  milliseconds BIGINT NOT NULL CHECK (milliseconds >= 0),
  -- Null where there was no answer.
  status BIGINT,
  -- A word for what went wrong; empty when nothing did.
  trouble TEXT NOT NULL,
  PRIMARY KEY (message_id, number)
);
