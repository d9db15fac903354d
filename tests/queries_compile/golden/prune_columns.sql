-- outputs nobody reads go
SELECT t1.a AS a FROM (SELECT t0.a AS a, t0.b AS b, t0.c AS c FROM errors AS t0) AS t1;
SELECT t1.a AS a FROM (SELECT t0.a AS a FROM errors AS t0) AS t1;

-- what the inner order names stays
SELECT t1.a AS a FROM (SELECT t0.a AS a, count() AS n, 1 AS c FROM errors AS t0 GROUP BY a ORDER BY n LIMIT 3) AS t1;
SELECT t1.a AS a FROM (SELECT t0.a AS a, count() AS n FROM errors AS t0 GROUP BY a ORDER BY n LIMIT 3) AS t1;

-- one output is left for a bare count
SELECT count() AS n FROM (SELECT t0.a AS a, t0.b AS b FROM errors AS t0 LIMIT 3) AS t1;
SELECT count() AS n FROM (SELECT t0.a AS a FROM errors AS t0 LIMIT 3) AS t1;

-- members of a union keep the same outputs
SELECT t1.b AS b FROM (SELECT t0.a AS a, t0.b AS b FROM errors AS t0 UNION ALL SELECT t2.a AS a, t2.b AS b FROM spans AS t2) AS t1;
SELECT t1.b AS b FROM (SELECT t0.b AS b FROM errors AS t0 UNION ALL SELECT t2.b AS b FROM spans AS t2) AS t1;

-- a star reads everything
SELECT * FROM (SELECT t0.a AS a, t0.b AS b FROM errors AS t0) AS t1;
SELECT * FROM (SELECT t0.a AS a, t0.b AS b FROM errors AS t0) AS t1;
