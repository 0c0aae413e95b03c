-- How channels get into a market. Null only until the program has started once with this schema: then it is what
-- channels.admission says.
ALTER TABLE market ADD COLUMN admission TEXT CHECK (admission IN ('open', 'application', 'invite'));

-- How much a channel may sell in a day. Whoever was here before there were tiers is in the last.
CREATE TABLE tier (
  level BIGINT NOT NULL PRIMARY KEY CHECK (level BETWEEN 1 AND 4),
  -- Null is without a limit.
  daily_orders_max BIGINT CHECK (daily_orders_max BETWEEN 1 AND 1000000000),
  -- From so many delivered orders on.
  delivered_min BIGINT NOT NULL CHECK (delivered_min >= 0)
);

INSERT INTO tier (level, daily_orders_max, delivered_min) VALUES (1, 50, 0), (2, 100, 25), (3, 200, 100), (4, NULL, 500);

ALTER TABLE channel ADD COLUMN tier BIGINT NOT NULL DEFAULT 4 CHECK (tier BETWEEN 1 AND 4);
-- The operator put it there: it does not rise by itself.
ALTER TABLE channel ADD COLUMN is_tier_held BIGINT NOT NULL DEFAULT 0 CHECK (is_tier_held IN (0, 1));
-- The tier's limit once more: pricing a bag reads no further table, and whoever has none is not counted.
ALTER TABLE channel ADD COLUMN daily_orders_max BIGINT;
-- In which its owners are written to; empty for the first of its home market.
ALTER TABLE channel ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- Orders of channels with a limit, by day of UTC.
CREATE TABLE daily_orders (
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  -- Days since 1970-01-01.
  day BIGINT NOT NULL,
  orders BIGINT NOT NULL CHECK (orders >= 0),
  PRIMARY KEY (channel_id, day)
);

-- The day in whose count the order is; null without a limit, and once it ended unpaid.
ALTER TABLE orders ADD COLUMN quota_day BIGINT;

-- Where a channel may sell, beyond the markets that are open to all.
CREATE TABLE channel_market (
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  market TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('applied', 'approved', 'refused')),
  changed_ms BIGINT NOT NULL,
  PRIMARY KEY (channel_id, market)
);

-- What waits for an operator, and what waited: an application for a market, or an appeal.
CREATE TABLE review (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  -- Empty for the channel as a whole: an appeal against its suspension.
  market TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('application', 'appeal')),
  -- Of applications; empty for appeals.
  sells TEXT NOT NULL,
  location TEXT NOT NULL,
  website TEXT NOT NULL,
  note TEXT NOT NULL,
  -- Null for those that waited before there were reviews.
  account_id BYTEA,
  asked_ms BIGINT NOT NULL,
  decided_ms BIGINT,
  is_granted BIGINT CHECK (is_granted IN (0, 1)),
  CHECK ((decided_ms IS NULL) = (is_granted IS NULL))
);

CREATE UNIQUE INDEX review_open ON review (channel_id, market) WHERE decided_ms IS NULL;
CREATE INDEX review_queue ON review (asked_ms, id) WHERE decided_ms IS NULL;

-- What was asked and decided, when and by whom. Rows are only ever added.
CREATE TABLE admission_event (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  -- 1, 2, 3 … of a channel.
  place BIGINT NOT NULL,
  -- Empty for the channel as a whole.
  market TEXT NOT NULL,
  kind TEXT NOT NULL
    CHECK (kind IN ('applied', 'approved', 'refused', 'suspended', 'lifted', 'appealed', 'upheld', 'tier')),
  reason TEXT NOT NULL,
  words TEXT NOT NULL,
  -- It answers an appeal, and is the last word.
  is_final BIGINT NOT NULL CHECK (is_final IN (0, 1)),
  -- Of tier.
  tier BIGINT,
  -- Null for the house itself.
  account_id BYTEA,
  at_ms BIGINT NOT NULL,
  UNIQUE (channel_id, place)
);

CREATE TABLE invitation (
  id BYTEA NOT NULL PRIMARY KEY,
  -- SHA-256 of what is in the link.
  token_hash BYTEA NOT NULL UNIQUE,
  note TEXT NOT NULL,
  -- Codes with commas between; empty for every market.
  markets TEXT NOT NULL,
  tier BIGINT CHECK (tier BETWEEN 1 AND 4),
  uses_max BIGINT NOT NULL CHECK (uses_max >= 1),
  uses BIGINT NOT NULL CHECK (uses BETWEEN 0 AND uses_max),
  expires_ms BIGINT NOT NULL,
  revoked_ms BIGINT,
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);

CREATE INDEX invitation_made ON invitation (created_ms, id);

CREATE TABLE invitation_use (
  invitation_id BYTEA NOT NULL REFERENCES invitation (id),
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  market TEXT NOT NULL,
  account_id BYTEA NOT NULL,
  used_ms BIGINT NOT NULL,
  PRIMARY KEY (invitation_id, channel_id, market)
);

-- Who is in stays in, in every market there is; who waits goes on waiting.
INSERT INTO channel_market (channel_id, market, state, changed_ms)
SELECT channel.id, market.code, 'approved', channel.created_ms FROM channel CROSS JOIN market
WHERE channel.state IN ('approved', 'suspended');

INSERT INTO channel_market (channel_id, market, state, changed_ms)
SELECT id, market, CASE state WHEN 'applied' THEN 'applied' ELSE 'refused' END, created_ms FROM channel
WHERE state IN ('applied', 'rejected');

INSERT INTO review (id, channel_id, market, kind, sells, location, website, note, account_id, asked_ms)
SELECT id, id, market, 'application', about, '', '', '', NULL, created_ms FROM channel WHERE state = 'applied';
