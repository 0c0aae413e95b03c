-- Other sites and apps that bring buyers, and have a share of the platform's commission for it.
CREATE TABLE partner (
  id BYTEA NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  -- What their links carry, `?via=`: public, and never another partner's.
  via TEXT NOT NULL UNIQUE,
  -- JSON of the origins that may hold our frame for them: `["https://blog.example"]`.
  sites TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
  -- Why they are not active, for their people to read.
  reason TEXT NOT NULL,
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);

CREATE INDEX partner_made ON partner (created_ms, id);

-- What part of the commission is theirs, from a moment on until later terms begin. Terms are never changed.
CREATE TABLE partner_terms (
  id BYTEA NOT NULL PRIMARY KEY,
  partner_id BYTEA NOT NULL REFERENCES partner (id),
  rate_bp BIGINT NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
  starts_ms BIGINT NOT NULL,
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);

CREATE INDEX partner_terms_of_partner ON partner_terms (partner_id, starts_ms, id);

-- Who sees the partner's pages, and says where its money goes.
CREATE TABLE partner_member (
  partner_id BYTEA NOT NULL REFERENCES partner (id),
  account_id BYTEA NOT NULL REFERENCES account (id),
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (partner_id, account_id)
);

CREATE INDEX partner_member_account ON partner_member (account_id);

-- What the partner's own programs read with: nothing but what is the partner's.
CREATE TABLE partner_key (
  id BYTEA NOT NULL PRIMARY KEY,
  partner_id BYTEA NOT NULL REFERENCES partner (id),
  name TEXT NOT NULL,
  token_hash BYTEA NOT NULL UNIQUE,
  account_id BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  revoked_ms BIGINT
);

CREATE INDEX partner_key_of_partner ON partner_key (partner_id);
