-- What happens to a paid order besides its parcels: it is cancelled, or goods come back.

-- Somebody wants units that were not sent not to be sent. The refund of one that was accepted has its id.
CREATE TABLE cancellation (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  channel_id BYTEA NOT NULL,
  -- Who wants it.
  party TEXT NOT NULL CHECK (party IN ('buyer', 'seller')),
  reason TEXT NOT NULL CHECK (reason IN ('out_of_stock', 'buyers_wish', 'address', 'other')),
  note TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('requested', 'refused', 'overtaken', 'accepted', 'failed')),
  -- Why the seller refused it.
  answer TEXT NOT NULL,
  account_id BYTEA,
  made_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL
);

CREATE INDEX cancellation_of_order ON cancellation (order_id, made_ms, id);
CREATE UNIQUE INDEX cancellation_open ON cancellation (order_id) WHERE state = 'requested';
CREATE INDEX cancellation_of_channel ON cancellation (channel_id, made_ms, id) WHERE state = 'requested';
CREATE INDEX cancellation_due ON cancellation (made_ms) WHERE state = 'requested';

-- Goods that go back to their seller. The refund of what was received has its id.
CREATE TABLE order_return (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  channel_id BYTEA NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('damaged', 'not_as_described', 'wrong_size', 'changed_mind', 'other')),
  note TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('requested', 'approved', 'sent', 'received', 'refused', 'disputed', 'withdrawn', 'lapsed')),
  -- The operator has had the last word.
  is_decided BIGINT NOT NULL DEFAULT 0 CHECK (is_decided IN (0, 1)),
  -- Where and how to send it.
  instructions TEXT NOT NULL,
  -- Why it was refused.
  answer TEXT NOT NULL,
  -- The parcel back.
  carrier TEXT NOT NULL,
  tracking TEXT NOT NULL,
  link TEXT NOT NULL,
  account_id BYTEA,
  made_ms BIGINT NOT NULL,
  -- When it came to its state.
  changed_ms BIGINT NOT NULL
);

CREATE INDEX order_return_of_order ON order_return (order_id, made_ms, id);
CREATE INDEX order_return_of_channel ON order_return (channel_id, made_ms, id)
  WHERE state IN ('requested', 'approved', 'sent', 'disputed');
CREATE INDEX order_return_due ON order_return (state, changed_ms)
  WHERE state IN ('requested', 'approved', 'sent', 'disputed');

CREATE TABLE order_return_line (
  return_id BYTEA NOT NULL REFERENCES order_return (id),
  -- The order line's position.
  position BIGINT NOT NULL,
  quantity BIGINT NOT NULL CHECK (quantity > 0),
  -- What came of them once they were received: back on the shelf, or not to be sold again.
  restocked BIGINT NOT NULL CHECK (restocked >= 0),
  written_off BIGINT NOT NULL CHECK (written_off >= 0),
  PRIMARY KEY (return_id, position),
  CHECK (restocked + written_off <= quantity)
);

-- What happened to an order, and when. Rows are only ever added.
CREATE TABLE order_event (
  id BYTEA NOT NULL PRIMARY KEY,
  order_id BYTEA NOT NULL REFERENCES orders (id),
  -- The cancellation or the return.
  subject_id BYTEA NOT NULL,
  kind TEXT NOT NULL,
  party TEXT NOT NULL CHECK (party IN ('buyer', 'seller', 'operator', 'house')),
  account_id BYTEA,
  note TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  -- Which of its order's it is, from 1: several may happen in one millisecond.
  place BIGINT NOT NULL,
  UNIQUE (order_id, place)
);

CREATE INDEX order_event_of_subject ON order_event (subject_id);
