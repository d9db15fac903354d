-- in the precision of the column, rounded up
SELECT 1 FROM errors AS t0;
SELECT 1 FROM errors AS t0 WHERE "t0"."timestamp" >= fromUnixTimestamp64Micro(1772323200000000, 'UTC') AND "t0"."timestamp" < fromUnixTimestamp64Micro(1772326800000500, 'UTC');

-- spans count nanoseconds
SELECT 1 FROM spans AS t0;
SELECT 1 FROM spans AS t0 WHERE "t0"."timestamp" >= fromUnixTimestamp64Nano(1772323200000000000, 'UTC') AND "t0"."timestamp" < fromUnixTimestamp64Nano(1772326800000500000, 'UTC');

-- outcomes count milliseconds
SELECT 1 FROM outcomes AS t0 WHERE t0.outcome = 'x';
SELECT 1 FROM outcomes AS t0 WHERE "t0"."timestamp" >= fromUnixTimestamp64Milli(1772323200000, 'UTC') AND "t0"."timestamp" < fromUnixTimestamp64Milli(1772326800001, 'UTC') AND t0.outcome = 'x';

-- a scan with a range of its own
SELECT 1 FROM errors AS t9;
SELECT 1 FROM errors AS t9 WHERE "t9"."timestamp" >= fromUnixTimestamp64Micro(1772236800000000, 'UTC') AND "t9"."timestamp" < fromUnixTimestamp64Micro(1772323200000000, 'UTC');

-- a table without time stays
SELECT 1 FROM issues AS t0;
SELECT 1 FROM issues AS t0;
