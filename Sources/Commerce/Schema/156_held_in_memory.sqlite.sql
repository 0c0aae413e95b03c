-- Who holds what is not paid is looked up in memory there: digests come in no order, and each dirtied a page of its own.
DROP INDEX orders_held_by_buyer;
DROP INDEX orders_held_by_address;
