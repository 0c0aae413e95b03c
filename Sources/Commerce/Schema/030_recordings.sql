-- What became of a show's recording. `recording` from the show's start, `ready` when it is complete, `empty` when nothing
-- came in, `deleted` with the reason. Times of media are milliseconds on the show's clock.
CREATE TABLE recording (
  show_id BYTEA PRIMARY KEY REFERENCES show (id),
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  state TEXT NOT NULL CHECK (state IN ('recording', 'ready', 'empty', 'deleted')),
  start_media_ms BIGINT NOT NULL,
  end_media_ms BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  bytes BIGINT NOT NULL CHECK (bytes >= 0),
  lost_ms BIGINT NOT NULL,
  ready_ms BIGINT,
  deleted_ms BIGINT,
  deleted_why TEXT CHECK (deleted_why IN ('owner', 'retention'))
);
CREATE INDEX recording_channel ON recording (channel_id, state);
CREATE INDEX recording_state ON recording (state, ready_ms);

INSERT INTO recording (show_id, channel_id, state, start_media_ms, end_media_ms, duration_ms, bytes, lost_ms,
  ready_ms, deleted_ms, deleted_why)
SELECT id, channel_id, 'recording', 0, 0, 0, 0, 0, NULL, NULL, NULL FROM show WHERE state = 'live';

-- How a channel keeps its recordings. Without a row the installation's defaults hold.
CREATE TABLE recording_terms (
  channel_id BYTEA PRIMARY KEY REFERENCES channel (id),
  keep_days BIGINT NOT NULL CHECK (keep_days >= 0),
  is_download_open BIGINT NOT NULL CHECK (is_download_open IN (0, 1))
);

-- A replay asks what happened around a moment of the show.
CREATE INDEX timeline_event_media ON timeline_event (show_id, media_time_ms, sequence) WHERE sequence > 0;
