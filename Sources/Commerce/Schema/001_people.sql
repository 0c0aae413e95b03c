-- Who signs in. E-mail addresses are folded by the program (lower case, NFC), because engines fold letters differently.
CREATE TABLE account (
  id BYTEA PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  is_operator BIGINT NOT NULL CHECK (is_operator IN (0, 1)),
  created_ms BIGINT NOT NULL
);

-- A sign-in is a family of tokens: when one is rotated, the next has the same family and the same end.
CREATE TABLE session (
  token_hash BYTEA PRIMARY KEY,
  family BYTEA NOT NULL,
  account_id BYTEA NOT NULL REFERENCES account (id),
  created_ms BIGINT NOT NULL,
  rotated_ms BIGINT,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id, created_ms);
CREATE INDEX session_family ON session (family);
CREATE INDEX session_expires ON session (expires_ms);

CREATE TABLE api_key (
  id BYTEA PRIMARY KEY,
  account_id BYTEA NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  token_hash BYTEA NOT NULL UNIQUE,
  created_ms BIGINT NOT NULL,
  revoked_ms BIGINT
);
CREATE INDEX api_key_account ON api_key (account_id, created_ms);

-- The one-time right to make the first operator.
CREATE TABLE setup_token (
  token_hash BYTEA PRIMARY KEY,
  expires_ms BIGINT NOT NULL
);
