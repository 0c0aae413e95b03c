-- Whose statement of which month was mailed, for longer than mail is kept.
CREATE TABLE statement_mail (
  month TEXT NOT NULL,
  account TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  PRIMARY KEY (month, account)
);
