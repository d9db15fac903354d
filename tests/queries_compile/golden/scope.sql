-- the predicate comes first
SELECT count() AS n FROM errors AS t0 WHERE t0.level = 'a' OR t0.level = 'b';
SELECT count() AS n FROM errors AS t0 WHERE "t0"."project_id" IN (3, 7) AND (t0.level = 'a' OR t0.level = 'b');

-- every scan of subqueries, unions and common tables has its own
WITH a AS (SELECT t0.x AS x FROM errors AS t0) SELECT a.x FROM a WHERE a.x IN (SELECT t1.x FROM spans AS t1) UNION ALL SELECT t2.x FROM errors AS t2;
WITH a AS (SELECT t0.x AS x FROM errors AS t0 WHERE "t0"."project_id" IN (3, 7)) SELECT a.x FROM a WHERE a.x IN (SELECT t1.x FROM spans AS t1 WHERE "t1"."project_id" IN (3, 7)) UNION ALL SELECT t2.x FROM errors AS t2 WHERE "t2"."project_id" IN (3, 7);

-- a scan beside a join gets a SELECT of its own
SELECT o.reason FROM (SELECT 1 AS a) AS s LEFT JOIN outcomes AS o ON s.a = o.quantity;
SELECT o.reason FROM (SELECT 1 AS a) AS s LEFT JOIN (SELECT "o"."project_id", "o"."key_id", "o"."timestamp", "o"."outcome", "o"."category", "o"."reason", "o"."source", "o"."quantity", "o"."bytes" FROM outcomes AS o WHERE "o"."project_id" IN (3, 7)) AS "o" ON s.a = o.quantity;

-- a table read by its newest rows too
SELECT i.status FROM issues AS i FINAL;
SELECT i.status FROM issues AS i FINAL WHERE "i"."project_id" IN (3, 7);
