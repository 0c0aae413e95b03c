-- Short cuts of recordings, each with a product attached (docs/decisions/0039).
CREATE TABLE clip (
  id BYTEA NOT NULL PRIMARY KEY,
  show_id BYTEA NOT NULL REFERENCES show (id),
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  product_id BYTEA NOT NULL REFERENCES product (id),
  title TEXT NOT NULL,
  -- What of the show it shows, on the show's media clock.
  from_media_ms BIGINT NOT NULL CHECK (from_media_ms >= 0),
  until_media_ms BIGINT NOT NULL CHECK (until_media_ms > from_media_ms),
  state TEXT NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'removed')),
  -- How often its file was tried to be made.
  tries BIGINT NOT NULL CHECK (tries >= 0),
  -- Of its file, once there is one.
  bytes BIGINT NOT NULL CHECK (bytes >= 0),
  duration_ms BIGINT NOT NULL CHECK (duration_ms >= 0),
  account_id BYTEA NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  ready_ms BIGINT,
  removed_ms BIGINT,
  CHECK (state <> 'ready' OR ready_ms IS NOT NULL),
  CHECK ((state = 'removed') = (removed_ms IS NOT NULL))
);
CREATE INDEX clip_of_show ON clip (show_id, created_ms, id);
CREATE INDEX clip_of_channel ON clip (channel_id, ready_ms, id) WHERE state = 'ready';
CREATE INDEX clip_ready ON clip (ready_ms, id) WHERE state = 'ready';
CREATE INDEX clip_to_make ON clip (created_ms, id) WHERE state = 'making';

-- The clip that an order was placed from, as its client told it; only one of the order's show.
ALTER TABLE orders ADD COLUMN clip_id BYTEA;
CREATE INDEX orders_of_clip ON orders (clip_id, placed_ms, id) WHERE clip_id IS NOT NULL;
