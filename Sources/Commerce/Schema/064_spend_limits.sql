-- What an account set itself to spend at most, in one currency and so many days. A higher limit, or none, holds only
-- from next_ms on: whoever set it in a calm hour should not lift it in a hot one.
CREATE TABLE spend_limit (
  account_id BYTEA NOT NULL REFERENCES account (id),
  currency TEXT NOT NULL,
  days BIGINT NOT NULL CHECK (days IN (1, 7, 30)),
  limit_minor BIGINT NOT NULL CHECK (limit_minor BETWEEN 0 AND 1000000000000),
  -- What comes instead; null with next_ms set for none.
  next_minor BIGINT CHECK (next_minor BETWEEN 0 AND 1000000000000),
  next_ms BIGINT,
  PRIMARY KEY (account_id, currency, days)
);
