-- `options` is a JSON array of names. `import_handle` names the product in the file it came from, empty if made by hand.
CREATE TABLE product (
  id BYTEA PRIMARY KEY,
  channel_id BYTEA NOT NULL REFERENCES channel (id),
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  options TEXT NOT NULL,
  import_handle TEXT NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX product_channel ON product (channel_id, created_ms, id);
CREATE UNIQUE INDEX product_import_handle ON product (channel_id, import_handle) WHERE import_handle <> '';

-- A variant that is taken away is retired, never deleted: orders name it. `options` is a JSON array of values.
CREATE TABLE variant (
  id BYTEA PRIMARY KEY,
  product_id BYTEA NOT NULL REFERENCES product (id),
  position BIGINT NOT NULL,
  sku TEXT NOT NULL,
  title TEXT NOT NULL,
  options TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  retired_ms BIGINT
);
CREATE INDEX variant_product ON variant (product_id, position);

CREATE TABLE product_picture (
  id BYTEA PRIMARY KEY,
  product_id BYTEA NOT NULL REFERENCES product (id),
  position BIGINT NOT NULL,
  file TEXT NOT NULL,
  content_type TEXT NOT NULL,
  width BIGINT NOT NULL CHECK (width > 0),
  height BIGINT NOT NULL CHECK (height > 0),
  alt TEXT NOT NULL,
  made_hash BYTEA NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX product_picture_product ON product_picture (product_id, position);
