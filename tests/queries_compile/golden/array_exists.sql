-- asking a filtered array for elements
SELECT 1 FROM errors AS t0 WHERE notEmpty(arrayFilter(x -> x ILIKE 'a%', t0.error_types));
SELECT 1 FROM errors AS t0 WHERE arrayExists(x -> x ILIKE 'a%', t0.error_types);

-- the filtered array itself stays
SELECT arrayFilter(x -> x = 'a', t0.error_types) AS a FROM errors AS t0;
SELECT arrayFilter(x -> x = 'a', t0.error_types) AS a FROM errors AS t0;
