-- Grams of one unit; 0 where nobody weighed it.
ALTER TABLE variant ADD COLUMN weight_grams BIGINT NOT NULL DEFAULT 0 CHECK (weight_grams BETWEEN 0 AND 1000000);

-- What a parcel costs by its weight, `500:4900,2000:9900`: 4900 up to 500 g, 9900 up to 2 kg, and nothing heavier is
-- sent. Empty where shipping_minor is asked whatever a parcel weighs.
ALTER TABLE market ADD COLUMN shipping_table TEXT NOT NULL DEFAULT '';

-- Of one unit, as sold.
ALTER TABLE order_line ADD COLUMN weight_grams BIGINT NOT NULL DEFAULT 0 CHECK (weight_grams BETWEEN 0 AND 1000000);
