-- a mark becomes IN over the nested query
SELECT if(amber_in_query(0, t0.level), t0.level, 'Other') AS level FROM errors AS t0;
SELECT CASE WHEN t0.level IN (SELECT "t1"."level" AS "k0" FROM "errors" AS "t1" GROUP BY "k0" LIMIT 2) THEN t0.level ELSE 'Other' END AS level FROM errors AS t0;

-- several values become a tuple
SELECT 1 FROM errors AS t0 WHERE amber_in_query(0, t0.level, t0.release);
SELECT 1 FROM errors AS t0 WHERE (t0.level, t0.release) IN (SELECT "t1"."level" AS "k0" FROM "errors" AS "t1" GROUP BY "k0" LIMIT 2);

-- one that is asked twice becomes a common table
SELECT amber_in_query(0, t0.level) AS a, amber_in_query(0, t0.release) AS b FROM errors AS t0;
WITH "q0" AS (SELECT "t1"."level" AS "k0" FROM "errors" AS "t1" GROUP BY "k0" LIMIT 2) SELECT t0.level IN (SELECT "q0"."k0" FROM "q0") AS a, t0.release IN (SELECT "q0"."k0" FROM "q0") AS b FROM errors AS t0;
