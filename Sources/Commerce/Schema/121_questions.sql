-- Questions and replies in a show's chat (docs/decisions/0043).

-- Null for what is no question.
ALTER TABLE message ADD COLUMN question TEXT CHECK (question IN ('open', 'answered'));
-- What it answers, in the same show; forgotten when that is removed.
ALTER TABLE message ADD COLUMN reply_to BYTEA;
CREATE INDEX message_question ON message (show_id, question, created_ms, id) WHERE question IS NOT NULL;
CREATE INDEX message_reply ON message (reply_to) WHERE reply_to IS NOT NULL;

ALTER TABLE chat_held ADD COLUMN is_question BIGINT NOT NULL DEFAULT 0 CHECK (is_question IN (0, 1));
ALTER TABLE chat_held ADD COLUMN reply_to BYTEA;

-- Questions that are, or were, above a show's chat. The timeline event that says so has the same id, and loses its text
-- with the message.
CREATE TABLE chat_pin (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  message_id BYTEA NOT NULL REFERENCES message (id),
  pinned_ms BIGINT NOT NULL,
  -- Null while it is there.
  unpinned_ms BIGINT
);
CREATE UNIQUE INDEX chat_pin_now ON chat_pin (show_id) WHERE unpinned_ms IS NULL;
CREATE INDEX chat_pin_of_message ON chat_pin (message_id);
