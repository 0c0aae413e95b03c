-- What a host wants to say in a show, to read while on air (docs/decisions/0063).

CREATE TABLE show_notes (
  show_id BYTEA PRIMARY KEY REFERENCES show (id),
  text TEXT NOT NULL,
  -- Counts up with each change.
  edition BIGINT NOT NULL,
  changed_by BYTEA NOT NULL REFERENCES account (id),
  changed_ms BIGINT NOT NULL
);
