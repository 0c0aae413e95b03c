-- The widths that smaller ones of a picture were made in, `320,640`; empty for pictures of before there were any.
ALTER TABLE product_picture ADD COLUMN sizes TEXT NOT NULL DEFAULT '';
