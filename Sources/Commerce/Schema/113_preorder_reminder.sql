-- Whether a buyer was reminded of a balance that is due.
ALTER TABLE preorder_place ADD COLUMN is_reminded BIGINT NOT NULL DEFAULT 0 CHECK (is_reminded IN (0, 1));
CREATE INDEX preorder_place_called ON preorder_place (due_ms) WHERE state = 'called' AND is_reminded = 0;
