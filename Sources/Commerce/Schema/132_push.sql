-- Reminders in a browser, by the push service of whoever made it (docs/decisions/0050).

-- Where the push service takes messages for the browser, and what they are encrypted for (RFC 8291); null for mail.
ALTER TABLE recipient ADD COLUMN endpoint TEXT;
ALTER TABLE recipient ADD COLUMN public_key BYTEA;
ALTER TABLE recipient ADD COLUMN auth BYTEA;

-- By what push services know this installation (RFC 8292), sealed; made when it is first needed.
CREATE TABLE push_key (
  name TEXT NOT NULL PRIMARY KEY,
  sealed_key BYTEA NOT NULL,
  made_ms BIGINT NOT NULL
);

CREATE TABLE push_message (
  -- Made from what it tells and to whom: nothing is told twice.
  id BYTEA NOT NULL PRIMARY KEY,
  recipient_id BYTEA NOT NULL,
  show_id BYTEA NOT NULL REFERENCES show (id),
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  attempts BIGINT NOT NULL CHECK (attempts >= 0),
  -- When it may be taken next; while it is being sent, when it is taken for lost.
  next_ms BIGINT NOT NULL,
  -- From then on it is of no use.
  expires_ms BIGINT NOT NULL,
  -- A word for what went wrong with the last attempt; empty when nothing did.
  trouble TEXT NOT NULL,
  made_ms BIGINT NOT NULL
);
CREATE INDEX push_due ON push_message (next_ms, id) WHERE state = 'waiting';
CREATE INDEX push_of_recipient ON push_message (recipient_id, show_id);
CREATE INDEX push_age ON push_message (made_ms, id);

-- A guest's browser keeps its network address until the show is over, for the limit on how many ask from there.
DROP INDEX reminder_address;
CREATE INDEX reminder_address ON reminder (address) WHERE address IS NOT NULL;
