-- Who made the show's stream key: it opens nothing any more once that account may not broadcast for the channel.
ALTER TABLE show ADD COLUMN stream_key_account_id BYTEA REFERENCES account (id);
