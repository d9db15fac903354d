-- contained in one indexed text
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE '%Quota%';
SELECT 1 FROM errors AS t0 WHERE (position(lower(t0.message), 'quota') > 0);

-- whole words are looked up first; in either of two texts, each has its own
SELECT 1 FROM errors AS t0 WHERE t0.title ILIKE '%upstream timed out%' OR t0.message ILIKE '%upstream timed out%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.title), ['timed']) AND position(lower(t0.title), 'upstream timed out') > 0) OR (hasAllTokens(lower(t0.message), ['timed']) AND position(lower(t0.message), 'upstream timed out') > 0);

-- another pattern is compared in small letters, and only its whole words are looked up
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE 'The disk of*mine%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.message), ['disk', 'the', 'of']) AND identity(lower(t0.message)) LIKE 'the disk of*mine%');

-- beyond ASCII: letters with two cases are compared by RE2, and words that fold there are not looked up
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE '%a béb cd sk ef%' AND t0.user ILIKE '_ä%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.message), ['cd']) AND match(t0.message, '(?is)\\A.*a\\x{20}béb\\x{20}cd\\x{20}sk\\x{20}ef.*\\z')) AND match(t0.user, '(?is)\\A.ä.*\\z');

-- beyond ASCII without cases: part of no word and no end of one
SELECT 1 FROM errors AS t0 WHERE t0.message ILIKE '%a bあb cD Sk ef%';
SELECT 1 FROM errors AS t0 WHERE (hasAllTokens(lower(t0.message), ['cd', 'sk']) AND position(lower(t0.message), 'a bあb cd sk ef') > 0);

-- outside of a WHERE, below a NOT, and on other columns there is no index to ask
SELECT countIf(t0.message ILIKE '%quota%') FROM errors AS t0 WHERE NOT t0.message ILIKE '%quota%' AND t0.user ILIKE '%A%' AND t0.user ILIKE 'b%_\\_C';
SELECT countIf((position(lower(t0.message), 'quota') > 0)) FROM errors AS t0 WHERE NOT (position(lower(t0.message), 'quota') > 0) AND lower(t0.user) LIKE '%a%' AND lower(t0.user) LIKE 'b%_\\_c';
