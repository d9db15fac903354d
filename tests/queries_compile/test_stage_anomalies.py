"""`anomalies` and `changepoint` over series of generated rows: what is planted is found, the rest is left alone."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.detectors import Change, Judgement, NotEnough, Series, anomalies_step, changepoint_step
from queries.errors import QueryError
from queries.plan import PlanContext
from queries.run import Runner
from server.detectors import DETECTORS
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]
HOUR = dt.timedelta(hours=1)
TOP = NOW.replace(minute=0, second=0)
SPIKE = TOP - 30 * HOUR
STEP = TOP - 40 * HOUR


@pytest.fixture(scope="module")
def busy(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Four days of errors: of `db` sixty more in one hour, of `ünï` thrice as many from one hour on; one `rare`."""
    dice = random.Random(6)
    project = new_project_id()
    context = PlanContext(now=NOW, projects={project: "busy"}, default_range=dt.timedelta(hours=96))
    shop = Shop(Runner(event_store, FixedClock(NOW), detectors=DETECTORS), context, {project: "busy"}, 0)
    moments = [("db", TOP - h * HOUR, 12 + (60 if TOP - h * HOUR == SPIKE else 0)) for h in range(96)]
    moments += [("ünï", TOP - h * HOUR, 30 if TOP - h * HOUR >= STEP else 10) for h in range(96)]
    moments.append(("rare", TOP - 5 * HOUR, 1))
    for kind, begins, mean in moments:
        for _ in range(mean + dice.randrange(-2, 3) if mean > 1 else 1):
            number = len(shop.errors)
            shop.errors.append(
                {
                    "project_id": project,
                    "event_id": f"{number:032x}",
                    "timestamp": begins + dt.timedelta(seconds=dice.randrange(3600)),
                    "fingerprint": 1,
                    "type": "error",
                    "level": "error",
                    "error_type": kind,
                    "error_types": [kind],
                    "title": kind,
                    "payload": "{}",
                }
            )
    event_store.insert_rows("errors", rows_of("errors", [r for r in shop.errors if r["timestamp"] < NOW]))
    return shop


def test_a_planted_spike_is_the_only_anomaly_and_the_columns_are_kept(busy: Shop) -> None:
    """Counts are exact, expected is near the usual, bounds enclose it."""
    series = "from errors error.type:db | make-series n=count() every 1h"
    plain, rows = busy.rows(series), busy.rows(f"{series} | anomalies")
    assert [{"timestamp": r["timestamp"], "n": r["n"]} for r in rows] == plain
    assert list(rows[0]) == ["timestamp", "n", "expected", "low", "high", "score", "anomaly"]
    (odd,) = [r for r in rows if r["anomaly"]]
    assert odd["timestamp"] == SPIKE
    assert odd["expected"] == pytest.approx(12, abs=2)
    for row in rows:
        if row["anomaly"] is not None:
            assert row["low"] <= row["expected"] <= row["high"]
            assert row["anomaly"] == (not row["low"] <= row["n"] <= row["high"])


def test_every_series_is_judged_by_itself(busy: Shop) -> None:
    """Two kinds side by side; the third has too little and is named in a warning."""
    rows = busy.rows("from errors | make-series n=count() every 1h by error.type | anomalies n season none")
    alone = busy.rows("from errors error.type:db | make-series n=count() every 1h | anomalies season none")
    db = [{k: v for k, v in r.items() if k != "error.type"} for r in rows if r["error.type"] == "db"]
    assert db == alone
    assert {r["error.type"] for r in rows} == {"db", "ünï", "rare"}
    answer = busy.ask(
        'from errors error.type:[db, "ünï"] last 10h | make-series n=count() every 1h by error.type | anomalies'
    )
    assert {r["anomaly"] for r in answer.table.to_pylist()} == {None}
    assert any("too few" in w and "db" in w for w in answer.warnings)


def test_a_bucket_that_is_not_over_is_not_judged(busy: Shop) -> None:
    """The first and the last are only partly within the range, unless it ends on the hour."""
    rows = busy.rows("from errors error.type:db | make-series n=count() every 1h | anomalies")
    whole = [r for r in rows if r["timestamp"] >= NOW - 96 * HOUR and r["timestamp"] + HOUR <= NOW]
    assert [r["anomaly"] is None for r in rows] == [r not in whole for r in rows]


def test_rows_are_made_a_series_first(busy: Shop) -> None:
    """Of the aggregate that is named, or of their number."""
    named = busy.rows("from errors error.type:db | anomalies count()")
    assert named == busy.rows("from errors error.type:db | anomalies")
    assert named == busy.rows("from errors error.type:db | make-series count() | anomalies count()")
    people = busy.rows("from errors error.type:db | anomalies users=count_unique(user) season none")
    assert "users" in people[0]
    projected = busy.rows("from errors error.type:db | project timestamp | anomalies")
    assert [r["count()"] for r in projected] == [r["count()"] for r in named]
    numbers = busy.rows("from errors error.type:db | project timestamp, http.status_code, level | anomalies")
    assert numbers == projected


def test_findings_are_rows_for_the_next_stage(busy: Shop) -> None:
    """Filtered and counted like any others."""
    text = "from errors error.type:db | make-series n=count() every 1h | anomalies"
    (odd,) = busy.rows(f"{text} | where anomaly | project timestamp, n, score")
    assert odd["timestamp"] == SPIKE
    (total,) = busy.rows(f"{text} | summarize n=count_if(anomaly), judged=count_if(anomaly != null)")
    assert total["n"] == 1
    assert total["judged"] >= 95


def test_a_series_filled_by_a_step_is_looked_at_too(busy: Shop) -> None:
    """Fills that are a step of their own come before."""
    rows = busy.rows("from errors error.type:db | make-series n=count() every 1h fill linear | anomalies season none")
    assert SPIKE in {r["timestamp"] for r in rows if r["anomaly"]}


def test_a_change_of_level_is_found_with_both_levels(busy: Shop) -> None:
    """At the planted hour, and none where there is none."""
    rows = busy.rows("from errors | make-series n=count() every 1h by error.type | changepoint n")
    assert list(rows[0]) == ["timestamp", "error.type", "n", "change", "before", "after", "p_value"]
    (found,) = [r for r in rows if r["change"]]
    assert found["error.type"] == "ünï"
    assert abs(found["timestamp"] - STEP) <= HOUR
    assert (found["before"], found["after"]) == (pytest.approx(10, abs=1), pytest.approx(30, abs=1))
    assert found["p_value"] < 0.001
    assert all(r["before"] is None for r in rows if not r["change"])
    (same,) = busy.rows('from errors error.type:"ünï" | changepoint count() | where change')
    assert abs(same["timestamp"] - STEP) <= 2 * HOUR


def test_long_series_are_not_cut_by_the_default_number_of_rows(busy: Shop) -> None:
    """Nor are they when a stage follows."""
    text = "from errors | make-series n=count() every 5min | anomalies season none"
    assert len(busy.rows(text)) > 1000
    assert len(busy.rows(f"{text} | extend over = n - expected")) == len(busy.rows(text))


def test_no_rows_have_no_findings(busy: Shop) -> None:
    """A series of zeros is constant; with keys there is none at all."""
    zeros = busy.rows("from errors level:nothing | anomalies")
    assert not any(r["anomaly"] for r in zeros)
    assert busy.rows("from errors level:nothing | make-series n=count() every 1h by error.type | anomalies") == []
    assert busy.rows("from errors level:nothing | make-series n=count() every 1h by error.type | changepoint") == []


def test_detectors_are_handed_plain_series(busy: Shop) -> None:
    """Equal steps, missing and infinite values as None, the kind of aggregate, season and sensitivity."""
    seen: list[Any] = []

    def look(series: Series, season: str, sensitivity: float) -> list[Judgement | None]:
        seen.append((series, season, sensitivity))
        return [None] * len(series.values)

    def none(series: Series) -> list[Change] | NotEnough:
        return NotEnough("Nothing is known")

    steps = {"anomalies": anomalies_step(look), "changepoint": changepoint_step(none)}
    runner = Runner(busy.runner._store, FixedClock(NOW), detectors=steps)
    text = "from errors error.type:rare | make-series m=max(timestamp), x=avg(http.status_code), n=count() every 1h"
    runner.run(f"{text} | anomalies x season week sensitivity 2.5", busy.context)
    runner.run(f"{text} | anomalies n", busy.context)
    (first, season, sensitivity), (second, *_) = seen
    assert (season, sensitivity) == ("week", 2.5)
    assert (first.every_s, first.counts, second.counts) == (3600.0, False, True)
    assert set(first.values) == {None}
    assert sorted({v for v in second.values if v is not None}) == [0.0, 1.0]
    said = runner.run(f"{text} | changepoint n", busy.context)
    assert "Nothing is known." in said.warnings
    bare = Runner(busy.runner._store, FixedClock(NOW))
    with pytest.raises(QueryError, match="not available"):
        bare.run("from errors | anomalies", busy.context)


@pytest.mark.parametrize("text", ["from errors | make-series n=count(), m=count() | anomalies", "from errors | summarize n=count() by level | anomalies", "from errors | make-series n=count() | anomalies m", "from errors | make-series expected=count() | anomalies", "from errors | anomalies level"])  # fmt: skip
def test_what_is_no_series_is_said(busy: Shop, text: str) -> None:
    """Which number is meant, or what to do first."""
    with pytest.raises(QueryError) as caught:
        busy.ask(text)
    assert caught.value.span is not None
