-- What a PostgreSQL shop does per order, on Haat's own schema (Sources/Commerce/Schema, loaded before this file): the same
-- rows in the same tables as Commerce.placeOrder. One difference favours this side: its outbox row is the order's own,
-- not the variant's, so the stock is the only row that all buyers want.

INSERT INTO market VALUES ('IN', 'INR', 'India', '["en"]', 1, 800, 1800, 4900, 99900);
INSERT INTO channel VALUES ('\x01', 'stall', 'Stall', '', 'IN', 'approved', '\x', 0);
INSERT INTO product VALUES ('\x02', '\x01', 'Brass lamp', '', '[]', '', '\x', 0);
INSERT INTO variant VALUES ('\x03', '\x02', 0, 'LAMP-1', '', '[]', 0, NULL);
INSERT INTO offer VALUES ('\x04', '\x03', 'IN', 'list', 'INR', 129900, NULL, 0, 9223372036854775807);
INSERT INTO stock VALUES ('\x03', 1000000000, 0);

CREATE FUNCTION ms() RETURNS BIGINT LANGUAGE SQL STABLE
  RETURN (extract(epoch FROM now()) * 1000)::BIGINT;

-- As a UUIDv7: the time first, so that new keys come to the same page of their index. now() is the transaction's.
CREATE FUNCTION order_id(random BIGINT) RETURNS BYTEA LANGUAGE SQL STABLE
  RETURN decode(lpad(to_hex(ms()), 12, '0') || '7000' || lpad(to_hex(random), 16, '0'), 'hex');

CREATE FUNCTION buyer() RETURNS TEXT LANGUAGE SQL IMMUTABLE RETURN
  '{"address":{"city":"Bengaluru","country":"IN","line1":"12 Brigade Road","line2":"","name":"Asha Rao",'
  '"postalCode":"560001","region":"KA"},"email":"asha@example.com","name":"Asha Rao","phone":"+91 98765 43210"}';

-- Everything in one round trip, and the row that all want last, so that it is locked for as short as can be.
CREATE FUNCTION place_order(random BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  id BYTEA := order_id(random);
  now_ms BIGINT := ms();
  quote RECORD;
  remaining BIGINT;
BEGIN
  INSERT INTO idempotency_key (name, fingerprint, order_id, claimed_ms)
    VALUES (sha256(id), sha256('bag'), id, now_ms) ON CONFLICT (name) DO NOTHING;
  IF NOT FOUND THEN RETURN 0; END IF;
  SELECT offer.price_minor, offer.variant_id, product.id AS product_id, product.title, variant.sku, channel.id AS channel_id,
    market.currency INTO quote
  FROM offer JOIN variant ON variant.id = offer.variant_id JOIN product ON product.id = variant.product_id
    JOIN channel ON channel.id = product.channel_id JOIN market ON market.code = offer.market
  WHERE offer.id = '\x04' AND offer.opened_ms <= now_ms AND now_ms < offer.closed_ms;
  INSERT INTO stock_movement VALUES (quote.variant_id, id, 'reserved', 0, 1, id, NULL, '', now_ms);
  INSERT INTO orders (id, channel_id, market, access_hash, fingerprint, state, currency, subtotal_minor, shipping_minor,
      tax_minor, total_minor, refunded_minor, buyer, language, tracking, placed_ms, expires_ms)
    VALUES (id, quote.channel_id, 'IN', sha256(id), sha256('bag'), 'placed', quote.currency, quote.price_minor, 0,
      19815, quote.price_minor, 0, buyer(), 'en', '', now_ms, now_ms + 600000);
  INSERT INTO order_line VALUES (id, 0, '\x04', quote.variant_id, quote.product_id, quote.title, quote.sku, 1,
    quote.price_minor, quote.price_minor, 1800, 800, 19815, 8807);
  INSERT INTO outbox VALUES ('order', id, 1);
  UPDATE stock SET reserved = reserved + 1 WHERE variant_id = quote.variant_id AND on_hand - reserved >= 1
    RETURNING on_hand - reserved INTO remaining;
  IF remaining IS NULL THEN RAISE EXCEPTION 'sold out'; END IF;
  RETURN remaining;
END $$;
