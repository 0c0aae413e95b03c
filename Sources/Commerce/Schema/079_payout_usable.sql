-- From when on an account is paid to, said for itself: when it was changed is when it was changed.
ALTER TABLE payout_destination ADD COLUMN usable_ms BIGINT NOT NULL DEFAULT 0;

UPDATE payout_destination SET usable_ms = changed_ms + 259200000;
