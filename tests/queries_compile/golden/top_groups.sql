-- users are counted for the groups that are shown
SELECT t0.issue_id AS issue, count() AS n, uniqExact(t0.user) AS users FROM errors AS t0 WHERE t0.project_id = 3 GROUP BY issue HAVING n > 2 ORDER BY n DESC, issue LIMIT 25;
SELECT t0.issue_id AS issue, count() AS n, uniqExact(t0.user) AS users FROM errors AS t0 WHERE t0.issue_id IN (SELECT t0.issue_id AS "k0" FROM errors AS t0 WHERE t0.project_id = 3 GROUP BY t0.issue_id HAVING count() > 2 ORDER BY count() DESC, t0.issue_id LIMIT 25) AND t0.project_id = 3 GROUP BY issue HAVING n > 2 ORDER BY n DESC, issue LIMIT 25;

-- an order by what is dear needs all groups
SELECT t0.issue_id AS issue, uniqExact(t0.user) AS users FROM errors AS t0 GROUP BY issue ORDER BY users DESC, issue LIMIT 25;
SELECT t0.issue_id AS issue, uniqExact(t0.user) AS users FROM errors AS t0 GROUP BY issue ORDER BY users DESC, issue LIMIT 25;

-- an order that does not tell equal groups apart
SELECT t0.issue_id AS issue, count() AS n, uniqExact(t0.user) AS users FROM errors AS t0 GROUP BY issue ORDER BY n DESC LIMIT 25;
SELECT t0.issue_id AS issue, count() AS n, uniqExact(t0.user) AS users FROM errors AS t0 GROUP BY issue ORDER BY n DESC LIMIT 25;

-- nothing dear, or a filter no roll-up knows
SELECT t0.issue_id AS issue, uniqExact(t0.user) AS users FROM errors AS t0 WHERE t0.level = 'a' GROUP BY issue ORDER BY issue LIMIT 25;
SELECT t0.issue_id AS issue, uniqExact(t0.user) AS users FROM errors AS t0 WHERE t0.level = 'a' GROUP BY issue ORDER BY issue LIMIT 25;
