-- Something that is given away on air. Its draw can be checked by anyone: docs/giveaways.md.
CREATE TABLE giveaway (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  prize TEXT NOT NULL,
  -- What each winner gets a unit of; null for a prize that is only a text.
  variant_id BYTEA REFERENCES variant (id),
  winners_max BIGINT NOT NULL CHECK (winners_max BETWEEN 1 AND 20),
  entry TEXT NOT NULL CHECK (entry IN ('comment', 'watch')),
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

-- One at a time in a show, whoever races.
CREATE UNIQUE INDEX giveaway_under_way ON giveaway (show_id) WHERE state <> 'drawn';
CREATE INDEX giveaway_of_show ON giveaway (show_id, created_ms, id);
CREATE INDEX giveaway_drawn ON giveaway (drawn_ms) WHERE drawn_ms IS NOT NULL;

-- Who is in it: 16 bytes of an account, or 32 of a visitor's digest. Forgotten some time after the draw.
CREATE TABLE giveaway_entrant (
  giveaway_id BYTEA NOT NULL,
  entrant BYTEA NOT NULL,
  -- The comment, by whose name a winner is called.
  message_id BYTEA,
  -- A digest of a guest's network address.
  address BYTEA,
  PRIMARY KEY (giveaway_id, entrant)
);
CREATE INDEX giveaway_entrant_address ON giveaway_entrant (giveaway_id, address) WHERE address IS NOT NULL;

-- The closed list: 32 bytes for each entrant, in order. Kept, so that a draw can be checked for ever.
CREATE TABLE giveaway_list (
  giveaway_id BYTEA NOT NULL PRIMARY KEY,
  leaves BYTEA NOT NULL
);

CREATE TABLE giveaway_winner (
  giveaway_id BYTEA NOT NULL,
  -- 0 is the first that was drawn.
  place BIGINT NOT NULL CHECK (place BETWEEN 0 AND 19),
  -- Its number in the list, from 0.
  position BIGINT NOT NULL CHECK (position >= 0),
  -- The first eight digits of its leaf.
  code TEXT NOT NULL,
  entrant BYTEA NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'expired')),
  claim_until_ms BIGINT NOT NULL,
  -- JSON of name, email, phone and address; empty until it is claimed.
  claim TEXT NOT NULL,
  claimed_ms BIGINT,
  PRIMARY KEY (giveaway_id, place)
);
CREATE UNIQUE INDEX giveaway_winner_entrant ON giveaway_winner (giveaway_id, entrant);
CREATE UNIQUE INDEX giveaway_winner_position ON giveaway_winner (giveaway_id, position);
CREATE INDEX giveaway_winner_waiting ON giveaway_winner (claim_until_ms) WHERE state = 'waiting';
