-- How many days a market's buyers have to send something back; null for what the installation says.
ALTER TABLE market ADD COLUMN return_days BIGINT CHECK (return_days BETWEEN 0 AND 365);

-- Since when: an order keeps what held when it was placed. Without a row from before it, what the installation says.
CREATE TABLE return_period (
  market TEXT NOT NULL REFERENCES market (code),
  starts_ms BIGINT NOT NULL,
  days BIGINT CHECK (days BETWEEN 0 AND 365),
  PRIMARY KEY (market, starts_ms)
);
