-- What an operator has turned off while the house runs, and who did so (docs/decisions/0061). A feature without a row is on.
CREATE TABLE feature_switch (
  feature TEXT NOT NULL PRIMARY KEY,
  is_on BIGINT NOT NULL CHECK (is_on IN (0, 1)),
  -- What people are told who would use it; empty for the house's own sentence.
  notice TEXT NOT NULL,
  reason TEXT NOT NULL,
  account_id BYTEA NOT NULL REFERENCES account (id),
  changed_ms BIGINT NOT NULL
);

-- Every flip, for ever.
CREATE TABLE feature_switch_event (
  id BYTEA NOT NULL PRIMARY KEY,
  feature TEXT NOT NULL,
  is_on BIGINT NOT NULL CHECK (is_on IN (0, 1)),
  notice TEXT NOT NULL,
  reason TEXT NOT NULL,
  account_id BYTEA NOT NULL REFERENCES account (id),
  at_ms BIGINT NOT NULL
);
CREATE INDEX feature_switch_event_at ON feature_switch_event (at_ms, id);
