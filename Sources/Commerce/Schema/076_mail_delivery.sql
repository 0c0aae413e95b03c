-- How a mail left, and how it stands with one that did not.
ALTER TABLE mail ADD COLUMN way TEXT CHECK (way IN ('smtp', 'file'));
-- Somebody is sending it, unless next_ms is past: then that somebody died.
ALTER TABLE mail ADD COLUMN is_taken BIGINT NOT NULL DEFAULT 0 CHECK (is_taken IN (0, 1));
-- What went wrong the last time, as a word; failure has what the server said.
ALTER TABLE mail ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
-- Attempts that were made before it was last asked for again: they count no more.
ALTER TABLE mail ADD COLUMN attempts_before BIGINT NOT NULL DEFAULT 0;
-- How often it was asked for again.
ALTER TABLE mail ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0;

-- Until now all mail was written as files.
UPDATE mail SET way = 'file' WHERE state = 'sent';
UPDATE mail SET trouble = 'unknown' WHERE failure <> '';

CREATE INDEX mail_failed ON mail (made_ms, id) WHERE state = 'failed';
CREATE INDEX mail_delayed ON mail (made_ms, id) WHERE state = 'waiting' AND trouble <> '';
DROP INDEX mail_age;
CREATE INDEX mail_age ON mail (made_ms, id);
