-- Who holds stock with an order that is not paid: a digest of the buyer's account or e-mail address, and one of the
-- network address it came from. Both are null again as soon as the order is paid or ends.
ALTER TABLE orders ADD COLUMN hold_buyer BYTEA;
ALTER TABLE orders ADD COLUMN hold_address BYTEA;

CREATE INDEX orders_held_by_buyer ON orders (hold_buyer) WHERE hold_buyer IS NOT NULL;
CREATE INDEX orders_held_by_address ON orders (hold_address) WHERE hold_address IS NOT NULL;

-- What is forgotten after a while is found by its age.
CREATE INDEX provider_event_age ON provider_event (received_ms);
CREATE INDEX sandbox_method_age ON sandbox_method (made_ms);
