-- The words by which products and shows are found: folded, without endings, in UTF-8, so that both engines order them by
-- their bytes. Filled in after the change, by whoever finds indexed = 0.
CREATE TABLE search_word (
  word BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('product', 'show')),
  subject BYTEA NOT NULL,
  -- What it says of the subject: 4 in its title, 2 as a code or option, 1 in the description or the seller's name.
  weight BIGINT NOT NULL CHECK (weight BETWEEN 1 AND 4),
  PRIMARY KEY (word, kind, subject)
);

CREATE INDEX search_word_of_subject ON search_word (subject);

ALTER TABLE product ADD COLUMN indexed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE show ADD COLUMN indexed BIGINT NOT NULL DEFAULT 0;

CREATE INDEX product_to_index ON product (id) WHERE indexed = 0;
CREATE INDEX show_to_index ON show (id) WHERE indexed = 0;
