-- What counts for nothing any more is found by these, and swept.
CREATE INDEX limited_order_of_none ON limited_order (order_id) WHERE units = 0;
CREATE INDEX limited_order_of_subject ON limited_order (subject_id);
CREATE INDEX limited_units_of_none ON limited_units (subject_id) WHERE units = 0;

-- How many units of a preorder its seller has given out in all: by it a form that is sent twice is known.
ALTER TABLE preorder ADD COLUMN units_given BIGINT NOT NULL DEFAULT 0 CHECK (units_given >= 0);
