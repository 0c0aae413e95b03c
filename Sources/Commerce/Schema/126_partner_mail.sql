-- Mail to a partner's people, of no channel. SQLite cannot let a column be null that could not, so the table is made anew.
CREATE TABLE mail_next (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  -- Null for what is about a channel or a partner.
  order_id BYTEA REFERENCES orders (id),
  -- Null for what is about a partner.
  channel_id BYTEA,
  partner_id BYTEA REFERENCES partner (id),
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
  repeats BIGINT NOT NULL DEFAULT 0,
  CHECK ((channel_id IS NULL) = (partner_id IS NOT NULL))
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
CREATE INDEX mail_of_partner ON mail (partner_id, made_ms, id) WHERE partner_id IS NOT NULL;
CREATE INDEX mail_failed ON mail (made_ms, id) WHERE state = 'failed';
CREATE INDEX mail_delayed ON mail (made_ms, id) WHERE state = 'waiting' AND trouble <> '';
CREATE INDEX mail_age ON mail (made_ms, id);

-- In which language its people are written to; empty for English.
ALTER TABLE partner ADD COLUMN language TEXT NOT NULL DEFAULT '';
