-- contained in one indexed text
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE '%Quota%';
SELECT 1 FROM errors AS t0 WHERE position(lower(t0.message), 'quota') > 0;

-- whole words are looked up first; in either of two texts, each has its own
SELECT 1 FROM errors AS t0 WHERE t0.title ILIKE '%upstream timed out%' OR t0.message ILIKE '%upstream timed out%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.title), ['timed']) AND position(lower(t0.title), 'upstream timed out') > 0) OR (hasAllTokens(lower(t0.message), ['timed']) AND position(lower(t0.message), 'upstream timed out') > 0);

-- another pattern is compared as it is, and words that fold are not looked up
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE 'the disk of*mine%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.message), ['the', 'of']) AND t0.message ILIKE 'the disk of*mine%');

-- what is no ASCII is part of no word and no end of one
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE '%a béb cd ef%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.message), ['cd']) AND t0.message ILIKE '%a béb cd ef%');

-- outside of a WHERE, below a NOT, and on other columns there is no index to ask
SELECT countIf(t0.message ILIKE '%quota%') FROM errors AS t0 WHERE NOT t0.message ILIKE '%quota%' AND t0.user ILIKE '%a%';
SELECT countIf((position(lower(t0.message), 'quota') > 0)) FROM errors AS t0 WHERE NOT (position(lower(t0.message), 'quota') > 0) AND t0.user ILIKE '%a%';
