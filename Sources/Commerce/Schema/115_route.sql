-- What is known of somebody's account at a provider that asks us for the details (docs/decisions/0038). The details
-- themselves are passed on and not kept.
-- The provider's name for the person behind it, such as `sth_…`; empty where there is none.
ALTER TABLE provider_payee ADD COLUMN person TEXT NOT NULL DEFAULT '';
-- The provider's name for what the account is to be used for, such as `acc_prd_…`; empty where there is none.
ALTER TABLE provider_payee ADD COLUMN product TEXT NOT NULL DEFAULT '';
-- In the provider's words: how far it is; empty until it has said.
ALTER TABLE provider_payee ADD COLUMN state TEXT NOT NULL DEFAULT ''
  CHECK (state IN ('', 'requested', 'needs_clarification', 'under_review', 'activated', 'suspended', 'rejected'));
-- The last four characters of the bank account it is paid out to, where they were given to us.
ALTER TABLE provider_payee ADD COLUMN ending TEXT NOT NULL DEFAULT '';

UPDATE provider_payee SET state = 'activated' WHERE is_ready = 1;

-- What the provider still wants to know of an account.
CREATE TABLE provider_requirement (
  payee TEXT NOT NULL,
  provider TEXT NOT NULL,
  position BIGINT NOT NULL,
  -- In the provider's words, such as `settlements.ifsc_code`.
  field TEXT NOT NULL,
  -- Such as `field_missing`.
  reason TEXT NOT NULL,
  PRIMARY KEY (payee, provider, position),
  FOREIGN KEY (payee, provider) REFERENCES provider_payee (payee, provider)
);

-- A transfer at a provider is one of ours, once.
CREATE UNIQUE INDEX payout_transfer_at_provider ON payout_transfer (provider, transfer_id) WHERE transfer_id <> '';
CREATE UNIQUE INDEX payout_reversal_at_provider ON payout_reversal (transfer_id, reversal_id) WHERE reversal_id <> '';
