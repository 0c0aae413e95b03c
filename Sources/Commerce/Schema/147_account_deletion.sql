-- Accounts that their people deleted (docs/decisions/0057): the row stays, for what points to it, with nothing of the person in it.
ALTER TABLE account ADD COLUMN deleted_ms BIGINT;
-- When the last thing they had said was forgotten.
ALTER TABLE account ADD COLUMN forgotten_ms BIGINT;
CREATE INDEX account_to_forget ON account (deleted_ms, id) WHERE deleted_ms IS NOT NULL AND forgotten_ms IS NULL;
CREATE INDEX message_of_account ON message (account_id, created_ms, id) WHERE account_id IS NOT NULL;
