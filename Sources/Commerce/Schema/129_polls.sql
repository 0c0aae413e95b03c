-- Questions that hosts put to those who watch (docs/decisions/0045).
CREATE TABLE poll (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  -- Empty once it was removed, and so are the answers.
  question TEXT NOT NULL,
  -- JSON of two to six of them: `["Red","Blue"]`.
  answers TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'removed')),
  opened_ms BIGINT NOT NULL,
  ends_ms BIGINT NOT NULL,
  open_media_ms BIGINT NOT NULL,
  -- When nobody could vote any more, and the timeline's event that said so.
  closed_ms BIGINT,
  closing_id BYTEA,
  -- Whether it is still known who voted for what; the sums stay.
  has_voices BIGINT NOT NULL DEFAULT 1 CHECK (has_voices IN (0, 1)),
  account_id BYTEA,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
-- One at a time, whoever opens two at once.
CREATE UNIQUE INDEX poll_open ON poll (show_id) WHERE state = 'open';
CREATE INDEX poll_of_show ON poll (show_id, created_ms, id);
CREATE INDEX poll_due ON poll (ends_ms) WHERE state = 'open';
CREATE INDEX poll_with_voices ON poll (closed_ms) WHERE has_voices = 1 AND state <> 'open';

-- What each answer has, in the order of the answers.
CREATE TABLE poll_answer (
  poll_id BYTEA NOT NULL REFERENCES poll (id),
  position BIGINT NOT NULL CHECK (position BETWEEN 0 AND 5),
  votes BIGINT NOT NULL CHECK (votes >= 0),
  PRIMARY KEY (poll_id, position)
);

-- One voice, one vote: by the account, a digest of the browser's secret, or of the address.
CREATE TABLE poll_vote (
  poll_id BYTEA NOT NULL REFERENCES poll (id),
  voice BYTEA NOT NULL,
  position BIGINT NOT NULL,
  -- A guest's, as a keyed digest.
  address BYTEA,
  PRIMARY KEY (poll_id, voice)
);
CREATE INDEX poll_vote_of_address ON poll_vote (poll_id, address) WHERE address IS NOT NULL;
