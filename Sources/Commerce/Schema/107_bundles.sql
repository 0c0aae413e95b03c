-- What a bundle is made of: other variants of its channel. It never changes (docs/decisions/0032).
CREATE TABLE bundle_part (
  -- The bundle's one variant.
  bundle_id BYTEA NOT NULL REFERENCES variant (id),
  position BIGINT NOT NULL CHECK (position BETWEEN 0 AND 9),
  variant_id BYTEA NOT NULL REFERENCES variant (id),
  -- Units of it in one bundle.
  quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 20),
  PRIMARY KEY (bundle_id, position),
  UNIQUE (bundle_id, variant_id)
);
CREATE INDEX bundle_part_of ON bundle_part (variant_id);

-- Pricing a bag, and stock that changes, look no further where there is no bundle.
ALTER TABLE variant ADD COLUMN is_bundle BIGINT NOT NULL DEFAULT 0 CHECK (is_bundle IN (0, 1));
ALTER TABLE stock ADD COLUMN is_part BIGINT NOT NULL DEFAULT 0 CHECK (is_part IN (0, 1));

-- The bundle that a line was bought as a part of. Its offer is then the bundle's.
ALTER TABLE order_line ADD COLUMN bundle_id BYTEA;
CREATE INDEX order_line_of_bundle ON order_line (bundle_id, order_id) WHERE bundle_id IS NOT NULL;
