-- A product file under way: received, checked against the catalogue (which changes nothing), confirmed, imported.
-- Whoever works on it holds it until leased_ms; a process that died lets go of it by then, and another goes on.
CREATE TABLE import_job (
  id BYTEA PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  account_id BYTEA NOT NULL REFERENCES account (id),
  market TEXT NOT NULL REFERENCES market (code),
  file_name TEXT NOT NULL,
  -- 1 to leave the stock of variants that are there as it is.
  keeps_stock BIGINT NOT NULL CHECK (keeps_stock IN (0, 1)),
  state TEXT NOT NULL
    CHECK (state IN ('receiving', 'checking', 'ready', 'importing', 'done', 'discarded', 'failed')),
  -- Why it failed; empty otherwise.
  why TEXT NOT NULL,
  row_count BIGINT NOT NULL,
  product_count BIGINT NOT NULL,
  -- Products checked, and once it is confirmed, products imported.
  done_count BIGINT NOT NULL,
  new_count BIGINT NOT NULL,
  changed_count BIGINT NOT NULL,
  unchanged_count BIGINT NOT NULL,
  refused_count BIGINT NOT NULL,
  made_hash BYTEA NOT NULL,
  lease BYTEA,
  leased_ms BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL
);
CREATE INDEX import_job_channel ON import_job (channel_id, created_ms, id);
CREATE INDEX import_job_waiting ON import_job (created_ms) WHERE state IN ('checking', 'importing');

-- The file, in pieces, until the job has ended.
CREATE TABLE import_chunk (
  job_id BYTEA NOT NULL REFERENCES import_job (id),
  position BIGINT NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (job_id, position)
);

-- One product of the file: what importing it would do, and once is_done, what it did. `detail` is JSON.
CREATE TABLE import_item (
  job_id BYTEA NOT NULL REFERENCES import_job (id),
  position BIGINT NOT NULL,
  line BIGINT NOT NULL,
  handle TEXT NOT NULL,
  title TEXT NOT NULL,
  product_id BYTEA,
  outcome TEXT NOT NULL CHECK (outcome IN ('new', 'changed', 'unchanged', 'refused')),
  is_done BIGINT NOT NULL CHECK (is_done IN (0, 1)),
  detail TEXT NOT NULL,
  PRIMARY KEY (job_id, position)
);
CREATE INDEX import_item_outcome ON import_item (job_id, outcome, position);
