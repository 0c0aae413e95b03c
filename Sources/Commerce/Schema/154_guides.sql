-- Who does not want to be led any more, and by which guide: `operator`, `seller channel:<id>`, `partner partner:<id>`.
CREATE TABLE guide_dismissal (
  account_id BYTEA NOT NULL REFERENCES account (id),
  guide TEXT NOT NULL,
  dismissed_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, guide)
);

-- When a page of another site first held a frame with the partner's key.
ALTER TABLE partner ADD COLUMN frame_seen_ms BIGINT;
