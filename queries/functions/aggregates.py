"""The table of aggregates. Exact by default: only `hll` and `topk` approximate, and their documentation says so.

An aggregate over no values is null, counts and sums are 0. NaN is a number: it spoils sums and means, and percentiles,
`min` and `max` pass over it.
"""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

from dataclasses import replace

from engine.schema import Unit
from queries.functions import counting, distributions, webvitals
from queries.functions.model import (
    COUNTED,
    NULLABLE_FLOAT,
    NULLABLE_RATIO,
    Arg,
    Function,
    Want,
    always,
    array_of_first,
    float_of_first,
    nullable_first,
)
from queries.types import FLOAT, NULLABLE_STRING, Base, Missing, ValueType

_X = Arg("x", Want.ANY)
_ONE = Arg("x", Want.ORDERED)
_NUMBER = Arg("x", Want.NUMBER)
_SECOND = Arg("y", Want.NUMBER)
_ORDERED = Arg("x", Want.ORDERED)
_FREE = Arg("x", Want.ANY, optional=True)
_MANY = Arg("x", Want.ANY, repeated=True)
_LEVEL = Arg("q", Want.SHARE)
_THRESHOLD = Arg("threshold", Want.SHARE)
_UNIT = "keeps the unit of x"
_PLAIN = "plain number"
_MISERY = ValueType(Base.FLOAT, Unit.RATIO, Missing.NEVER)
_FLOAT_ARRAY = always(distributions.FLOATS)

_COUNTS = (
    Function("count", (_FREE,), COUNTED, counting.count, _PLAIN,
             "Number of rows; of rows that have x when it is given.", "from errors | summarize count() by level",
             worked=(("count()", "6"), ("count(user)", "5")), weighted=True),
    Function("count_unique", (_MANY,), COUNTED, counting.unique("uniqExact"), _PLAIN,
             "Number of different values, exact; missing ones do not count.", "from errors | summarize count_unique(user) by issue",
             worked=(("count_unique(user)", "3"), ("count_unique(user, transaction)", "4"))),
    Function("count_if", (Arg("condition", Want.BOOLEAN), _FREE), COUNTED, counting.count_if, _PLAIN,
             "Number of rows that fulfil a condition, and have x when it is given.", "from errors | summarize count_if(`level:fatal`) by release",
             worked=(("count_if(`span.status:ok`)", "4"), ("count_if(span.duration > 300ms, user)", "3")), weighted=True),
    Function("count_at_least", (_NUMBER, Arg("limit", Want.SHARE)), COUNTED, counting.count_at_least, _PLAIN,
             "Number of rows whose x is at least the limit; a bare number beside a duration is milliseconds.",
             "from transactions | summarize count_at_least(measurements.lcp, 4s) by transaction",
             worked=(("count_at_least(span.duration, 400ms)", "3"), ("count_at_least(measurements.lcp, 2400)", "2")), weighted=True),
    Function("count_miserable", (Arg("user", Want.ANY), _THRESHOLD), COUNTED, counting.count_miserable, _PLAIN,
             "Number of different users who waited longer than four times the threshold; a bare number is milliseconds.",
             "from transactions | summarize count_miserable(user, 300ms) by transaction", needs=("duration",),
             worked=(("count_miserable(user, 100ms)", "2"),)),
    Function("user_misery", (_THRESHOLD, Arg("user", Want.ANY, optional=True)), always(_MISERY), counting.user_misery, "ratio",
             "Share of users who waited longer than four times the threshold, drawn towards 5 % while there are few users: (count_miserable + 5.8875) / (users + 117.75).",
             "from transactions | summarize user_misery(300ms) by transaction", needs=("duration", "user"),
             worked=(("user_misery(100ms)", "0.0653209"),)),
    Function("count_web_vitals", (Arg("vital", Want.WORD, words=webvitals.VITAL_WORDS), Arg("quality", Want.WORD, optional=True, words=webvitals.QUALITIES)),
             COUNTED, webvitals.count_web_vitals, _PLAIN,
             "Number of page loads whose web vital (lcp, fcp, inp, cls, ttfb, fid, fp) was good, meh, poor or any.",
             "from transactions | summarize count_web_vitals(measurements.lcp, poor) by transaction", needs=("measurements",),
             worked=(("count_web_vitals(measurements.lcp, good)", "2"), ("count_web_vitals(lcp, any)", "3")), weighted=True),
    Function("hll", (_MANY,), COUNTED, counting.unique("uniqHLL12"), _PLAIN,
             "Number of different values, approximate (HyperLogLog, 4096 cells, about 1.6 % off); faster than count_unique.",
             "from errors | summarize hll(user) by release", worked=(("hll(user)", "3"),)),
)  # fmt: skip

_RATES = (
    Function("failure_count", (), COUNTED, counting.failure_count, _PLAIN,
             "Number of spans whose status is not ok, cancelled or unknown.", "from transactions | summarize failure_count() by transaction",
             needs=("status",), worked=(("failure_count()", "1"),), weighted=True),
    Function("failure_rate", (), always(NULLABLE_RATIO), counting.failure_rate, "ratio",
             "Share of spans whose status is not ok, cancelled or unknown.", "from transactions | summarize failure_rate() by transaction",
             needs=("status",), worked=(("failure_rate()", "0.166667"),), weighted=True),
    Function("http_error_count", (), COUNTED, counting.http_error_count, _PLAIN,
             "Number of rows whose HTTP status is 500 to 599.", "from spans | summarize http_error_count() by transaction",
             needs=("http_status",), worked=(("http_error_count()", "2"),), weighted=True),
    Function("http_error_rate", (), always(NULLABLE_RATIO), counting.http_error_rate, "ratio",
             "Share of all rows whose HTTP status is 500 to 599.", "from spans span.op:http.server | summarize http_error_rate() by transaction",
             needs=("http_status",), worked=(("http_error_rate()", "0.333333"),), weighted=True),
    Function("http_response_rate", (Arg("class", Want.COUNT),), always(NULLABLE_RATIO), counting.http_response_rate, "ratio",
             "Share of all rows whose HTTP status is of a class: 4 is 400 to 499.", "from spans span.op:http.client | summarize http_response_rate(4) by span.description",
             needs=("http_status",), worked=(("http_response_rate(4)", "0.166667"),), weighted=True),
    Function("cache_hit_rate", (), always(NULLABLE_RATIO), counting.cache_rate("true"), "ratio",
             "Share of cache look-ups (rows with `cache.hit`) that found something.", "from spans span.op:cache.get | summarize cache_hit_rate() by transaction",
             needs=("cache_hit",), worked=(("cache_hit_rate()", "0.666667"),), weighted=True),
    Function("cache_miss_rate", (), always(NULLABLE_RATIO), counting.cache_rate("false"), "ratio",
             "Share of cache look-ups (rows with `cache.hit`) that found nothing.", "from spans span.op:cache.get | summarize cache_miss_rate() by transaction",
             needs=("cache_hit",), worked=(("cache_miss_rate()", "0.333333"),), weighted=True),
    Function("apdex", (_THRESHOLD,), always(NULLABLE_FLOAT), counting.apdex, _PLAIN,
             "Apdex: satisfied within the threshold, half for up to four times it; a bare number is milliseconds.",
             "from transactions | summarize apdex(300ms) by transaction", needs=("duration",), worked=(("apdex(300ms)", "0.666667"),), weighted=True),
    Function("performance_score", (Arg("vital", Want.WORD, words=webvitals.SCORE_WORDS),), always(NULLABLE_RATIO), webvitals.performance_score, "ratio",
             "Mean score, 0 to 1, of page loads by one web vital (measurements.score.lcp …) or by all (total).",
             "from transactions | summarize performance_score(measurements.score.lcp) by transaction", needs=("measurements",),
             worked=(("performance_score(measurements.score.lcp)", "0.5"), ("performance_score(total)", "0.5")), weighted=True),
    Function("time_spent_percentage", (Arg("x", Want.NUMBER, optional=True),), always(NULLABLE_RATIO), counting.time_spent_percentage, "ratio",
             "Share of the group in the time of all groups of the answer, as a ratio; of x instead of the duration when it is given.",
             "from spans | summarize time_spent_percentage() by span.op", needs=("duration",),
             worked=(("time_spent_percentage()", "1"),), weighted=True, whole=True),
    *(Function(name, (), always(FLOAT), counting.per(seconds), f"per {unit}", f"{of} per {unit} of the range, or of the bucket in make-series.",
               f"from {dataset} | make-series {name}() every 1h", worked=((f"{name}()", shown),), weighted=True)
      for name, seconds, unit, of, dataset, shown in (
          ("eps", 1.0, "second", "Rows", "errors", "0.00166667"), ("epm", 60.0, "minute", "Rows", "errors", "0.1"),
          ("sps", 1.0, "second", "Spans", "spans", "0.00166667"), ("spm", 60.0, "minute", "Spans", "spans", "0.1"),
          ("tps", 1.0, "second", "Transactions", "transactions", "0.00166667"), ("tpm", 60.0, "minute", "Transactions", "transactions", "0.1"))),
    Function("increase", (_NUMBER,), float_of_first, counting.increase, _UNIT,
             "Growth of a counter from its first to its last value; a value below the one before it counts as a new start from 0.",
             "from spans | make-series increase(measurements.jobs) every 5min", needs=("time",), worked=(("increase(measurements.jobs)", "24"),)),
    Function("rate", (Arg("x", Want.NUMBER, optional=True),), lambda args: float_of_first(args) if args else FLOAT, counting.rate, "per second, of x",
             "Growth of a counter per second, as increase; rows per second without x.", "from spans | make-series rate(measurements.jobs) every 5min",
             needs=("time",), worked=(("rate(measurements.jobs)", "0.00666667"), ("rate()", "0.00166667")), weighted=True),
)  # fmt: skip

_TIMES = (
    Function("first_seen", (), always(counting.NULLABLE_TIME), counting.at_time("minOrNull"), "time",
             "Earliest timestamp of the group.", "from errors | summarize first_seen() by issue", needs=("time",),
             worked=(("first_seen()", "2026-01-01T12:00:00Z"),)),
    Function("last_seen", (), always(counting.NULLABLE_TIME), counting.at_time("maxOrNull"), "time",
             "Latest timestamp of the group.", "from errors | summarize last_seen() by issue", needs=("time",),
             worked=(("last_seen()", "2026-01-01T12:50:00Z"),)),
    Function("timeline", (Arg("time", Want.TIME), Arg("start", Want.TIME), Arg("width", Want.DURATION), Arg("n", Want.COUNT)),
             always(counting.COUNTS), counting.timeline, "array of plain numbers",
             "Numbers of rows in each of n (at most 1000) steps of time from start on; rows outside of them do not count.",
             "from errors | summarize timeline(timestamp, ago(24h), 1h, 24) by issue",
             worked=(('timeline(timestamp, totime("2026-01-01T12:00:00Z"), 20m, 3)', "[2, 2, 2]"),
                     ('timeline(timestamp, totime("2026-01-01T12:25:00Z"), 20m, 2)', "[2, 1]")), weighted=True),
    Function("latest_event", (), always(NULLABLE_STRING), counting.latest_event, "text",
             "Id of the newest row of the group.", "from errors | summarize latest_event() by issue", needs=("id", "time"),
             worked=(("latest_event()", '"0000000000000006"'),)),
)  # fmt: skip

_PERCENTILES = tuple(
    Function(name, (Arg("x", Want.NUMBER, optional=True),), distributions.fixed_type, distributions.fixed_percentile(level), _UNIT,
             f"The {level * 100:g}th percentile of x, exact; of the dataset's duration when x is left out.",
             f"from transactions | summarize {name}(transaction.duration) by transaction",
             needs=("duration",), worked=((f"{name}(span.duration)", shown),), weighted=True)
    for name, level, shown in (("p50", 0.5, "350ms"), ("p75", 0.75, "700ms"), ("p90", 0.9, "1400ms"),
                               ("p95", 0.95, "1700ms"), ("p99", 0.99, "1940ms"), ("p100", 1.0, "2000ms"))
)  # fmt: skip

_DISTRIBUTIONS = (
    Function("sum", (_NUMBER,), distributions.sum_type, distributions.sum_of, _UNIT,
             "Total; 0 over no rows.", "from outcomes | summarize sum(quantity) by outcome", worked=(("sum(span.duration)", "3800ms"),), weighted=True),
    Function("avg", (_NUMBER,), float_of_first, distributions.avg, _UNIT,
             "Arithmetic mean.", "from spans | summarize avg(span.duration) by span.op", worked=(("avg(measurements.lcp)", "2800ms"),), weighted=True),
    Function("min", (_ORDERED,), nullable_first, distributions.simple("minOrNull"), _UNIT,
             "Smallest value.", "from spans | summarize min(span.duration) by span.op", worked=(("min(span.duration)", "100ms"), ("min(transaction)", '"/cart"'))),
    Function("max", (_ORDERED,), nullable_first, distributions.simple("maxOrNull"), _UNIT,
             "Largest value.", "from spans | summarize max(span.duration) by span.op", worked=(("max(span.duration)", "2000ms"),)),
    Function("any", (_X,), nullable_first, distributions.simple("anyOrNull"), _UNIT,
             "Some value of the group, no promise which.", "from errors | summarize any(title) by issue", worked=(("any(span.op)", '"http.server"'),)),
    Function("percentile", (_NUMBER, _LEVEL), float_of_first, distributions.percentile, _UNIT,
             "The q-th percentile (0.95 or 95) of x, exact, interpolated between neighbours.",
             "from spans | summarize percentile(span.duration, 0.98) by span.op", worked=(("percentile(span.duration, 25)", "225ms"),), weighted=True),
    Function("percentiles", (_NUMBER, Arg("q", Want.SHARE, repeated=True)), distributions.percentiles_type, distributions.percentiles, _UNIT,
             "Several percentiles (0.95 or 95) of x in one array, exact.", "from spans | summarize percentiles(span.duration, 50, 95, 99) by span.op",
             worked=(("percentiles(span.duration, 50, 95)", "[350ms, 1700ms]"),), weighted=True),
    *_PERCENTILES,
    Function("var", (_NUMBER,), always(NULLABLE_FLOAT), distributions.spread("varSampStable"), "plain number, in squares of the unit of x",
             "Sample variance (n - 1); null for fewer than two values.", "from spans | summarize var(span.duration) by span.op", worked=(("var(measurements.lcp)", "3.36e+06"),)),
    Function("stddev", (_NUMBER,), float_of_first, distributions.spread("stddevSampStable"), _UNIT,
             "Sample standard deviation (n - 1); null for fewer than two values.", "from spans | summarize stddev(span.duration) by span.op", worked=(("stddev(measurements.lcp)", "1833.03ms"),)),
    Function("cov", (_NUMBER, _SECOND), always(NULLABLE_FLOAT), distributions.spread("covarSampStable"), _PLAIN,
             "Sample covariance (n - 1) of rows that have both.", "from transactions | summarize cov(measurements.lcp, measurements.fcp)",
             worked=(("cov(measurements.lcp, measurements.jobs)", "-1800"),)),
    Function("corr", (_NUMBER, _SECOND), always(NULLABLE_FLOAT), distributions.spread("corrStable"), "plain number, -1 to 1",
             "Pearson correlation of rows that have both.", "from transactions | summarize corr(measurements.lcp, measurements.fcp)",
             worked=(("corr(measurements.lcp, measurements.jobs)", "-0.371154"),)),
    Function("linear_regression", (_NUMBER, _SECOND), _FLOAT_ARRAY, distributions.linear_regression, _PLAIN,
             "Slope and intercept of the line y = slope * x + intercept with the least squares.", "from transactions | summarize linear_regression(measurements.fcp, measurements.lcp)",
             worked=(("linear_regression(measurements.lcp, measurements.jobs)", "[-0.000535714, 12.5]"),)),
    Function("entropy", (_X,), always(NULLABLE_FLOAT), distributions.entropy, "plain number, bits",
             "Shannon entropy of how often each value occurs: 0 when all are the same.", "from errors | summarize entropy(user) by issue",
             worked=(("entropy(transaction)", "0.918296"),)),
    Function("gini", (_NUMBER,), always(NULLABLE_FLOAT), distributions.gini, "plain number, 0 to 1",
             "Gini coefficient of values from 0 up: 0 when all are equal, near 1 when few hold nearly everything.", "from spans | summarize gini(span.duration) by span.op",
             worked=(("gini(span.duration)", "0.5"),)),
    Function("topk", (_ONE, Arg("n", Want.COUNT, optional=True)), array_of_first, distributions.topk, "of x",
             "The n (5) most frequent values, most frequent first; approximate (space-saving sketch).",
             "from errors | summarize topk(release, 3) by issue", worked=(("topk(transaction, 1)", '["/cart"]'),), weighted=True),
    Function("make_set", (_ONE, Arg("n", Want.COUNT, optional=True)), array_of_first, distributions.make_set, "of x",
             "The different values, at most n (100), sorted.", "from errors | summarize make_set(environment) by issue",
             worked=(("make_set(transaction)", '["/cart", "/checkout"]'),)),
)  # fmt: skip

AGGREGATES: tuple[Function, ...] = tuple(
    replace(function, aggregate=True) for function in (*_COUNTS, *_DISTRIBUTIONS, *_RATES, *_TIMES)
)
