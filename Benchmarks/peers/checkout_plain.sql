\set random random(0, 4611686018427387903)
BEGIN;
INSERT INTO idempotency_key (name, fingerprint, order_id, claimed_ms) VALUES (sha256(order_id(:random)), sha256('bag'), order_id(:random), ms()) ON CONFLICT (name) DO NOTHING;
SELECT offer.price_minor, offer.variant_id, product.id, product.title, variant.sku, channel.id, market.currency FROM offer JOIN variant ON variant.id = offer.variant_id JOIN product ON product.id = variant.product_id JOIN channel ON channel.id = product.channel_id JOIN market ON market.code = offer.market WHERE offer.id = '\x04' AND offer.opened_ms <= ms() AND ms() < offer.closed_ms;
UPDATE stock SET reserved = reserved + 1 WHERE variant_id = '\x03' AND on_hand - reserved >= 1 RETURNING on_hand - reserved;
INSERT INTO stock_movement VALUES ('\x03', order_id(:random), 'reserved', 0, 1, order_id(:random), NULL, '', ms());
INSERT INTO orders (id, channel_id, market, access_hash, fingerprint, state, currency, subtotal_minor, shipping_minor, tax_minor, total_minor, refunded_minor, buyer, language, tracking, placed_ms, expires_ms) VALUES (order_id(:random), '\x01', 'IN', sha256(order_id(:random)), sha256('bag'), 'placed', 'INR', 129900, 0, 19815, 129900, 0, buyer(), 'en', '', ms(), ms() + 600000);
INSERT INTO order_line VALUES (order_id(:random), 0, '\x04', '\x03', '\x02', 'Brass lamp', 'LAMP-1', 1, 129900, 129900, 1800, 800, 19815, 8807);
INSERT INTO outbox VALUES ('order', order_id(:random), 1);
COMMIT;
