-- An offer may be what an auction came to. SQLite does not change the CHECK of a table that is there, so the table is
-- laid anew.
CREATE TABLE offer_of_every_kind (
  id BYTEA NOT NULL PRIMARY KEY,
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  market TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('list', 'deal', 'clip', 'auction')),
  currency TEXT NOT NULL,
  price_minor BIGINT NOT NULL CHECK (price_minor BETWEEN 1 AND 1000000000000),
  compare_at_minor BIGINT CHECK (compare_at_minor BETWEEN 1 AND 1000000000000),
  -- A deal's opens and closes by the clock: both are known from the start.
  opened_ms BIGINT NOT NULL,
  -- 9223372036854775807 (never) while open and without an end.
  closed_ms BIGINT NOT NULL,
  deal_id BYTEA,
  -- The lowest price of the thirty days before; of deals alone.
  lowest_minor BIGINT CHECK (lowest_minor BETWEEN 1 AND 1000000000000),
  -- Only the order that the auction itself places can be under it.
  auction_id BYTEA,
  CHECK ((kind = 'deal') = (deal_id IS NOT NULL)),
  CHECK ((kind = 'auction') = (auction_id IS NOT NULL))
);

INSERT INTO offer_of_every_kind (id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms,
  closed_ms, deal_id, lowest_minor, auction_id)
SELECT id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms, closed_ms, deal_id,
  lowest_minor, NULL
FROM offer;

DROP TABLE offer;

ALTER TABLE offer_of_every_kind RENAME TO offer;

-- One open list price a variant and market, whoever races.
CREATE UNIQUE INDEX offer_open_list ON offer (variant_id, market)
  WHERE kind = 'list' AND closed_ms = 9223372036854775807;
CREATE INDEX offer_of_variant ON offer (variant_id, market, closed_ms);
CREATE INDEX offer_of_deal ON offer (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX offer_of_auction ON offer (auction_id) WHERE auction_id IS NOT NULL;

-- A unit that is sold to whoever bids most: docs/auctions.md. All that a bid changes is in this one row.
CREATE TABLE auction (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  -- Of the product and the variant, as it was when it opened.
  title TEXT NOT NULL,
  market TEXT NOT NULL,
  currency TEXT NOT NULL,
  opening_minor BIGINT NOT NULL CHECK (opening_minor BETWEEN 1 AND 1000000000000),
  -- What the host chose; null goes by the table of increments.
  increment_minor BIGINT CHECK (increment_minor BETWEEN 1 AND 1000000000000),
  is_sudden_death BIGINT NOT NULL CHECK (is_sudden_death IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('open', 'settling', 'sold', 'unsold', 'cancelled')),
  opened_ms BIGINT NOT NULL,
  -- Bids before it count, by the server's clock. Late bids put it off, but never beyond last_end_ms.
  ends_ms BIGINT NOT NULL,
  last_end_ms BIGINT NOT NULL,
  open_media_ms BIGINT NOT NULL,
  -- How often the end was put off.
  extensions BIGINT NOT NULL CHECK (extensions >= 0),
  -- The number of the last one.
  bids BIGINT NOT NULL CHECK (bids >= 0),
  leader_id BYTEA,
  -- As everybody sees it; empty before the first bid.
  leader_name TEXT NOT NULL,
  leader_max_minor BIGINT,
  price_minor BIGINT,
  -- When bidding was over.
  ended_ms BIGINT,
  -- The order that was placed last for it.
  order_id BYTEA,
  -- Whether its unit is reserved without an order.
  units_held BIGINT NOT NULL CHECK (units_held IN (0, 1)),
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  CHECK ((bids = 0) = (leader_id IS NULL)),
  CHECK ((bids = 0) = (price_minor IS NULL)),
  CHECK (price_minor IS NULL OR price_minor BETWEEN opening_minor AND leader_max_minor),
  CHECK ((state = 'open') = (ended_ms IS NULL))
);

-- One at a time in a show, whoever races.
CREATE UNIQUE INDEX auction_open ON auction (show_id) WHERE state = 'open';
CREATE INDEX auction_of_show ON auction (show_id, created_ms, id);
CREATE INDEX auction_under_way ON auction (state, ends_ms) WHERE state IN ('open', 'settling');
CREATE INDEX auction_leader ON auction (leader_id) WHERE state IN ('open', 'settling');

-- What was bid, in order, and never changed.
CREATE TABLE auction_bid (
  auction_id BYTEA NOT NULL REFERENCES auction (id),
  -- From 1, without gaps.
  sequence BIGINT NOT NULL CHECK (sequence >= 1),
  account_id BYTEA NOT NULL,
  name TEXT NOT NULL,
  -- Told to nobody but the bidder.
  max_minor BIGINT NOT NULL CHECK (max_minor BETWEEN 1 AND 1000000000000),
  -- The price once it was in, and whether its bidder led then.
  price_minor BIGINT NOT NULL,
  is_leading BIGINT NOT NULL CHECK (is_leading IN (0, 1)),
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (auction_id, sequence)
);
CREATE INDEX auction_bid_of_account ON auction_bid (auction_id, account_id, at_ms);

-- How each bidder pays, and where it is to go.
CREATE TABLE auction_bidder (
  auction_id BYTEA NOT NULL REFERENCES auction (id),
  account_id BYTEA NOT NULL,
  card_id BYTEA NOT NULL,
  address_id BYTEA NOT NULL,
  language TEXT NOT NULL,
  PRIMARY KEY (auction_id, account_id)
);

-- Whose turn it is to buy when bidding is over: the winner, and then the runners-up, each once.
CREATE TABLE auction_place (
  auction_id BYTEA NOT NULL REFERENCES auction (id),
  -- 0 is the winner.
  place BIGINT NOT NULL CHECK (place BETWEEN 0 AND 20),
  account_id BYTEA NOT NULL,
  name TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'charging', 'asked', 'paid', 'failed')),
  -- The code of what was refused; empty where nothing was.
  why TEXT NOT NULL,
  card_id BYTEA,
  order_id BYTEA,
  PRIMARY KEY (auction_id, place)
);
CREATE INDEX auction_place_of_order ON auction_place (order_id) WHERE order_id IS NOT NULL;
