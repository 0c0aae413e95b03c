-- How a show's chat is run (docs/decisions/0040). Without a row everybody may speak, as often as they like, without links.
CREATE TABLE chat_mode (
  show_id BYTEA NOT NULL PRIMARY KEY REFERENCES show (id),
  -- Between two messages of one viewer; 0 for no pause.
  slow_seconds BIGINT NOT NULL CHECK (slow_seconds = 0 OR slow_seconds BETWEEN 3 AND 300),
  audience TEXT NOT NULL CHECK (audience IN ('everyone', 'followers', 'buyers')),
  allows_links BIGINT NOT NULL CHECK (allows_links IN (0, 1))
);

-- When somebody last spoke in a show whose chat is slow.
CREATE TABLE chat_pause (
  show_id BYTEA NOT NULL REFERENCES show (id),
  speaker BYTEA NOT NULL,
  last_ms BIGINT NOT NULL,
  PRIMARY KEY (show_id, speaker)
);

-- Words a channel does not want.
CREATE TABLE chat_word (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  word TEXT NOT NULL,
  -- As it is compared.
  folded TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('hide', 'hold')),
  created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX chat_word_of_channel ON chat_word (channel_id, folded);

-- What was said and waits for a moderator. It becomes a message of the same id, or nothing.
CREATE TABLE chat_held (
  id BYTEA NOT NULL PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  show_id BYTEA NOT NULL REFERENCES show (id),
  account_id BYTEA,
  visitor BYTEA,
  address BYTEA,
  speaker BYTEA NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  role TEXT NOT NULL,
  -- The word it was held for.
  word TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX chat_held_of_channel ON chat_held (channel_id, created_ms, id);
CREATE INDEX chat_held_of_speaker ON chat_held (show_id, speaker);
