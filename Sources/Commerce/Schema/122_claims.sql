-- Comments that reserve units (docs/decisions/0044).

-- What was reserved by it: everybody who reads it sees that it was.
ALTER TABLE message ADD COLUMN is_claim BIGINT NOT NULL DEFAULT 0 CHECK (is_claim IN (0, 1));

-- What has to be said to reserve a unit of a product.
CREATE TABLE claim_word (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  product_id BYTEA NOT NULL REFERENCES product (id),
  -- The product's, as it was when it opened.
  title TEXT NOT NULL,
  market TEXT NOT NULL,
  -- As the host typed it, and as it is compared.
  word TEXT NOT NULL,
  folded TEXT NOT NULL,
  -- Null for as many as there are.
  units_max BIGINT CHECK (units_max >= 1),
  -- Units of the claims that hold, or were ordered.
  units_taken BIGINT NOT NULL CHECK (units_taken >= 0),
  units_per_buyer_max BIGINT CHECK (units_per_buyer_max >= 1),
  hold_seconds BIGINT NOT NULL CHECK (hold_seconds >= 1),
  -- Guests' comments reserve nothing.
  accounts_only BIGINT NOT NULL CHECK (accounts_only IN (0, 1)),
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  -- Null while it can be said.
  closed_ms BIGINT,
  CHECK (units_max IS NULL OR units_taken <= units_max)
);
-- Never two meanings of one word, whoever races.
CREATE UNIQUE INDEX claim_word_open ON claim_word (show_id, folded) WHERE closed_ms IS NULL;
CREATE INDEX claim_word_of_show ON claim_word (show_id, created_ms, id);

-- All that one person reserves in a show, to be ordered together.
CREATE TABLE claim_bag (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  market TEXT NOT NULL,
  -- 16 bytes of an account, 32 of a visitor's digest.
  buyer BYTEA NOT NULL,
  -- Null for a guest, who opens it with a token.
  account_id BYTEA,
  created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX claim_bag_of_buyer ON claim_bag (show_id, market, buyer);
CREATE INDEX claim_bag_of_account ON claim_bag (account_id, created_ms, id) WHERE account_id IS NOT NULL;

-- Tokens of the private links that guests were told.
CREATE TABLE claim_access (
  bag_id BYTEA NOT NULL REFERENCES claim_bag (id),
  access_hash BYTEA NOT NULL,
  made_ms BIGINT NOT NULL,
  PRIMARY KEY (bag_id, access_hash)
);

-- What one comment reserved.
CREATE TABLE claim (
  id BYTEA NOT NULL PRIMARY KEY,
  bag_id BYTEA NOT NULL REFERENCES claim_bag (id),
  word_id BYTEA NOT NULL REFERENCES claim_word (id),
  message_id BYTEA NOT NULL,
  -- What whoever said it is called.
  name TEXT NOT NULL,
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  -- Of the product and the variant, as it was then.
  title TEXT NOT NULL,
  quantity BIGINT NOT NULL CHECK (quantity >= 1),
  state TEXT NOT NULL CHECK (state IN ('held', 'taken', 'lapsed', 'left', 'cancelled')),
  -- What is reserved for it without an order.
  units_held BIGINT NOT NULL CHECK (units_held IN (0, quantity)),
  until_ms BIGINT NOT NULL,
  -- What it was taken by.
  order_id BYTEA,
  -- A digest of a guest's network address, until it is over.
  address BYTEA,
  created_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  CHECK ((state = 'held') = (units_held > 0)),
  CHECK ((state = 'taken') = (order_id IS NOT NULL)),
  CHECK (state = 'held' OR address IS NULL)
);
CREATE UNIQUE INDEX claim_of_message ON claim (message_id);
CREATE INDEX claim_of_bag ON claim (bag_id, state);
CREATE INDEX claim_of_word ON claim (word_id, created_ms, id);
CREATE INDEX claim_held ON claim (until_ms, id) WHERE state = 'held';
CREATE INDEX claim_of_address ON claim (address) WHERE address IS NOT NULL;
CREATE INDEX claim_of_order ON claim (order_id) WHERE order_id IS NOT NULL;
