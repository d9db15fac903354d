"""Stages that analyse rows, beside SQL written by hand, as `benchmarks.query_cases`.

What ends in the process is held against SQL for the rows it is handed, and the step in the process is timed beside it.
Where the compiled statement cuts rows into other parts than a hand would choose (widths of a histogram, frequent values
of a cluster), the sums are compared in place of the rows, and the hand-written side does the same work in plain form.
"""

from __future__ import annotations

from benchmarks.query_cases import Case
from queries.masks import STEPS

_ONE = ("one project",)
_WEEK = "{where} AND timestamp >= {end} - toIntervalDay(7)"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("{", "{{").replace("}", "}}") + "'"


def _masked(text: str) -> str:
    for expression, replacement in STEPS:
        text = f"replaceRegexpAll({text}, {_quoted(expression)}, {_quoted(replacement)})"
    return text


def _each(fields: tuple[str, ...], counts: str, where: str) -> str:
    return " UNION ALL ".join(
        f"SELECT '{field}' AS field, toNullable(toString({field})) AS value, {counts} FROM errors WHERE {where}"
        f" GROUP BY value"
        for field in fields
    )


ANALYSIS_CASES = (
    Case(
        "trace-child",
        "trace: children",
        "from spans last 7d | trace `is_segment:true` => `span.op:db` | summarize n=count() by span.description"
        " | sort n desc, span.description | limit 20",
        f"SELECT description, count() AS n FROM spans WHERE {_WEEK} AND op = 'db' AND (trace_id, parent_span_id) IN ("
        f"SELECT trace_id, span_id FROM spans WHERE {_WEEK} AND is_segment) GROUP BY description"
        " ORDER BY n DESC, description LIMIT 20",
    ),
    Case(
        "trace-below",
        "trace: descendants",
        "from spans last 7d | trace `is_segment:true` -> `span.op:db` | summarize n=count()",
        f"WITH RECURSIVE above AS (SELECT trace_id, span_id FROM spans WHERE {_WEEK} AND is_segment UNION ALL"
        " SELECT c.trace_id, c.span_id FROM (SELECT trace_id, span_id, parent_span_id FROM spans WHERE"
        f" {_WEEK} AND NOT is_segment) AS c INNER JOIN above AS a"
        " ON c.trace_id = a.trace_id AND c.parent_span_id = a.span_id)"
        f" SELECT count() FROM spans WHERE {_WEEK} AND op = 'db'"
        " AND (trace_id, parent_span_id) IN (SELECT trace_id, span_id FROM above)",
        scopes=_ONE,
    ),
    Case(
        "funnel",
        "funnel",
        "from errors last 7d | funnel `level:error` -> `level:fatal` by user within 1d",
        "SELECT arrayJoin([1, 2]) AS step, if(step = 1, a, b) FROM (SELECT countIf(l >= 1) AS a, countIf(l >= 2) AS b"
        " FROM (SELECT user, windowFunnel(86400000000, 'strict_increase')(toUInt64(toUnixTimestamp64Micro(timestamp)),"
        f" level = 'error', level = 'fatal') AS l FROM errors WHERE {_WEEK}"
        " AND user != '' AND level IN ('error', 'fatal') GROUP BY user)) ORDER BY step",
        columns=(0, 2),
    ),
    Case(
        "retention",
        "retention",
        "from errors last 7d | retention by user every 1d",
        "SELECT toDateTime(f, 'UTC') AS cohort, toInt64(i - 1) AS p, size, n, n / size FROM (SELECT f, count() AS size,"
        " sumForEach(arrayMap(k -> has(ds, f + k), range(7))) AS s FROM (SELECT user, min(toDate(timestamp)) AS f,"
        f" groupUniqArray(toDate(timestamp)) AS ds FROM errors WHERE {_WEEK} AND user != '' GROUP BY user) GROUP BY f)"
        " ARRAY JOIN s AS n, arrayEnumerate(s) AS i WHERE f + i - 1 < toDate({end}) ORDER BY cohort, p",
    ),
    Case(
        "sample-share",
        "sample of a tenth",
        "from errors last 30d | sample 10% | summarize n=count() by level",
        "SELECT level, count() * 10 FROM errors WHERE {where}"
        " AND sipHash64(toString(event_id), toUInt64(0)) < 1844674407370955264 GROUP BY level ORDER BY level",
        columns=(0, 1),
    ),
    Case(
        "histogram",
        "histogram",
        "from spans last 30d | histogram span.duration",
        "WITH (SELECT (min(duration_ns), (max(duration_ns) - min(duration_ns)) / 20) FROM spans WHERE {where}) AS w"
        " SELECT toInt64(floor((duration_ns - w.1) / w.2)) AS bucket, count() FROM spans WHERE {where}"
        " GROUP BY bucket ORDER BY bucket",
        columns=(2,),
        sums=(1,),
    ),
    Case(
        "heatmap",
        "heatmap",
        "from spans last 30d | heatmap span.duration every 1d",
        "WITH (SELECT (min(duration_ns), (max(duration_ns) - min(duration_ns)) / 20) FROM spans WHERE {where}) AS w"
        " SELECT toStartOfDay(timestamp) AS day, toInt64(floor((duration_ns - w.1) / w.2)) AS bucket, count()"
        " FROM spans WHERE {where} GROUP BY day, bucket ORDER BY day, bucket",
        columns=(3,),
        sums=(2,),
    ),
    Case(
        "diff",
        "diff of three fields",
        "from errors last 7d | diff `level:fatal` on environment, release, platform",
        "SELECT field, value, here, there FROM ("
        + _each(
            ("environment", "release", "platform"),
            "countIf(level = 'fatal') AS here, countIf(level != 'fatal') AS there",
            _WEEK,
        )
        + " UNION ALL SELECT '', NULL, countIf(level = 'fatal'), countIf(level != 'fatal') FROM errors"
        f" WHERE {_WEEK}) WHERE here + there >= 5",
        ordered=False,
        columns=(0, 1, 2, 3),
    ),
    Case(
        "cluster",
        "cluster of three fields",
        "from errors last 7d | cluster on level, environment, platform limit 10",
        "WITH (SELECT count() FROM errors WHERE {where} AND timestamp >= {end} - toIntervalDay(7)) AS total"
        + "".join(
            f", (SELECT groupArray({field}) FROM (SELECT {field} FROM errors WHERE {_WEEK} GROUP BY {field}"
            f" HAVING count() >= total * 0.02)) AS often_{field}"
            for field in ("level", "environment", "platform")
        )
        + " SELECT if(has(often_level, level), level, '') AS a, if(has(often_environment, environment),"
        " environment, '') AS b, if(has(often_platform, platform), platform, '') AS c, count() FROM errors"
        f" WHERE {_WEEK} GROUP BY a, b, c",
        columns=(3,),
        sums=(3,),
    ),
    Case(
        "correlate",
        "correlate with two fields",
        "from transactions last 7d | correlate p95(transaction.duration) with release, transaction",
        "SELECT field, value, inside, part, count(), quantileExactInclusive(0.95)(duration_ns) FROM (SELECT"
        " arrayJoin(pairs) AS pair, pair.1 AS field, pair.2 AS value,"
        " multiIf(field = 'release', release = value, field = 'transaction', name = value, true) AS inside,"
        " arrayJoin([toInt64(-1), toInt64(sipHash64(event_id, toString(timestamp), trace_id, span_id) % 10)]) AS part,"
        " duration_ns FROM spans CROSS JOIN (SELECT arrayConcat([('', '')], groupArray((f, v))) AS pairs FROM ("
        + " UNION ALL ".join(
            f"SELECT '{label}' AS f, {column} AS v FROM spans WHERE {_WEEK} AND is_segment"
            f" GROUP BY v HAVING count() >= 50 ORDER BY count() DESC, v LIMIT 10"
            for label, column in (("release", "release"), ("transaction", "name"))
        )
        + f")) AS chosen WHERE is_segment AND {_WEEK}) GROUP BY field, value, inside, part",
        ordered=False,
        scopes=_ONE,
        columns=(4,),
        sums=(4,),
    ),
    Case(
        "patterns",
        "patterns",
        "from errors last 1d | patterns message",
        f"SELECT {_masked('substringUTF8(text, 1, 1000)')} AS masked, sum(n) AS n, min(f),"
        " max(l), min(text) FROM (SELECT message AS text, count() AS n, min(timestamp) AS f, max(timestamp) AS l"
        " FROM errors WHERE {where} AND timestamp >= {end} - toIntervalDay(1) AND message != '' GROUP BY text)"
        " GROUP BY masked ORDER BY n DESC, masked LIMIT 100001",
        columns=(1,),
        sums=(1,),
    ),
    Case(
        "anomalies",
        "anomalies",
        "from errors last 30d | make-series n=count() every 1h | anomalies",
        "SELECT toStartOfHour(timestamp) AS hour, count() AS n FROM errors WHERE {where}"
        " GROUP BY hour ORDER BY hour WITH FILL FROM {start} TO {end} STEP toIntervalHour(1)",
    ),
    Case(
        "changepoint",
        "changepoint of a quantile",
        "from transactions last 30d | make-series p=p95(transaction.duration) every 1h | changepoint",
        "SELECT toStartOfHour(timestamp) AS hour, quantileExactInclusiveOrNull(0.95)(duration_ns) FROM spans"
        " WHERE is_segment AND {where} GROUP BY hour ORDER BY hour"
        " WITH FILL FROM {start} TO {end} STEP toIntervalHour(1)",
    ),
    Case(
        "series-calendar",
        "make-series by days of a time zone",
        'from errors last 30d | make-series n=count(), f=count_if(`level:fatal`) every day in "Europe/Berlin"',
        "SELECT toStartOfDay(timestamp, 'Europe/Berlin') AS day, count(), countIf(level = 'fatal') FROM errors"
        " WHERE {where} GROUP BY day ORDER BY day WITH FILL FROM toStartOfDay({start}, 'Europe/Berlin')"
        " TO {end} STEP toIntervalDay(1)",
    ),
    Case(
        "compare-search",
        "compare to another search",
        "from errors last 7d level:error | summarize n=count() by transaction | compare to `level:fatal` as delta",
        "SELECT transaction, countIf(level = 'error') AS a, countIf(level = 'fatal') AS b, toInt64(a) - toInt64(b)"
        f" FROM errors WHERE {_WEEK} AND level IN ('error', 'fatal') GROUP BY transaction ORDER BY transaction",
    ),
    Case(
        "join-left",
        "join left",
        "from errors last 7d | summarize n=count() by transaction"
        " | join left (from transactions last 7d | summarize m=count() by transaction) on transaction"
        " | sort transaction",
        f"SELECT transaction, n, nullIf(m, 0) FROM (SELECT transaction, count() AS n FROM errors WHERE {_WEEK}"
        f" GROUP BY transaction) AS a LEFT JOIN (SELECT name, count() AS m FROM spans WHERE is_segment AND {_WEEK}"
        " GROUP BY name) AS b ON a.transaction = b.name ORDER BY transaction",
    ),
    Case(
        "anti-join",
        "join anti",
        "from errors last 7d | join anti (from transactions last 7d) on trace | summarize n=count()",
        f"SELECT count() FROM errors WHERE {_WEEK} AND NOT (trace_id != '' AND trace_id IN (SELECT trace_id FROM spans"
        f" WHERE is_segment AND {_WEEK} AND trace_id != ''))",
    ),
    Case(
        "union-newest",
        "union, newest rows",
        "from errors, transactions last 7d | project timestamp, release, transaction, user | limit 100",
        "SELECT * FROM (SELECT toDateTime64(timestamp, 9, 'UTC') AS t, nullIf(release, ''), nullIf(transaction, ''),"
        f" nullIf(user, '') FROM errors WHERE {_WEEK} ORDER BY timestamp DESC LIMIT 100 UNION ALL"
        f" SELECT timestamp AS t, nullIf(release, ''), nullIf(name, ''), nullIf(user, '') FROM spans"
        f" WHERE is_segment AND {_WEEK}"
        " ORDER BY timestamp DESC LIMIT 100) ORDER BY t DESC LIMIT 100",
    ),
    Case(
        "let",
        "let",
        "let busy = from errors last 30d | summarize n=count() by transaction; from busy | where n > 1000"
        " | summarize c=count(), s=sum(n)",
        "SELECT count(), sum(n) FROM (SELECT transaction, count() AS n FROM errors WHERE {where} GROUP BY transaction)"
        " WHERE n > 1000",
    ),
    Case(
        "window-by",
        "window by keys",
        "from errors last 30d | summarize n=count() by level, d=bin(timestamp, 1d)"
        " | window m=moving_avg(n, 7) by level sort d",
        "SELECT level, d, n, avg(n) OVER (PARTITION BY level ORDER BY d ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)"
        " FROM (SELECT level, toStartOfDay(timestamp) AS d, count() AS n FROM errors WHERE {where} GROUP BY level, d)",
        ordered=False,
    ),
)  # fmt: skip
