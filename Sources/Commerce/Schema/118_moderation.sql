-- Who may speak in a channel's chats, and what was done about who spoke (docs/decisions/0040).

-- By what a speaker is known again: SHA-256 of the secret of their browser, and a keyed digest of the network address
-- they spoke from, another in every show. Both are forgotten: the address with the show, the browser after some weeks.
ALTER TABLE message ADD COLUMN visitor BYTEA;
ALTER TABLE message ADD COLUMN address BYTEA;
-- How many viewers reported it, changed with `chat_report`.
ALTER TABLE message ADD COLUMN reports BIGINT NOT NULL DEFAULT 0 CHECK (reports >= 0);
-- When a moderator found nothing wrong with it.
ALTER TABLE message ADD COLUMN settled_ms BIGINT;

CREATE INDEX message_reported ON message (show_id, reports) WHERE reports > 0;
CREATE INDEX message_address ON message (show_id) WHERE address IS NOT NULL;
CREATE INDEX message_visitor ON message (created_ms) WHERE visitor IS NOT NULL;

CREATE TABLE chat_report (
  message_id BYTEA NOT NULL REFERENCES message (id),
  -- 16 bytes of an account, 32 of a visitor's digest.
  reporter BYTEA NOT NULL,
  reason TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (message_id, reporter)
);

-- A mute or a ban. A new one of the same person ends the one before.
CREATE TABLE chat_restriction (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  kind TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
  account_id BYTEA,
  visitor BYTEA,
  -- With the show it is a digest of.
  address BYTEA,
  show_id BYTEA NOT NULL REFERENCES show (id),
  name TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  -- Null for a ban.
  until_ms BIGINT,
  created_ms BIGINT NOT NULL,
  lifted_ms BIGINT,
  CHECK ((kind = 'ban') = (until_ms IS NULL)),
  CHECK (account_id IS NOT NULL OR visitor IS NOT NULL OR address IS NOT NULL)
);
CREATE INDEX chat_restriction_account ON chat_restriction (channel_id, account_id)
  WHERE lifted_ms IS NULL AND account_id IS NOT NULL;
CREATE INDEX chat_restriction_visitor ON chat_restriction (channel_id, visitor)
  WHERE lifted_ms IS NULL AND visitor IS NOT NULL;
CREATE INDEX chat_restriction_address ON chat_restriction (show_id, address)
  WHERE lifted_ms IS NULL AND address IS NOT NULL;
CREATE INDEX chat_restriction_in_force ON chat_restriction (channel_id, created_ms, id) WHERE lifted_ms IS NULL;

-- What moderators did, kept.
CREATE TABLE chat_action (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  show_id BYTEA,
  kind TEXT NOT NULL,
  account_id BYTEA NOT NULL,
  -- Whom it was about, as they were called.
  target TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  -- Such as a mute's minutes, or a word of the list.
  detail TEXT NOT NULL,
  restriction_id BYTEA,
  created_ms BIGINT NOT NULL
);
CREATE INDEX chat_action_of_channel ON chat_action (channel_id, created_ms, id);
