-- `sequence` is the last number given in the show's timeline. `changed_ms` only grows, so that two changes of one show
-- are never at the same millisecond and keep their order in the timeline.
CREATE TABLE show (
  id BYTEA PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  orientation TEXT NOT NULL CHECK (orientation IN ('vertical', 'horizontal')),
  state TEXT NOT NULL CHECK (state IN ('scheduled', 'live', 'ended')),
  scheduled_ms BIGINT NOT NULL,
  started_ms BIGINT,
  ended_ms BIGINT,
  media_epoch_ms BIGINT,
  stream_key_hash BYTEA UNIQUE,
  pinned_product_id BYTEA REFERENCES product (id),
  sequence BIGINT NOT NULL CHECK (sequence >= 0),
  changed_ms BIGINT NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX show_state ON show (state, scheduled_ms, id);
CREATE INDEX show_channel ON show (channel_id, scheduled_ms, id);

CREATE TABLE show_market (
  show_id BYTEA NOT NULL REFERENCES show (id),
  market TEXT NOT NULL REFERENCES market (code),
  PRIMARY KEY (show_id, market)
);

-- The run of show.
CREATE TABLE show_product (
  show_id BYTEA NOT NULL REFERENCES show (id),
  product_id BYTEA NOT NULL REFERENCES product (id),
  position BIGINT NOT NULL,
  PRIMARY KEY (show_id, product_id)
);
CREATE INDEX show_product_product ON show_product (product_id);

-- What happened, in order. A verb appends with sequence 0; the show's sequencer then numbers from 1 without gaps.
CREATE TABLE timeline_event (
  id BYTEA PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  sequence BIGINT NOT NULL CHECK (sequence >= 0),
  kind TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  media_time_ms BIGINT NOT NULL CHECK (media_time_ms >= 0),
  payload TEXT NOT NULL
);
CREATE UNIQUE INDEX timeline_event_sequence ON timeline_event (show_id, sequence) WHERE sequence > 0;
CREATE INDEX timeline_event_unnumbered ON timeline_event (show_id, at_ms, id) WHERE sequence = 0;

-- A chat message. Its timeline event has the same id, and loses its text when the message is removed.
CREATE TABLE message (
  id BYTEA PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  account_id BYTEA REFERENCES account (id),
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  role TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  removed_ms BIGINT
);
CREATE INDEX message_show ON message (show_id, created_ms);
