-- Rates are basis points; amounts are minor units of the market's currency, which never changes once set.
CREATE TABLE market (
  code TEXT PRIMARY KEY,
  currency TEXT NOT NULL,
  name TEXT NOT NULL,
  languages TEXT NOT NULL,
  is_open BIGINT NOT NULL CHECK (is_open IN (0, 1)),
  commission_bp BIGINT NOT NULL CHECK (commission_bp BETWEEN 0 AND 10000),
  tax_included_bp BIGINT NOT NULL CHECK (tax_included_bp BETWEEN 0 AND 10000),
  shipping_minor BIGINT NOT NULL CHECK (shipping_minor >= 0),
  shipping_free_from_minor BIGINT CHECK (shipping_free_from_minor >= 0)
);
