-- equality with a text reads the key directly
SELECT 1 FROM errors AS t0 WHERE CASE WHEN mapContains(t0.tags, 'a') THEN t0.tags['a'] ELSE NULL END = 'b';
SELECT 1 FROM errors AS t0 WHERE t0.tags['a'] = 'b';

-- and needs no guard against NULL any more
SELECT 1 FROM errors AS t0 WHERE NOT ifNull(CASE WHEN mapContains(t0.tags, 'a') THEN t0.tags['a'] ELSE NULL END = 'b', FALSE);
SELECT 1 FROM errors AS t0 WHERE NOT t0.tags['a'] = 'b';

-- the empty text is not the absent one
SELECT 1 FROM errors AS t0 WHERE CASE WHEN mapContains(t0.tags, 'a') THEN t0.tags['a'] ELSE NULL END = '';
SELECT 1 FROM errors AS t0 WHERE arrayElementOrNull(t0.tags, 'a') = '';

-- a value is looked up once
SELECT CASE WHEN mapContains(t0.tags, 'a') THEN t0.tags['a'] ELSE NULL END AS a FROM errors AS t0;
SELECT arrayElementOrNull(t0.tags, 'a') AS a FROM errors AS t0;

-- other conditions stay
SELECT CASE WHEN t0.level = 'x' THEN t0.tags['a'] ELSE NULL END AS a FROM errors AS t0;
SELECT CASE WHEN t0.level = 'x' THEN t0.tags['a'] ELSE NULL END AS a FROM errors AS t0;

-- among the rows of an aggregate too
SELECT countIf(CASE WHEN mapContains(t0.tags, 'a') THEN t0.tags['a'] ELSE NULL END = 'b') AS n FROM errors AS t0;
SELECT countIf(t0.tags['a'] = 'b') AS n FROM errors AS t0;

-- beside a key of the groups it stays the key's own text
SELECT arrayElementOrNull(t0.tags, 'a') AS a, CASE WHEN mapContains(t0.tags, 'a') THEN t0.tags['a'] ELSE NULL END = 'b' AS x FROM errors AS t0 GROUP BY arrayElementOrNull(t0.tags, 'a');
SELECT arrayElementOrNull(t0.tags, 'a') AS a, arrayElementOrNull(t0.tags, 'a') = 'b' AS x FROM errors AS t0 GROUP BY arrayElementOrNull(t0.tags, 'a');

-- a list of texts that are not empty uses the indexes as well, one with the empty text does not
SELECT 1 FROM errors AS t0 WHERE ifNull(CASE WHEN mapContains(t0.tags, 'k') THEN t0.tags['k'] ELSE NULL END IN ('a', 'b'), FALSE) AND CASE WHEN mapContains(t0.tags, 'k') THEN t0.tags['k'] ELSE NULL END IN ('a', '');
SELECT 1 FROM errors AS t0 WHERE t0.tags['k'] IN ('a', 'b') AND arrayElementOrNull(t0.tags, 'k') IN ('a', '');
