-- tax_included_bp is the rate of the class `standard`. Others, `reduced:500` on each line; a class that a market does
-- not name has its standard rate.
ALTER TABLE market ADD COLUMN tax_table TEXT NOT NULL DEFAULT '';
-- 1 where tax is added to prices, 0 where they include it.
ALTER TABLE market ADD COLUMN tax_is_added BIGINT NOT NULL DEFAULT 0 CHECK (tax_is_added IN (0, 1));
-- Whether shipping is taxed, at the standard rate.
ALTER TABLE market ADD COLUMN taxes_shipping BIGINT NOT NULL DEFAULT 0 CHECK (taxes_shipping IN (0, 1));

ALTER TABLE product ADD COLUMN tax_class TEXT NOT NULL DEFAULT 'standard';

-- As sold. tax_minor is what total_minor contains, tax_added_minor what the buyer pays beyond it: one of them is 0.
ALTER TABLE order_line ADD COLUMN tax_class TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE order_line ADD COLUMN tax_added_minor BIGINT NOT NULL DEFAULT 0 CHECK (tax_added_minor >= 0);

-- The tax on the shipping, contained in shipping_minor, and its rate.
ALTER TABLE orders ADD COLUMN shipping_tax_bp BIGINT NOT NULL DEFAULT 0 CHECK (shipping_tax_bp BETWEEN 0 AND 10000);
ALTER TABLE orders ADD COLUMN shipping_tax_minor BIGINT NOT NULL DEFAULT 0
  CHECK (shipping_tax_minor BETWEEN 0 AND shipping_minor);
-- What of tax_minor was added to prices: all of it or nothing. subtotal_minor and shipping_minor are with it.
ALTER TABLE orders ADD COLUMN tax_added_minor BIGINT NOT NULL DEFAULT 0 CHECK (tax_added_minor IN (0, tax_minor));
