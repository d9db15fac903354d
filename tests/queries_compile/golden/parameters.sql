-- equal values share a parameter
SELECT if(t0.a = 'x', 'x', 'y') AS a FROM errors AS t0 WHERE t0.n > 5 AND t0.r < 0.5 AND t0.m = -3;
SELECT CASE WHEN t0.a = {p0: String} THEN {p0: String} ELSE {p1: String} END AS a FROM errors AS t0 WHERE t0.n > {p2: UInt64} AND t0.r < {p3: Float64} AND t0.m = -{p4: UInt64} -- {'p0': 'x', 'p1': 'y', 'p2': 5, 'p3': 0.5, 'p4': 3};

-- limits, intervals and the empty text stay
SELECT toStartOfInterval(t0.t, toIntervalSecond(60)) AS b FROM errors AS t0 WHERE t0.a <> '' LIMIT 5;
SELECT toStartOfInterval(t0.t, toIntervalSecond(60)) AS b FROM errors AS t0 WHERE t0.a <> '' LIMIT 5 -- {};

-- positions of columns stay
SELECT t0.a AS a, count() AS n FROM errors AS t0 GROUP BY 1 ORDER BY 2;
SELECT t0.a AS a, count() AS n FROM errors AS t0 GROUP BY 1 ORDER BY 2 -- {};

-- lists of texts are one array
SELECT hasAny(t0.a, ['x', 'y']) AS h, [1, 2] AS n FROM errors AS t0;
SELECT hasAny(t0.a, {p0: Array(String)}) AS h, [1, 2] AS n FROM errors AS t0 -- {'p0': ['x', 'y']};

-- levels of percentiles stay
SELECT quantileExactInclusiveOrNull(0.95)(t0.d) AS p FROM spans AS t0;
SELECT quantileExactInclusiveOrNull(0.95)(t0.d) AS p FROM spans AS t0 -- {};
