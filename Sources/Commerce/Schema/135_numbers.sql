-- A show's numbers, as far as its orders and its chat do not have them already (docs/decisions/0051).

-- The last step that was kept: one that is written again, because its answer was lost, adds nothing.
ALTER TABLE show_attendance ADD COLUMN step_id BYTEA;

-- The most viewers at once, in each minute since the show's start.
CREATE TABLE show_minute (
  show_id BYTEA NOT NULL REFERENCES show (id),
  minute BIGINT NOT NULL CHECK (minute >= 0),
  viewers BIGINT NOT NULL CHECK (viewers >= 0),
  PRIMARY KEY (show_id, minute)
);

-- How often products were looked at and put into the bag. Sums: nothing says by whom.
CREATE TABLE show_interest (
  show_id BYTEA NOT NULL REFERENCES show (id),
  -- Since the show's start; -1 for before and after it.
  minute BIGINT NOT NULL CHECK (minute >= -1),
  product_id BYTEA NOT NULL REFERENCES product (id),
  way TEXT NOT NULL CHECK (way IN ('page', 'embed', 'partner', 'replay', 'clip')),
  taps BIGINT NOT NULL CHECK (taps >= 0),
  bag_adds BIGINT NOT NULL CHECK (bag_adds >= 0),
  PRIMARY KEY (show_id, minute, product_id, way)
);

-- How many different people watched it on air, and by what they are told apart while it lasts: salted digests, or a
-- sketch of them. Null once the show is over.
CREATE TABLE show_reach (
  show_id BYTEA NOT NULL PRIMARY KEY REFERENCES show (id),
  viewers BIGINT NOT NULL CHECK (viewers >= 0),
  sketch BYTEA
);
