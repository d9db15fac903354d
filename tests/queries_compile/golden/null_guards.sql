-- guards among the conditions go
SELECT 1 FROM errors AS t0 WHERE ifNull(t0.a = 1, FALSE) AND (ifNull(t0.b = 2, FALSE) OR t0.c = 3);
SELECT 1 FROM errors AS t0 WHERE t0.a = 1 AND (t0.b = 2 OR t0.c = 3);

-- an OR gets its parentheses back
SELECT 1 FROM errors AS t0 WHERE ifNull(t0.a = 1 OR t0.b = 2, FALSE) AND t0.c = 3;
SELECT 1 FROM errors AS t0 WHERE (t0.a = 1 OR t0.b = 2) AND t0.c = 3;

-- below NOT and in outputs they stay
SELECT ifNull(t0.a = 1, FALSE) AS x FROM errors AS t0 WHERE NOT ifNull(t0.b = 2, FALSE);
SELECT ifNull(t0.a = 1, FALSE) AS x FROM errors AS t0 WHERE NOT ifNull(t0.b = 2, FALSE);

-- groups are filtered alike
SELECT 1 FROM errors AS t0 GROUP BY t0.level HAVING ifNull(avg(t0.x) > 1, FALSE);
SELECT 1 FROM errors AS t0 GROUP BY t0.level HAVING avg(t0.x) > 1;
