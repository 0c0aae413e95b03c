-- What viewers told the operator: that a show or a clip ought not to be seen (docs/decisions/0055).

CREATE TABLE flag (
  -- The id of a show or of a clip.
  subject BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('show', 'clip')),
  -- The show, or the one that the clip is from.
  show_id BYTEA NOT NULL REFERENCES show (id),
  -- 16 bytes of an account, 32 of a visitor's digest.
  reporter BYTEA NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  -- When an operator has looked at it.
  settled_ms BIGINT,
  PRIMARY KEY (subject, reporter)
);

CREATE INDEX flag_open ON flag (subject, created_ms) WHERE settled_ms IS NULL;
CREATE INDEX flag_show ON flag (show_id);
