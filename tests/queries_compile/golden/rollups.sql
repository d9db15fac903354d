-- the whole hours from the counts of one column, the ragged edges from the rows
SELECT t0.level AS level, count() AS n FROM errors AS t0 GROUP BY level ORDER BY n DESC;
SELECT t0.level AS level, sum("t0"."__events") AS n FROM (SELECT "t0r"."value" AS "level", sum("t0r"."events") AS "__events" FROM "errors_values_hourly" AS "t0r" WHERE "t0r"."dimension" = 'level' GROUP BY "t0r"."value" UNION ALL SELECT "t0m"."level" AS "level", count() AS "__events" FROM "errors" AS "t0m" GROUP BY "t0m"."level" UNION ALL SELECT "t0m"."level" AS "level", count() AS "__events" FROM "errors" AS "t0m" GROUP BY "t0m"."level") AS "t0" GROUP BY level ORDER BY n DESC;

-- without keys: the counts of all rows; a condition on the column of one dimension
SELECT count() AS n, maxOrNull(t0.timestamp) AS l FROM errors AS t0 WHERE t0.release = 'a';
SELECT sum("t0"."__events") AS n, maxOrNull("t0"."__last") AS l FROM (SELECT sum("t0r"."events") AS "__events", minOrNull("t0r"."first_seen") AS "__first", maxOrNull("t0r"."last_seen") AS "__last" FROM "errors_values_hourly" AS "t0r" WHERE "t0r"."dimension" = 'release' AND ("t0r"."value" = 'a') UNION ALL SELECT count() AS "__events", minOrNull("t0m"."timestamp") AS "__first", maxOrNull("t0m"."timestamp") AS "__last" FROM "errors" AS "t0m" WHERE ("t0m"."release" = 'a') UNION ALL SELECT count() AS "__events", minOrNull("t0m"."timestamp") AS "__first", maxOrNull("t0m"."timestamp") AS "__last" FROM "errors" AS "t0m" WHERE ("t0m"."release" = 'a')) AS "t0";

-- buckets of whole hours keep the type of their time
SELECT toStartOfInterval(t0.timestamp, toIntervalSecond(7200)) AS timestamp, countIf(t0.level = 'fatal') AS n FROM errors AS t0 GROUP BY timestamp;
SELECT toStartOfInterval("t0"."__hour", toIntervalSecond(7200)) AS timestamp, sumIf("t0"."__events", t0.level = 'fatal') AS n FROM (SELECT "t0r"."value" AS "level", toDateTime64("t0r"."hour", 6, 'UTC') AS "__hour", sum("t0r"."events") AS "__events" FROM "errors_values_hourly" AS "t0r" WHERE "t0r"."dimension" = 'level' GROUP BY "t0r"."value", toDateTime64("t0r"."hour", 6, 'UTC') UNION ALL SELECT "t0m"."level" AS "level", toDateTime64(toStartOfHour("t0m"."timestamp"), 6, 'UTC') AS "__hour", count() AS "__events" FROM "errors" AS "t0m" GROUP BY "t0m"."level", toDateTime64(toStartOfHour("t0m"."timestamp"), 6, 'UTC') UNION ALL SELECT "t0m"."level" AS "level", toDateTime64(toStartOfHour("t0m"."timestamp"), 6, 'UTC') AS "__hour", count() AS "__events" FROM "errors" AS "t0m" GROUP BY "t0m"."level", toDateTime64(toStartOfHour("t0m"."timestamp"), 6, 'UTC')) AS "t0" GROUP BY timestamp;

-- issues are counted by fingerprint, and looked up for each of them
SELECT t0.issue_id AS issue, count() AS n FROM errors AS t0 WHERE t0.project_id = 3 GROUP BY issue;
SELECT t0.issue_id AS issue, sum("t0"."__events") AS n FROM (SELECT dictGetOrDefault('issue_map', 'issue_id', ("t0g"."project_id", "t0g"."fingerprint"), intHash64(bitXor("t0g"."fingerprint", intHash64("t0g"."project_id")))) AS "issue_id", "t0g"."__events" AS "__events" FROM (SELECT "t0r"."fingerprint" AS "fingerprint", "t0r"."project_id" AS "project_id", sum("t0r"."events") AS "__events" FROM "errors_hourly" AS "t0r" WHERE ("t0r"."project_id" = 3) GROUP BY "t0r"."fingerprint", "t0r"."project_id" UNION ALL SELECT "t0m"."fingerprint" AS "fingerprint", "t0m"."project_id" AS "project_id", count() AS "__events" FROM "errors" AS "t0m" WHERE ("t0m"."project_id" = 3) GROUP BY "t0m"."fingerprint", "t0m"."project_id" UNION ALL SELECT "t0m"."fingerprint" AS "fingerprint", "t0m"."project_id" AS "project_id", count() AS "__events" FROM "errors" AS "t0m" WHERE ("t0m"."project_id" = 3) GROUP BY "t0m"."fingerprint", "t0m"."project_id") AS "t0g") AS "t0" GROUP BY issue;

-- conditions on issues, and look-ups, stay above; others go to the rows
SELECT count() AS n FROM errors AS t0 WHERE t0.project_id = 3 AND (t0.issue_id = 5 OR t0.fingerprint = 6) AND (t0.fingerprint > 7 OR t0.project_id IN (SELECT i.project_id FROM issues AS i));
SELECT sum("t0"."__events") AS n FROM (SELECT dictGetOrDefault('issue_map', 'issue_id', ("t0g"."project_id", "t0g"."fingerprint"), intHash64(bitXor("t0g"."fingerprint", intHash64("t0g"."project_id")))) AS "issue_id", "t0g"."fingerprint" AS "fingerprint", "t0g"."project_id" AS "project_id", "t0g"."__events" AS "__events" FROM (SELECT "t0r"."fingerprint" AS "fingerprint", "t0r"."project_id" AS "project_id", sum("t0r"."events") AS "__events" FROM "errors_hourly" AS "t0r" WHERE ("t0r"."project_id" = 3) GROUP BY "t0r"."fingerprint", "t0r"."project_id" UNION ALL SELECT "t0m"."fingerprint" AS "fingerprint", "t0m"."project_id" AS "project_id", count() AS "__events" FROM "errors" AS "t0m" WHERE ("t0m"."project_id" = 3) GROUP BY "t0m"."fingerprint", "t0m"."project_id" UNION ALL SELECT "t0m"."fingerprint" AS "fingerprint", "t0m"."project_id" AS "project_id", count() AS "__events" FROM "errors" AS "t0m" WHERE ("t0m"."project_id" = 3) GROUP BY "t0m"."fingerprint", "t0m"."project_id") AS "t0g") AS "t0" WHERE (t0.issue_id = 5 OR t0.fingerprint = 6) AND (t0.fingerprint > 7 OR t0.project_id IN (SELECT i.project_id FROM issues AS i));

-- users, two columns, times that are no hours, rows and other ranges are read as they are
SELECT t0.level AS level, uniqExact(t0.user) AS n FROM errors AS t0 GROUP BY level;
SELECT t0.level AS level, uniqExact(t0.user) AS n FROM errors AS t0 GROUP BY level;

-- two columns are counted by neither
SELECT t0.level AS level, count() AS n FROM errors AS t0 WHERE t0.release = 'a' GROUP BY level;
SELECT t0.level AS level, count() AS n FROM errors AS t0 WHERE t0.release = 'a' GROUP BY level;

-- a bucket that is no whole hour
SELECT toStartOfInterval(t0.timestamp, toIntervalSecond(1800)) AS b, count() AS n FROM errors AS t0 GROUP BY b;
SELECT toStartOfInterval(t0.timestamp, toIntervalSecond(1800)) AS b, count() AS n FROM errors AS t0 GROUP BY b;

-- an aggregate of a column the counts have, which is not that of the counts
SELECT count() AS n, topK(3)(t0.level) AS l FROM errors AS t0;
SELECT count() AS n, topK(3)(t0.level) AS l FROM errors AS t0;
