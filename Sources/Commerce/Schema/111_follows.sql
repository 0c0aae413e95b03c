-- Who follows which channel (docs/decisions/0036).
CREATE TABLE follow (
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  account_id BYTEA NOT NULL REFERENCES account (id),
  since_ms BIGINT NOT NULL,
  PRIMARY KEY (channel_id, account_id)
);
CREATE INDEX follow_of_account ON follow (account_id, since_ms, channel_id);

-- How many they are, changed with them: counting them for every page would take as long as there are many.
ALTER TABLE channel ADD COLUMN followers BIGINT NOT NULL DEFAULT 0 CHECK (followers >= 0);

-- One may enter a giveaway by following. SQLite does not change the CHECK of a table that is there, so the table is laid
-- anew.
CREATE TABLE giveaway_of_all_entries (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  prize TEXT NOT NULL,
  -- What each winner gets a unit of; null for a prize that is only a text.
  variant_id BYTEA REFERENCES variant (id),
  winners_max BIGINT NOT NULL CHECK (winners_max BETWEEN 1 AND 20),
  entry TEXT NOT NULL CHECK (entry IN ('comment', 'watch', 'follow')),
  -- What a comment has to have in it; empty for any comment.
  keyword TEXT NOT NULL,
  watch_seconds BIGINT NOT NULL CHECK (watch_seconds >= 0),
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'drawn')),
  opened_ms BIGINT NOT NULL,
  -- When entries are over for those who see it live; those whose picture is behind have a grace.
  ends_ms BIGINT NOT NULL,
  open_media_ms BIGINT NOT NULL,
  -- Told to nobody before the draw; its SHA-256 is told at the opening.
  seed BYTEA NOT NULL,
  commitment BYTEA NOT NULL,
  -- Told to nobody, ever: what the salt of each entrant is made from.
  salt_key BYTEA NOT NULL,
  entrants BIGINT NOT NULL CHECK (entrants >= 0),
  -- SHA-256 of the list of entrants, from when it is closed.
  root BYTEA,
  closed_ms BIGINT,
  -- When it is drawn by itself if nobody has.
  draw_due_ms BIGINT,
  -- What the host added to the draw once the list was closed.
  word TEXT NOT NULL,
  drawn_ms BIGINT,
  -- Units of the variant that are reserved for winners.
  units_held BIGINT NOT NULL CHECK (units_held BETWEEN 0 AND winners_max),
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  CHECK ((state = 'open') = (root IS NULL)),
  CHECK ((state = 'drawn') = (drawn_ms IS NOT NULL))
);

INSERT INTO giveaway_of_all_entries (id, show_id, prize, variant_id, winners_max, entry, keyword, watch_seconds, state,
  opened_ms, ends_ms, open_media_ms, seed, commitment, salt_key, entrants, root, closed_ms, draw_due_ms, word, drawn_ms,
  units_held, account_id, made_hash, created_ms)
SELECT id, show_id, prize, variant_id, winners_max, entry, keyword, watch_seconds, state, opened_ms, ends_ms,
  open_media_ms, seed, commitment, salt_key, entrants, root, closed_ms, draw_due_ms, word, drawn_ms, units_held,
  account_id, made_hash, created_ms
FROM giveaway;

DROP TABLE giveaway;

ALTER TABLE giveaway_of_all_entries RENAME TO giveaway;

-- One at a time in a show, whoever races.
CREATE UNIQUE INDEX giveaway_under_way ON giveaway (show_id) WHERE state <> 'drawn';
CREATE INDEX giveaway_of_show ON giveaway (show_id, created_ms, id);
CREATE INDEX giveaway_drawn ON giveaway (drawn_ms) WHERE drawn_ms IS NOT NULL;
