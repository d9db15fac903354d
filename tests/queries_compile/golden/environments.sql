-- every scan that knows an environment is cut; names are lifted to parameters later
SELECT count() AS n FROM errors AS t0 WHERE t0.level = 'a' OR t0.level = 'b';
SELECT count() AS n FROM errors AS t0 WHERE "t0"."environment" IN ('prod', '') AND (t0.level = 'a' OR t0.level = 'b');

-- a table without environments stays as it is
SELECT t0.x AS x FROM errors AS t0 UNION ALL SELECT t1.x FROM outcomes AS t1;
SELECT t0.x AS x FROM errors AS t0 WHERE "t0"."environment" IN ('prod', '') UNION ALL SELECT t1.x FROM outcomes AS t1;
