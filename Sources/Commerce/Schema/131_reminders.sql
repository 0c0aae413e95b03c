-- Who wants to be reminded of which show, and where (docs/decisions/0050).

-- Where somebody is reminded: an e-mail address of an account or a guest, or a browser.
CREATE TABLE recipient (
  id BYTEA NOT NULL PRIMARY KEY,
  way TEXT NOT NULL,
  -- A digest of the account or the guest's address; of a browser, of what it is reached by.
  holder BYTEA NOT NULL,
  -- Null for a guest.
  account_id BYTEA REFERENCES account (id),
  -- Empty for a browser.
  email TEXT NOT NULL,
  -- The reader's when they last asked.
  language TEXT NOT NULL,
  -- When whoever reads mail to the address said that they want it.
  confirmed_ms BIGINT,
  -- When they said, without ever having wanted it, that nothing more is to be asked.
  blocked_ms BIGINT,
  created_ms BIGINT NOT NULL,
  CHECK (confirmed_ms IS NULL OR blocked_ms IS NULL)
);
CREATE UNIQUE INDEX recipient_holder ON recipient (way, holder);
CREATE INDEX recipient_of_account ON recipient (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX recipient_age ON recipient (created_ms, id);

CREATE TABLE reminder (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  recipient_id BYTEA NOT NULL REFERENCES recipient (id),
  -- 0 until whoever reads the mail has said yes.
  is_on BIGINT NOT NULL CHECK (is_on IN (0, 1)),
  -- The start of the show that was told last.
  start_ms BIGINT NOT NULL,
  -- When it was asked for, or confirmed.
  since_ms BIGINT NOT NULL,
  -- A digest of a guest's network address, until it is confirmed.
  address BYTEA
);
CREATE UNIQUE INDEX reminder_of_show ON reminder (show_id, recipient_id);
CREATE INDEX reminder_of_recipient ON reminder (recipient_id, since_ms, id);
CREATE INDEX reminder_unconfirmed ON reminder (since_ms, id) WHERE is_on = 0;
CREATE INDEX reminder_address ON reminder (address) WHERE is_on = 0 AND address IS NOT NULL;

-- Something of a show that those who asked are told, some of them at a time.
CREATE TABLE show_notice (
  -- Made from what it tells: nothing is told twice.
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  kind TEXT NOT NULL CHECK (kind IN ('soon', 'live', 'moved', 'called_off')),
  -- The start of the show that it is about.
  start_ms BIGINT NOT NULL,
  -- When it is told, and from when on it is told to nobody any more.
  due_ms BIGINT NOT NULL,
  until_ms BIGINT NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('reminders', 'followers', 'told')),
  -- Who of that stage was told last: a recipient, or an account that follows. Empty before the first.
  after_id BYTEA NOT NULL,
  made_ms BIGINT NOT NULL
);
CREATE INDEX show_notice_due ON show_notice (due_ms, id) WHERE stage <> 'told';
CREATE INDEX show_notice_of_show ON show_notice (show_id, kind);
CREATE INDEX show_notice_age ON show_notice (made_ms, id);

-- Whether a follower is told, where, that a show of the channel is on air.
ALTER TABLE follow ADD COLUMN mail_live BIGINT NOT NULL DEFAULT 0 CHECK (mail_live IN (0, 1));
ALTER TABLE follow ADD COLUMN push_live BIGINT NOT NULL DEFAULT 0 CHECK (push_live IN (0, 1));
CREATE INDEX follow_told ON follow (channel_id, account_id) WHERE mail_live = 1 OR push_live = 1;

-- A show that will not be: it has ended, and never began.
ALTER TABLE show ADD COLUMN called_off_ms BIGINT;
-- How often its time became another, for calendars (RFC 5545 §3.8.7.4).
ALTER TABLE show ADD COLUMN calendar_sequence BIGINT NOT NULL DEFAULT 0;

-- To whom a mail goes that a viewer asked for, and from when on it is of no use to them.
ALTER TABLE mail ADD COLUMN recipient_id BYTEA;
ALTER TABLE mail ADD COLUMN expires_ms BIGINT;
CREATE INDEX mail_of_recipient ON mail (recipient_id, made_ms) WHERE recipient_id IS NOT NULL;
