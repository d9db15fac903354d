-- a statement without a limit gets one
SELECT 1 FROM errors AS t0;
SELECT 1 FROM errors AS t0 LIMIT 100;

-- a smaller limit stays
SELECT 1 FROM errors AS t0 LIMIT 5;
SELECT 1 FROM errors AS t0 LIMIT 5;

-- a larger one is cut
SELECT 1 FROM errors AS t0 LIMIT 5000;
SELECT 1 FROM errors AS t0 LIMIT 100;

-- rows per key are limited from outside
SELECT t0.a AS a FROM errors AS t0 ORDER BY t0.a LIMIT 2 BY t0.a;
SELECT * FROM (SELECT t0.a AS a FROM errors AS t0 ORDER BY t0.a LIMIT 2 BY t0.a) AS "limited" LIMIT 100;
