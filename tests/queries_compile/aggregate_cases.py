"""Generated spans with holes, and every aggregate computed over them by pandas, numpy or plain Python."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

Row = dict[str, Any]
Compute = Callable[[pd.DataFrame], Any]

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
WINDOW_S = 86_400
FAILED = {"internal_error", "not_found"}
USERS = ("id:ann", "id:zoë", "id:名前", "id:", "")
VITALS = {"lcp": 6000, "fcp": 4000, "inp": 800, "cls": 0.5, "ttfb": 2500, "fid": 500, "fp": 5000}
POINTS = {
    "lcp": (1200, 2400, 0.3),
    "fcp": (900, 1600, 0.15),
    "inp": (200, 500, 0.3),
    "cls": (0.1, 0.25, 0.15),
    "ttfb": (200, 400, 0.1),
}
"""Where a score is 0.9, where it is 0.5, and its weight."""


def lab_rows(count: int, project: int) -> list[Row]:
    """Return spans in which every optional thing is missing now and then."""
    dice = random.Random(7)
    jobs = 0.0
    rows = []
    for number in range(count):
        jobs = dice.random() * 3 if dice.random() < 0.05 else jobs + dice.random() * 10
        x = dice.gauss(1e6, 3)
        measured = {name: dice.random() * most for name, most in VITALS.items() if dice.random() < 0.7}
        measured |= {"x": x} if dice.random() < 0.9 else {}
        measured |= {"y": 2 * x + dice.gauss(0, 5)} if dice.random() < 0.9 else {}
        measured |= {"jobs": jobs} if dice.random() < 0.8 else {}
        measured |= {"odd": dice.choice([math.nan, 1.0, 2.5, -3.0, 7.0])} if dice.random() < 0.6 else {}
        if number % 50 == 0:
            measured["cls"] = 0.0
        hit = dice.choice(["true", "false", "", "stale"])
        rows.append(
            {
                "project_id": project,
                "trace_id": f"{number:032x}",
                "span_id": f"{number:016x}",
                "timestamp": NOW - dt.timedelta(seconds=80_000 - number * 60, microseconds=dice.randrange(10**6)),
                "duration_ns": dice.choice([1, 200_000_000, 800_000_000, dice.randrange(3_000_000_000)]),
                "is_segment": True,
                "segment_name": dice.choice(["/cart", "/café", "/支付", ""]),
                "op": dice.choice(["http.server", "http.server", "db", "cache"]),
                "status": dice.choice(["ok", "cancelled", "unknown", "internal_error", "not_found"]),
                "user": dice.choice(USERS),
                "http_status_code": dice.choice([0, 200, 404, 499, 500, 503, 599, 600]),
                "tags": [("cache.hit", hit)] if hit else [],
                "measurements": list(measured.items()),
                "sample_weight": float(dice.choice([1, 1, 2, 5, 20])),
                "payload": "{}",
            }
        )
    return rows


def frame_of(rows: list[Row]) -> pd.DataFrame:
    """Return the rows with a column for each measurement; missing texts and numbers are missing."""
    frame = pd.DataFrame(rows)
    for name in (*VITALS, "x", "y", "jobs"):
        frame[name] = [dict(m).get(name, math.nan) for m in frame["measurements"]]
    frame["odd"] = pd.Series([dict(m).get("odd") for m in frame["measurements"]], dtype=object)
    frame["hit"] = [dict(t).get("cache.hit") for t in frame["tags"]]
    frame["user"] = frame["user"].replace("", None)
    frame["segment_name"] = frame["segment_name"].replace("", None)
    return frame


def present(frame: pd.DataFrame, name: str) -> list[float]:
    """Return the values of `odd`, where NaN is a value."""
    return [v for v in frame[name] if v is not None and not (name != "odd" and math.isnan(v))]


def counter_growth(frame: pd.DataFrame) -> float | None:
    """Return how much `jobs` grew, by walking along it."""
    values = frame.sort_values("timestamp")["jobs"].dropna().tolist()
    if len(values) < 2:
        return None
    growth, last = 0.0, values[0]
    for value in values[1:]:
        growth += value if value < last else value - last
        last = value
    return growth


def curve(name: str, value: float) -> float:
    """Return the score of a vital: the share of a log-normal population that is slower."""
    p10, p50, _ = POINTS[name]
    sigma = (math.log(p50) - math.log(p10)) / NormalDist().inv_cdf(0.9)
    return 1.0 if value <= 0 else 1 - NormalDist(math.log(p50), sigma).cdf(math.log(value))


def mean_total(frame: pd.DataFrame) -> float | None:
    """Return the mean total score, each row by the vitals it has."""
    totals = []
    for row in frame.to_dict("records"):
        there = [(curve(n, row[n]), POINTS[n][2]) for n in POINTS if not math.isnan(row[n])]
        if there:
            totals.append(sum(s * w for s, w in there) / sum(w for _, w in there))
    return float(np.mean(totals)) if totals else None


def concentration(values: pd.Series) -> float | None:
    """Return the Gini coefficient as half the relative mean difference of all pairs."""
    numbers = values.to_numpy(dtype=float)
    if not len(numbers) or not numbers.mean():
        return None
    return float(np.abs(numbers[:, None] - numbers[None, :]).mean() / (2 * numbers.mean()))


def bits(values: pd.Series) -> float | None:
    """Return Shannon's entropy."""
    shares = values.value_counts(normalize=True)
    return float(-(shares * np.log2(shares)).sum()) if len(shares) else None


def ratio(part: float, whole: float) -> float | None:
    """Return a share, None of nothing."""
    return part / whole if whole else None


def line(frame: pd.DataFrame) -> list[float | None]:
    """Return slope and intercept by numpy's own least squares, around the means to keep digits."""
    both = frame[["x", "y"]].dropna()
    if len(both) < 2:
        return [None, None]
    shift = both.mean()
    slope, rest = np.polyfit(both.x - shift.x, both.y - shift.y, 1)
    return [float(slope), float(rest + shift.y - slope * shift.x)]


def quantile(name: str, level: float) -> Compute:
    """Return the percentile as pandas gives it by default."""
    return lambda f: f[name].quantile(level)


def rated(seconds: float) -> Compute:
    """Return rows per `seconds`."""
    return lambda f: len(f) / WINDOW_S * seconds


def steps_of_time(frame: pd.DataFrame) -> list[int]:
    """Return the rows in each of six times ninety minutes, the first of them twenty hours ago."""
    places = (frame.timestamp - pd.Timestamp(NOW - dt.timedelta(hours=20))) // pd.Timedelta(minutes=90)
    return [int((places == place).sum()) for place in range(6)]


def vitals(name: str, low: float, high: float) -> Compute:
    """Return how many values lie in `[low, high)`."""
    return lambda f: int(((f[name] >= low) & (f[name] < high)).sum())


def best_user_share(frame: pd.DataFrame) -> float:
    """Return user misery by its formula."""
    users = frame.user.dropna().nunique()
    slow = frame.user[frame.duration_ns > 800_000_000].dropna().nunique()
    return (slow + 5.8875) / (users + 117.75)


INFINITE = math.inf

CASES: dict[str, list[tuple[str, Compute]]] = {
    "count": [("count()", len), ("count(measurements.odd)", lambda f: len(present(f, "odd")))],
    "count_unique": [
        ("count_unique(user)", lambda f: f.user.nunique()),
        ("count_unique(user, transaction)", lambda f: len(f[["user", "segment_name"]].dropna().drop_duplicates())),
    ],
    "count_if": [("count_if(span.duration > 800ms)", lambda f: int((f.duration_ns > 800_000_000).sum()))],
    "count_at_least": [
        ("count_at_least(span.duration, 800)", lambda f: int((f.duration_ns >= 800_000_000).sum())),
        ("count_at_least(measurements.lcp, 2s)", lambda f: int((f.lcp >= 2000).sum())),
        ("count_at_least(measurements.cls, 0.25)", lambda f: int((f.cls >= 0.25).sum())),
    ],
    "count_miserable": [
        ("count_miserable(user, 200)", lambda f: f.user[f.duration_ns > 800_000_000].nunique()),
    ],
    "user_misery": [("user_misery(200ms)", best_user_share), ("user_misery(200ms, user)", best_user_share)],
    "count_web_vitals": [
        ("count_web_vitals(measurements.lcp, good)", vitals("lcp", -INFINITE, 2500)),
        ("count_web_vitals(measurements.lcp, meh)", vitals("lcp", 2500, 4000)),
        ("count_web_vitals(lcp, poor)", vitals("lcp", 4000, INFINITE)),
        ("count_web_vitals(measurements.cls, any)", vitals("cls", -INFINITE, INFINITE)),
        ("count_web_vitals(fid, poor)", vitals("fid", 300, INFINITE)),
        ("count_web_vitals(fp, meh)", vitals("fp", 1000, 3000)),
    ],
    "hll": [("hll(user)", lambda f: f.user.nunique())],
    "sum": [
        ("sum(span.duration)", lambda f: int(f.duration_ns.sum())),
        ("sum(measurements.y)", lambda f: f.y.sum()),
        ("sum(measurements.odd)", lambda f: float(sum(present(f, "odd")))),
    ],
    "avg": [
        ("avg(measurements.x)", lambda f: f.x.mean()),
        ("avg(measurements.odd)", lambda f: float(np.mean(present(f, "odd"))) if present(f, "odd") else None),
    ],
    "min": [
        ("min(measurements.x)", lambda f: f.x.min()),
        ("min(transaction)", lambda f: min(f.segment_name.dropna(), default=None)),
    ],
    "max": [
        ("max(measurements.odd)", lambda f: max((v for v in present(f, "odd") if not math.isnan(v)), default=None))
    ],
    "any": [("any(project)", lambda f: "lab" if len(f) else None)],
    "percentile": [
        ("percentile(span.duration, 0.98)", quantile("duration_ns", 0.98)),
        ("percentile(measurements.lcp, 25)", quantile("lcp", 0.25)),
        ("percentile(measurements.lcp, 0)", quantile("lcp", 0)),
        ("percentile(measurements.lcp, 100)", quantile("lcp", 1)),
    ],
    "percentiles": [
        ("percentiles(measurements.lcp, 0.1, 50, 99)", lambda f: [f.lcp.quantile(q) for q in (0.1, 0.5, 0.99)]),
    ],
    **{
        f"p{n}": [
            (f"p{n}(measurements.ttfb)", quantile("ttfb", n / 100)),
            (f"p{n}()", quantile("duration_ns", n / 100)),
        ]
        for n in (50, 75, 90, 95, 99, 100)
    },
    "var": [("var(measurements.x)", lambda f: f.x.var()), ("var(span.duration)", lambda f: f.duration_ns.var())],
    "stddev": [("stddev(measurements.x)", lambda f: f.x.std())],
    "cov": [("cov(measurements.x, measurements.y)", lambda f: f.x.cov(f.y))],
    "corr": [("corr(measurements.x, measurements.y)", lambda f: f.x.corr(f.y) if len(f) > 1 else None)],
    "linear_regression": [("linear_regression(measurements.x, measurements.y)", line)],
    "entropy": [("entropy(user)", lambda f: bits(f.user.dropna())), ("entropy(span.status)", lambda f: bits(f.status))],
    "gini": [
        ("gini(span.duration)", lambda f: concentration(f.duration_ns)),
        ("gini(measurements.lcp)", lambda f: concentration(f.lcp.dropna())),
    ],
    "topk": [("topk(is_segment, 1)", lambda f: [True] if len(f) else [])],
    "make_set": [("make_set(transaction)", lambda f: sorted(set(f.segment_name.dropna()), key=str.encode))],
    "timeline": [("timeline(timestamp, ago(20h), 90m, 6)", steps_of_time)],
    "failure_count": [("failure_count()", lambda f: int(f.status.isin(FAILED).sum()))],
    "failure_rate": [("failure_rate()", lambda f: ratio(f.status.isin(FAILED).sum(), len(f)))],
    "http_error_count": [("http_error_count()", lambda f: int(f.http_status_code.between(500, 599).sum()))],
    "http_error_rate": [("http_error_rate()", lambda f: ratio(f.http_status_code.between(500, 599).sum(), len(f)))],
    "http_response_rate": [
        ("http_response_rate(4)", lambda f: ratio(f.http_status_code.between(400, 499).sum(), len(f))),
    ],
    "cache_hit_rate": [
        ("cache_hit_rate()", lambda f: ratio((f.hit == "true").sum(), f.hit.isin(["true", "false"]).sum())),
    ],
    "cache_miss_rate": [
        ("cache_miss_rate()", lambda f: ratio((f.hit == "false").sum(), f.hit.isin(["true", "false"]).sum())),
    ],
    "apdex": [
        (
            "apdex(200ms)",
            lambda f: ratio(
                (f.duration_ns <= 200_000_000).sum()
                + ((f.duration_ns > 200_000_000) & (f.duration_ns <= 800_000_000)).sum() / 2,
                len(f),
            ),
        ),
    ],
    "performance_score": [
        ("performance_score(measurements.score.lcp)", lambda f: f.lcp.dropna().map(lambda v: curve("lcp", v)).mean()),
        ("performance_score(cls)", lambda f: f.cls.dropna().map(lambda v: curve("cls", v)).mean()),
        ("performance_score(measurements.score.total)", mean_total),
    ],
    "eps": [("eps()", rated(1))],
    "epm": [("epm()", rated(60))],
    "sps": [("sps()", rated(1))],
    "spm": [("spm()", rated(60))],
    "tps": [("tps()", rated(1))],
    "tpm": [("tpm()", rated(60))],
    "increase": [("increase(measurements.jobs)", counter_growth)],
    "rate": [
        ("rate()", rated(1)),
        ("rate(measurements.jobs)", lambda f: None if counter_growth(f) is None else counter_growth(f) / WINDOW_S),  # type: ignore[operator]
    ],
    "first_seen": [("first_seen()", lambda f: f.timestamp.min() if len(f) else None)],
    "last_seen": [("last_seen()", lambda f: f.timestamp.max() if len(f) else None)],
    "latest_event": [("latest_event()", lambda f: f.sort_values("timestamp").span_id.iloc[-1] if len(f) else None)],
}
"""By function: expression, and its value from the rows of one group."""

ELSEWHERE = {"time_spent_percentage"}
"""Functions with a test of their own: they look at more than one group."""
