-- `made_hash` is a fingerprint of what the thing was made from: the same id with another body is refused by it.
CREATE TABLE channel (
  id BYTEA PRIMARY KEY,
  handle TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  about TEXT NOT NULL,
  market TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('applied', 'approved', 'suspended', 'rejected')),
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX channel_state ON channel (state, created_ms, id);

CREATE TABLE member (
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  account_id BYTEA NOT NULL REFERENCES account (id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'host', 'moderator', 'fulfilment')),
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (channel_id, account_id)
);
CREATE INDEX member_account ON member (account_id);
