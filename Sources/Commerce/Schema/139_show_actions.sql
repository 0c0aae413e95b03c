-- What those who run a show did in it, for those who run it with them. What moderators did is in chat_action.
CREATE TABLE show_action (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  account_id BYTEA NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL,
  -- The product, coupon, giveaway, auction, poll, banner, claim word or message that it was about.
  subject_id BYTEA,
  at_ms BIGINT NOT NULL
);
CREATE INDEX show_action_of_show ON show_action (show_id, at_ms, id);
