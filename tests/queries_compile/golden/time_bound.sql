-- in the precision of the column, rounded up
SELECT 1 FROM errors AS t0;
SELECT 1 FROM errors AS t0 WHERE "t0"."timestamp" >= fromUnixTimestamp64Micro(1772323200000000, 'UTC') AND "t0"."timestamp" < fromUnixTimestamp64Micro(1772326800000500, 'UTC') AND indexHint(toStartOfHour("t0"."timestamp") >= toStartOfHour(fromUnixTimestamp64Micro(1772323200000000, 'UTC')) AND toStartOfHour("t0"."timestamp") <= toStartOfHour(fromUnixTimestamp64Micro(1772326800000500, 'UTC')));

-- spans count nanoseconds
SELECT 1 FROM spans AS t0;
SELECT 1 FROM spans AS t0 WHERE "t0"."timestamp" >= fromUnixTimestamp64Nano(1772323200000000000, 'UTC') AND "t0"."timestamp" < fromUnixTimestamp64Nano(1772326800000500000, 'UTC') AND indexHint(toStartOfHour("t0"."timestamp") >= toStartOfHour(fromUnixTimestamp64Nano(1772323200000000000, 'UTC')) AND toStartOfHour("t0"."timestamp") <= toStartOfHour(fromUnixTimestamp64Nano(1772326800000500000, 'UTC')));

-- outcomes count milliseconds
SELECT 1 FROM outcomes AS t0 WHERE t0.outcome = 'x';
SELECT 1 FROM outcomes AS t0 WHERE "t0"."timestamp" >= fromUnixTimestamp64Milli(1772323200000, 'UTC') AND "t0"."timestamp" < fromUnixTimestamp64Milli(1772326800001, 'UTC') AND indexHint(toStartOfHour("t0"."timestamp") >= toStartOfHour(fromUnixTimestamp64Milli(1772323200000, 'UTC')) AND toStartOfHour("t0"."timestamp") <= toStartOfHour(fromUnixTimestamp64Milli(1772326800001, 'UTC'))) AND t0.outcome = 'x';

-- a scan with a range of its own
SELECT 1 FROM errors AS t9;
SELECT 1 FROM errors AS t9 WHERE "t9"."timestamp" >= fromUnixTimestamp64Micro(1772236800000000, 'UTC') AND "t9"."timestamp" < fromUnixTimestamp64Micro(1772323200000000, 'UTC') AND indexHint(toStartOfHour("t9"."timestamp") >= toStartOfHour(fromUnixTimestamp64Micro(1772236800000000, 'UTC')) AND toStartOfHour("t9"."timestamp") <= toStartOfHour(fromUnixTimestamp64Micro(1772323200000000, 'UTC')));

-- a table without time stays
SELECT 1 FROM issues AS t0;
SELECT 1 FROM issues AS t0;

-- of a month nearly all granules are read, unless rows in an order are read in parts
SELECT count() FROM errors AS t8;
SELECT count() FROM errors AS t8 WHERE "t8"."timestamp" >= fromUnixTimestamp64Micro(1769731200000000, 'UTC') AND "t8"."timestamp" < fromUnixTimestamp64Micro(1772323200000000, 'UTC');

-- rows in an order
SELECT t8.title FROM errors AS t8 ORDER BY t8.timestamp DESC LIMIT 5;
SELECT t8.title FROM errors AS t8 WHERE "t8"."timestamp" >= fromUnixTimestamp64Micro(1769731200000000, 'UTC') AND "t8"."timestamp" < fromUnixTimestamp64Micro(1772323200000000, 'UTC') AND indexHint(toStartOfHour("t8"."timestamp") >= toStartOfHour(fromUnixTimestamp64Micro(1769731200000000, 'UTC')) AND toStartOfHour("t8"."timestamp") <= toStartOfHour(fromUnixTimestamp64Micro(1772323200000000, 'UTC'))) ORDER BY t8.timestamp DESC LIMIT 5;

-- times in which hours are not counted
SELECT t7.title FROM errors AS t7 ORDER BY t7.timestamp DESC LIMIT 5;
SELECT t7.title FROM errors AS t7 WHERE "t7"."timestamp" >= fromUnixTimestamp64Micro(1772323200000000, 'UTC') AND "t7"."timestamp" < fromUnixTimestamp64Micro(4323283200000000, 'UTC') ORDER BY t7.timestamp DESC LIMIT 5;
