-- a grouping by the name splits the scan
SELECT amber_segment_name(t0.segment_name) AS n, count() AS c FROM spans AS t0 WHERE t0.op = 'db' GROUP BY n;
SELECT t0.segment_name AS n, count() AS c FROM (SELECT "t0"."segment_name" AS "segment_name" FROM spans AS t0 WHERE t0.op = 'db' AND "t0"."segment_name" <> '' UNION ALL SELECT "s0"."name" AS "segment_name" FROM (SELECT "t0"."segment_id" AS "segment_id", "t0"."trace_id" AS "trace_id" FROM spans AS t0 WHERE t0.op = 'db' AND "t0"."segment_name" = '') AS "t0" LEFT ANY JOIN (SELECT "s0r"."trace_id" AS "trace_id", "s0r"."span_id" AS "span_id", "s0r"."name" AS "name" FROM "spans" AS "s0r" WHERE "s0r"."is_segment" AND ("s0r"."trace_id", "s0r"."span_id") IN (SELECT "s0m"."trace_id", "s0m"."segment_id" FROM "spans" AS "s0m" WHERE "s0m"."segment_name" = '')) AS "s0" ON "t0"."trace_id" = "s0"."trace_id" AND "t0"."segment_id" = "s0"."span_id") AS "t0" GROUP BY n;

-- a condition on the name stays above the split, with its parentheses
SELECT count() AS c FROM spans AS t0 WHERE (t0.op = 'db' OR t0.op = 'cache') AND amber_segment_name(t0.segment_name) = '/a';
SELECT count() AS c FROM (SELECT "t0"."segment_name" AS "segment_name" FROM spans AS t0 WHERE (t0.op = 'db' OR t0.op = 'cache') AND "t0"."segment_name" <> '' UNION ALL SELECT "s0"."name" AS "segment_name" FROM (SELECT "t0"."segment_id" AS "segment_id", "t0"."trace_id" AS "trace_id" FROM spans AS t0 WHERE (t0.op = 'db' OR t0.op = 'cache') AND "t0"."segment_name" = '') AS "t0" LEFT ANY JOIN (SELECT "s0r"."trace_id" AS "trace_id", "s0r"."span_id" AS "span_id", "s0r"."name" AS "name" FROM "spans" AS "s0r" WHERE "s0r"."is_segment" AND ("s0r"."trace_id", "s0r"."span_id") IN (SELECT "s0m"."trace_id", "s0m"."segment_id" FROM "spans" AS "s0m" WHERE "s0m"."segment_name" = '')) AS "s0" ON "t0"."trace_id" = "s0"."trace_id" AND "t0"."segment_id" = "s0"."span_id") AS "t0" WHERE t0.segment_name = '/a';

-- above a derived table the column is already computed
SELECT amber_segment_name(t1.segment_name) AS n FROM (SELECT 1 AS segment_name) AS t1;
SELECT t1.segment_name AS n FROM (SELECT 1 AS segment_name) AS t1;
