-- Buyers' wishes for sold-out variants: first in, first offered, for a limited time (docs/decisions/0028).
CREATE TABLE wish (
  id BYTEA NOT NULL PRIMARY KEY,
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  -- At whose price it is offered, and where it would be sent.
  market TEXT NOT NULL,
  -- A digest of the account or the e-mail address, the same as of orders.
  buyer BYTEA NOT NULL,
  -- Null for a guest, who opens it with a token.
  account_id BYTEA,
  email TEXT NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('unconfirmed', 'waiting', 'offered', 'taken', 'lapsed', 'left', 'ended')),
  -- Its place in the list: when it was asked for, or confirmed.
  since_ms BIGINT NOT NULL,
  -- For how long a unit is held for it, as it was told.
  offer_seconds BIGINT NOT NULL CHECK (offer_seconds >= 1),
  -- How often a unit was held for it.
  offers BIGINT NOT NULL CHECK (offers >= 0),
  -- Until when the unit is held; of the last offer.
  until_ms BIGINT,
  -- Whether a unit is reserved for it without an order.
  units_held BIGINT NOT NULL CHECK (units_held IN (0, 1)),
  -- What the offer was taken by.
  order_id BYTEA,
  -- Times that a guest was asked to confirm it.
  asked BIGINT NOT NULL CHECK (asked >= 0),
  -- A digest of a guest's network address, until it is confirmed.
  address BYTEA,
  created_ms BIGINT NOT NULL,
  -- When its state became what it is.
  changed_ms BIGINT NOT NULL,
  CHECK ((state = 'offered') = (units_held = 1)),
  CHECK ((state = 'taken') = (order_id IS NOT NULL)),
  CHECK (state <> 'offered' OR until_ms IS NOT NULL)
);

-- One open wish of a buyer for a variant, whoever races.
CREATE UNIQUE INDEX wish_open ON wish (variant_id, buyer) WHERE state IN ('unconfirmed', 'waiting', 'offered');
CREATE INDEX wish_waiting ON wish (variant_id, since_ms, id) WHERE state = 'waiting';
CREATE INDEX wish_offered ON wish (until_ms, id) WHERE state = 'offered';
CREATE INDEX wish_of_buyer ON wish (buyer) WHERE state IN ('unconfirmed', 'waiting', 'offered');
CREATE INDEX wish_of_account ON wish (account_id, created_ms, id) WHERE account_id IS NOT NULL;
CREATE INDEX wish_unconfirmed ON wish (address) WHERE state = 'unconfirmed';
CREATE INDEX wish_changed ON wish (state, changed_ms);
CREATE INDEX wish_of_order ON wish (order_id) WHERE order_id IS NOT NULL;

-- Tokens that links in a guest's mail carry.
CREATE TABLE wish_access (
  wish_id BYTEA NOT NULL REFERENCES wish (id),
  access_hash BYTEA NOT NULL,
  made_ms BIGINT NOT NULL,
  PRIMARY KEY (wish_id, access_hash)
);
