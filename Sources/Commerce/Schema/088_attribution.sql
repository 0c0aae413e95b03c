-- Where an order came from, as its client told it, and to whom it is credited (docs/decisions/0025).
ALTER TABLE orders ADD COLUMN source TEXT NOT NULL DEFAULT 'page' CHECK (source IN ('page', 'embed', 'link'));
-- The `?via=` and the embedding page's origin; empty without one. Kept as told, whether or not anybody earns by it.
ALTER TABLE orders ADD COLUMN via TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN site TEXT NOT NULL DEFAULT '';
-- Where in the show the viewer was, on its media clock.
ALTER TABLE orders ADD COLUMN media_time_ms BIGINT;
-- Who has a share of the commission; null without one, and then `credit` says why not.
ALTER TABLE orders ADD COLUMN partner_id BYTEA;
ALTER TABLE orders ADD COLUMN credit TEXT NOT NULL DEFAULT 'none'
  CHECK (credit IN ('none', 'partner', 'unknown', 'inactive', 'no_terms', 'other_site', 'own_sale'));
CREATE INDEX orders_of_partner ON orders (partner_id, placed_ms, id) WHERE partner_id IS NOT NULL;

-- The part of the commission that it was sold under, and what it came to; the platform has so much less.
ALTER TABLE order_line ADD COLUMN partner_bp BIGINT NOT NULL DEFAULT 0 CHECK (partner_bp BETWEEN 0 AND 10000);
ALTER TABLE order_line ADD COLUMN partner_minor BIGINT NOT NULL DEFAULT 0 CHECK (partner_minor >= 0);
-- What the partner gave back of a refund.
ALTER TABLE refund ADD COLUMN partner_minor BIGINT NOT NULL DEFAULT 0;
