"""Queries over every stage of the language beside SQL written by hand, as `benchmarks.query_cases`.

The hand-written statement reads the rows: what a roll-up or an index saves shows as a ratio below one. Stages that
analyse are in `benchmarks.analysis_cases`.
"""

from __future__ import annotations

from benchmarks.query_cases import Case

_ONE = ("one project",)

STAGE_CASES = (
    Case(
        "issue-list-7d",
        "summarize: issues of a week",
        "from errors last 7d | summarize n=count(), f=first_seen(), l=last_seen() by issue.id | sort n desc | limit 25",
        "SELECT issue_id, count() AS n, min(timestamp), max(timestamp) FROM errors WHERE {where}"
        " AND timestamp >= {end} - toIntervalDay(7) GROUP BY issue_id ORDER BY n DESC, issue_id LIMIT 25",
    ),
    Case(
        "issue-list-30d",
        "summarize: issues of a month",
        "from errors last 30d | summarize n=count(), f=first_seen(), l=last_seen() by issue.id"
        " | sort n desc | limit 25",
        "SELECT issue_id, count() AS n, min(timestamp), max(timestamp) FROM errors WHERE {where}"
        " GROUP BY issue_id ORDER BY n DESC, issue_id LIMIT 25",
    ),
    Case(
        "issue-users",
        "top groups: issues with users",
        "from errors last 30d | summarize n=count(), u=count_unique(user) by issue.id | sort n desc | limit 25",
        "SELECT issue_id, count() AS n, uniqExactIf(user, user != '') FROM errors WHERE {where}"
        " GROUP BY issue_id ORDER BY n DESC, issue_id LIMIT 25",
    ),
    Case(
        "where",
        "where",
        'from errors last 30d | where level = "fatal" | summarize n=count() by release | sort n desc | limit 20',
        "SELECT release, count() AS n FROM errors WHERE {where} AND level = 'fatal'"
        " GROUP BY release ORDER BY n DESC, release LIMIT 20",
    ),
    Case(
        "extend",
        "extend",
        "from errors last 30d | extend long = length(message) | summarize m=max(long) by level",
        # A message that is missing has no length.
        "SELECT level, maxOrNull(lengthUTF8(nullIf(message, ''))) FROM errors WHERE {where} GROUP BY level"
        " ORDER BY level",
    ),
    Case(
        "distinct",
        "distinct",
        "from errors last 30d | distinct level, release | sort level, release",
        "SELECT DISTINCT level, release FROM errors WHERE {where} ORDER BY level, release",
    ),
    Case(
        "series-by-level",
        "make-series by level",
        "from errors last 30d | make-series n=count() every 1d by level",
        "SELECT toStartOfDay(timestamp) AS day, level, count() FROM errors WHERE {where} GROUP BY day, level"
        " ORDER BY level, day WITH FILL FROM {start} TO {end} STEP toIntervalDay(1)",
        ordered=False,
    ),
    Case(
        "top-per",
        "top per",
        "from errors last 30d | summarize n=count() by project_id, error.type | top 3 per project_id by n",
        "SELECT project_id, error_type, count() AS n FROM errors WHERE {where} GROUP BY project_id, error_type"
        " ORDER BY n DESC, error_type LIMIT 3 BY project_id",
        ordered=False,
    ),
    Case(
        "share",
        "share",
        "from errors last 30d | summarize n=count() by transaction | share",
        "SELECT transaction, n, n / sum(n) OVER () FROM (SELECT transaction, count() AS n FROM errors WHERE {where}"
        " GROUP BY transaction) ORDER BY transaction",
    ),
    Case(
        "compare",
        "compare to the week before",
        "from errors last 7d | summarize n=count() by transaction | compare to 7d ago as delta",
        "SELECT transaction, countIf(timestamp >= {end} - toIntervalDay(7)) AS a,"
        " countIf(timestamp < {end} - toIntervalDay(7)) AS b, toInt64(a) - toInt64(b) FROM errors WHERE {where}"
        " AND timestamp >= {end} - toIntervalDay(14) GROUP BY transaction ORDER BY transaction",
    ),
    Case(
        "join",
        "join",
        "from errors last 7d | summarize n=count() by transaction"
        " | join (from transactions last 7d | summarize m=count() by transaction) on transaction"
        " | summarize c=count(), n=sum(n), m=sum(m)",
        "SELECT count(), sum(n), sum(m) FROM (SELECT transaction, count() AS n FROM errors WHERE {where}"
        " AND timestamp >= {end} - toIntervalDay(7) GROUP BY transaction) AS a INNER JOIN (SELECT name, count() AS m"
        " FROM spans WHERE is_segment AND {where} AND timestamp >= {end} - toIntervalDay(7) GROUP BY name) AS b"
        " ON a.transaction = b.name",
    ),
    Case(
        "semi-join",
        "join semi",
        "from errors last 7d | join semi (from transactions last 7d) on trace | summarize n=count()",
        "SELECT count() FROM errors WHERE {where} AND timestamp >= {end} - toIntervalDay(7) AND trace_id != ''"
        " AND trace_id IN (SELECT trace_id FROM spans WHERE is_segment AND {where}"
        " AND timestamp >= {end} - toIntervalDay(7) AND trace_id != '')",
    ),
    Case(
        "union",
        "union",
        "from errors last 30d | project release | union (from transactions last 30d | project release)"
        " | summarize n=count() by release | sort release",
        "SELECT release, sum(n) FROM (SELECT release, count() AS n FROM errors WHERE {where} GROUP BY release"
        " UNION ALL SELECT release, count() FROM spans WHERE is_segment AND {where} GROUP BY release)"
        " GROUP BY release ORDER BY release",
    ),
    Case(
        "window",
        "window",
        "from errors last 30d | summarize n=count(), u=count_unique(user) by h=bin(timestamp, 1d)"
        " | window s=running_sum(u) sort h",
        "SELECT h, n, u, sum(u) OVER (ORDER BY h) FROM (SELECT toStartOfDay(timestamp) AS h, count() AS n,"
        " uniqExactIf(user, user != '') AS u FROM errors WHERE {where} GROUP BY h) ORDER BY h",
    ),
    Case(
        "facets",
        "facets of eight fields",
        "from errors last 30d | facets level, environment, release, error.type, platform, server_name, plan, region",
        "SELECT field, toNullable(toString(value)), n, sum(n) OVER (PARTITION BY field),"
        " count() OVER (PARTITION BY field), NULL FROM ("
        + " UNION ALL ".join(
            f"SELECT '{label}' AS field, toString({column}) AS value, count() AS n FROM errors WHERE {{where}}"
            f" AND notEmpty({column}) GROUP BY value"
            for label, column in (
                ("level", "level"), ("environment", "environment"), ("release", "release"),
                ("error.type", "error_type"), ("platform", "platform"), ("server_name", "server_name"),
                ("plan", "{plan}"), ("region", "{region}"),
            )
        )
        + ") ORDER BY field, n DESC, value LIMIT 10 BY field",
        ordered=False,
    ),
    Case(
        "sessions",
        "sessions",
        "from errors last 7d | sessions by user gap 30m | summarize n=count()",
        "SELECT sum(1 + arrayCount(d -> d > 1800000000, arrayDifference(t))) FROM (SELECT user,"
        " arraySort(groupArray(toUnixTimestamp64Micro(timestamp))) AS t FROM errors WHERE {where}"
        " AND timestamp >= {end} - toIntervalDay(7) AND user != '' GROUP BY user)",
    ),
    Case(
        "free-text",
        "free text, a common word",
        "from errors last 30d quota | summarize n=count()",
        "SELECT count() FROM errors WHERE {where} AND (title ILIKE '%quota%' OR message ILIKE '%quota%')",
    ),
    Case(
        "free-text-words",
        "free text, a phrase",
        'from errors last 30d "null denied exceeded" | summarize n=count()',
        "SELECT count() FROM errors WHERE {where}"
        " AND (title ILIKE '%null denied exceeded%' OR message ILIKE '%null denied exceeded%')",
    ),
    Case(
        "count-if",
        "conditional counts",
        "from errors last 30d | summarize n=count(), f=count_if(`level:fatal`) by release | sort f desc | limit 10",
        "SELECT release, count() AS n, countIf(level = 'fatal') AS f FROM errors WHERE {where}"
        " GROUP BY release ORDER BY f DESC, release LIMIT 10",
    ),
    Case(
        "spans-by-op",
        "quantiles of spans by operation",
        "from spans last 30d | summarize n=count(), a=p50(span.duration), b=p95(span.duration) by span.op",
        "SELECT op, count(), quantileExactInclusive(0.5)(duration_ns), quantileExactInclusive(0.95)(duration_ns)"
        " FROM spans WHERE {where} GROUP BY op ORDER BY op",
    ),
    Case(
        "latency-series",
        "make-series of a quantile",
        "from transactions last 30d | make-series p=p95(transaction.duration) every 1d",
        "SELECT toStartOfDay(timestamp) AS day, quantileExactInclusiveOrNull(0.95)(duration_ns) FROM spans"
        " WHERE is_segment AND {where} GROUP BY day ORDER BY day WITH FILL FROM {start} TO {end} STEP toIntervalDay(1)",
        ordered=False,
    ),
    Case(
        "two-summarize",
        "summarize of a summarize",
        "from errors last 30d | summarize n=count() by user | summarize m=max(n), a=avg(n), c=count()",
        "SELECT maxOrNull(n), avgOrNull(n), count() FROM (SELECT nullIf(user, '') AS u, count() AS n FROM errors"
        " WHERE {where} GROUP BY u)",
        scopes=_ONE,
    ),
)  # fmt: skip
