-- Mail that is about a channel and of no order. SQLite cannot change a check, so the table is made anew; which kinds
-- there are is the program's to know.
CREATE TABLE mail_next (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  -- Null for what is about a channel.
  order_id BYTEA REFERENCES orders (id),
  channel_id BYTEA NOT NULL,
  cause_id BYTEA NOT NULL,
  recipient TEXT NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  attempts BIGINT NOT NULL CHECK (attempts >= 0),
  next_ms BIGINT NOT NULL,
  failure TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  sent_ms BIGINT,
  way TEXT CHECK (way IN ('smtp', 'file')),
  is_taken BIGINT NOT NULL DEFAULT 0 CHECK (is_taken IN (0, 1)),
  trouble TEXT NOT NULL DEFAULT '',
  attempts_before BIGINT NOT NULL DEFAULT 0,
  repeats BIGINT NOT NULL DEFAULT 0
);

INSERT INTO mail_next (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms, failure,
  made_ms, sent_ms, way, is_taken, trouble, attempts_before, repeats)
SELECT id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms, failure, made_ms,
  sent_ms, way, is_taken, trouble, attempts_before, repeats
FROM mail;

DROP TABLE mail;
ALTER TABLE mail_next RENAME TO mail;

CREATE INDEX mail_due ON mail (next_ms) WHERE state = 'waiting';
CREATE INDEX mail_of_order ON mail (order_id, made_ms, id) WHERE order_id IS NOT NULL;
CREATE INDEX mail_of_channel ON mail (channel_id, made_ms, id);
CREATE INDEX mail_failed ON mail (made_ms, id) WHERE state = 'failed';
CREATE INDEX mail_delayed ON mail (made_ms, id) WHERE state = 'waiting' AND trouble <> '';
CREATE INDEX mail_age ON mail (made_ms, id);
