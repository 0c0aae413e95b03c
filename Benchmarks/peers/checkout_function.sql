\set random random(0, 4611686018427387903)
SELECT place_order(:random);
