-- How many watched a show on air, and what they tapped, kept in coarse steps (docs/decisions/0041).
CREATE TABLE show_attendance (
  show_id BYTEA NOT NULL PRIMARY KEY REFERENCES show (id),
  -- The most viewers at once.
  peak BIGINT NOT NULL CHECK (peak >= 0),
  -- The time that all viewers watched, added up.
  watched_ms BIGINT NOT NULL CHECK (watched_ms >= 0)
);

CREATE TABLE show_reaction (
  show_id BYTEA NOT NULL REFERENCES show (id),
  kind TEXT NOT NULL,
  taps BIGINT NOT NULL CHECK (taps >= 0),
  PRIMARY KEY (show_id, kind)
);

-- What is said of an account to others who watch when it buys something.
ALTER TABLE account ADD COLUMN shown_as TEXT NOT NULL DEFAULT 'someone'
  CHECK (shown_as IN ('first_name', 'someone', 'nobody'));
