-- what is the same in every row is counted
SELECT sum(toFloat64(10)) AS "n", sum("t0"."x") AS "x" FROM "errors" AS "t0";
SELECT ((toFloat64(10)) * count()) AS "n", sum("t0"."x") AS "x" FROM "errors" AS "t0";

-- of the rows of a condition as well
SELECT sumIf(toFloat64(10) * 2, "t0"."x" = 1) AS "n" FROM "errors" AS "t0";
SELECT ((toFloat64(10) * 2) * countIf("t0"."x" = 1)) AS "n" FROM "errors" AS "t0";

-- over windows, and of what varies, they stay
SELECT sum(1) OVER () AS "n", sum(rand()) AS "r" FROM "errors" AS "t0";
SELECT sum(1) OVER () AS "n", sum(randCanonical()) AS "r" FROM "errors" AS "t0";
