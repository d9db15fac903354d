-- members of an ordered, limited union give as many rows as are shown
SELECT "t2"."at" AS "at" FROM (SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1") AS "t2" ORDER BY "t2"."at" DESC LIMIT 100;
SELECT "t2"."at" AS "at" FROM (SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" ORDER BY "t0"."timestamp" DESC LIMIT 100 UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1" ORDER BY "t1"."timestamp" DESC LIMIT 100) AS "t2" ORDER BY "t2"."at" DESC LIMIT 100;

-- a condition on the rows of the union needs all of them
SELECT "t2"."at" AS "at" FROM (SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1") AS "t2" WHERE "t2"."at" > 5 ORDER BY "t2"."at" DESC LIMIT 100;
SELECT "t2"."at" AS "at" FROM (SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1") AS "t2" WHERE "t2"."at" > 5 ORDER BY "t2"."at" DESC LIMIT 100;

-- so do groups
SELECT "t2"."at" AS "at", COUNT(*) AS "n" FROM (SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1") AS "t2" GROUP BY "t2"."at" ORDER BY "t2"."at" DESC LIMIT 100;
SELECT "t2"."at" AS "at", COUNT(*) AS "n" FROM (SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1") AS "t2" GROUP BY "t2"."at" ORDER BY "t2"."at" DESC LIMIT 100;

-- a member with groups of its own stays, and the others with it
SELECT "t2"."n" AS "n" FROM (SELECT "t0"."line" AS "n" FROM "errors" AS "t0" UNION ALL SELECT COUNT(*) AS "n" FROM "spans" AS "t1") AS "t2" ORDER BY "t2"."n" LIMIT 10;
SELECT "t2"."n" AS "n" FROM (SELECT "t0"."line" AS "n" FROM "errors" AS "t0" UNION ALL SELECT COUNT(*) AS "n" FROM "spans" AS "t1") AS "t2" ORDER BY "t2"."n" LIMIT 10;

-- what is the same in every row of a member orders nothing there
SELECT "t2"."at" AS "at" FROM (SELECT "t0"."timestamp" AS "at", 0 AS "m" FROM "errors" AS "t0" UNION ALL SELECT NULL AS "at", 1 AS "m" FROM "spans" AS "t1") AS "t2" ORDER BY "t2"."m", "t2"."at" DESC LIMIT 5;
SELECT "t2"."at" AS "at" FROM (SELECT "t0"."timestamp" AS "at", 0 AS "m" FROM "errors" AS "t0" ORDER BY "t0"."timestamp" DESC LIMIT 5 UNION ALL SELECT NULL AS "at", 1 AS "m" FROM "spans" AS "t1" LIMIT 5) AS "t2" ORDER BY "t2"."m", "t2"."at" DESC LIMIT 5;
