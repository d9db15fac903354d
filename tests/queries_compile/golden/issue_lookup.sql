-- one value is compared with the newest row
SELECT 1 FROM errors AS t0 WHERE amber_issue_in(t0.issue_id, 'short_id', 'WEB-1');
SELECT 1 FROM errors AS t0 WHERE t0.issue_id IN (SELECT "i0"."issue_id" FROM "issues" AS "i0" GROUP BY "i0"."issue_id" HAVING argMax("i0"."short_id", "i0"."row_version") = 'WEB-1');

-- several values are a list
SELECT 1 FROM errors AS t0 WHERE NOT amber_issue_in(t0.issue_id, 'status', 'resolved', 'ignored');
SELECT 1 FROM errors AS t0 WHERE NOT (t0.issue_id IN (SELECT "i0"."issue_id" FROM "issues" AS "i0" GROUP BY "i0"."issue_id" HAVING argMax("i0"."status", "i0"."row_version") IN ('resolved', 'ignored')));

-- no value asks for any
SELECT 1 FROM errors AS t0 WHERE amber_issue_in(t0.issue_id, 'assignee');
SELECT 1 FROM errors AS t0 WHERE t0.issue_id IN (SELECT "i0"."issue_id" FROM "issues" AS "i0" GROUP BY "i0"."issue_id" HAVING argMax("i0"."assignee", "i0"."row_version") <> '');
