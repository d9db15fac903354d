"""The stage join: rows of two pipelines side by side, as plain Python pairs them."""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from engine.ids import default_issue_id
from queries.errors import QueryError
from queries.plan import PlanContext, SqlStep, plan
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]
HUGE = 2**63 + 7


@dataclass
class Traces:
    """Errors and spans of two projects that share traces, and rows of a stranger with the same ones."""

    shop: Shop
    errors: list[Row]
    spans: list[Row]

    def rows(self, text: str) -> list[Row]:
        """Run a text."""
        return self.shop.rows(text)


def _error(number: int, trace: str, minutes: float, project: int, **more: Any) -> Row:
    return {
        "project_id": project,
        "event_id": f"{number:032x}",
        "timestamp": NOW - dt.timedelta(minutes=minutes),
        "fingerprint": number % 3 + 1,
        "trace_id": trace,
        "title": f"Fehler № {number} 😀",
        "payload": "{}",
        **more,
    }


def _span(number: int, trace: str, minutes: float, project: int, **more: Any) -> Row:
    return {
        "project_id": project,
        "span_id": f"{number:016x}",
        "trace_id": trace,
        "timestamp": NOW - dt.timedelta(minutes=minutes),
        "duration_ns": number * 1_000_000,
        "op": "db" if number % 2 else "http",
        "payload": "{}",
        **more,
    }


@pytest.fixture(scope="module")
def traces(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Traces:
    """Trace `a` has two errors and three spans, `b` one each, `c` spans only, and `d` errors only."""
    one, two, stranger = (new_project_id() for _ in range(3))
    projects = {one: "web", two: "api"}
    errors = [
        _error(1, "a", 10, one, tags=[("region", "eu")], transaction="/a", user="id:1"),
        _error(2, "a", 20, two, tags=[("region", "")], transaction="/é", user=""),
        _error(3, "b", 30, one, transaction="", user="id:2"),
        _error(4, "", 40, one, tags=[("region", "us")], user="id:2"),
        _error(5, "d", 50, two, user=""),
        _error(6, "c", 60 * 30, one),
        _error(7, "c", 5, stranger),
    ]
    spans = [
        _span(1, "a", 10, one),
        _span(2, "a", 15, two),
        _span(3, "a", 21, one),
        _span(4, "b", 29.5, two),
        _span(5, "c", 5, one),
        _span(6, "", 40, one),
        _span(7, "d", 50, stranger),
        _span(8, "d", 60 * 26, one),
    ]
    event_store.insert_rows("errors", rows_of("errors", errors))
    event_store.insert_rows("spans", rows_of("spans", spans))
    context = PlanContext(now=NOW, projects=projects)
    shop = Shop(Runner(event_store, FixedClock(NOW)), context, projects, stranger, errors, spans)
    return Traces(shop, shop.seen_errors, shop.seen_spans)


def number_of(row: Row) -> int:
    """Return the number an event or span was made with."""
    return int(row["event_id" if "event_id" in row else "span_id"], 16)


def partners(traces: Traces) -> list[tuple[int, int]]:
    """Pair errors and spans of one trace; no trace is no key."""
    return sorted(
        (number_of(e), number_of(s))
        for e in traces.errors
        for s in traces.spans
        if e["trace_id"] == s["trace_id"] != ""
    )


def pairs(rows: list[Row]) -> list[tuple[Any, Any]]:
    """Return the numbers of both sides of joined rows."""
    made = [(int(r["id"], 16), None if r["s"] is None else int(r["s"], 16)) for r in rows]
    return sorted(made, key=str)


def test_an_inner_join_has_a_row_for_each_pair(traces: Traces) -> None:
    """The traces `a` (two by three) and `b` match; an empty trace equals no other empty one."""
    found = traces.rows("from errors | join (from spans | project trace, s=id) on trace | project id, s")
    assert pairs(found) == partners(traces)
    assert len(found) == 7


def test_a_left_join_keeps_rows_without_a_partner(traces: Traces) -> None:
    """Columns of the missing partner are null, also numbers, times and texts that are never null by themselves."""
    found = traces.rows(
        "from errors | join left (from spans | project trace, s=id, took=span.duration, at=timestamp, project, op=span.op) on trace"
        " | project id, s, took, at, p=project.right, op"
    )
    lonely = [
        number_of(e)
        for e in traces.errors
        if all(e["trace_id"] != s["trace_id"] or not s["trace_id"] for s in traces.spans)
    ]
    assert pairs(found) == sorted([*partners(traces), *((n, None) for n in lonely)], key=str)
    without = [r for r in found if r["s"] is None]
    assert {int(r["id"], 16) for r in without} == {4, 5}
    assert all(r["took"] is r["at"] is r["p"] is r["op"] is None for r in without)
    assert {r["p"] for r in found if r["s"] is not None} == {"web", "api"}


@pytest.mark.parametrize(("kind", "wanted"), [("semi", {1, 2, 3}), ("anti", {4, 5})])
def test_semi_and_anti_choose_rows_and_add_no_columns(traces: Traces, kind: str, wanted: set[int]) -> None:
    """A row with several partners comes once; one without a key has none."""
    found = traces.rows(f"from errors | join {kind} (from spans) on trace")
    assert sorted(int(r["id"], 16) for r in found) == sorted(wanted)
    assert list(found[0]) == list(traces.rows("from errors | limit 1")[0])


def near(traces: Traces, minutes: float) -> list[tuple[int, int]]:
    """Pair errors and spans of a trace that are at most some minutes apart."""
    errors = {number_of(e): e for e in traces.errors}
    spans = {number_of(s): s for s in traces.spans}
    most = dt.timedelta(minutes=minutes)
    return [(e, s) for e, s in partners(traces) if abs(errors[e]["timestamp"] - spans[s]["timestamp"]) <= most]


@pytest.mark.parametrize("minutes", [1, 5, 11])
def test_within_bounds_how_far_the_timestamps_lie_apart(traces: Traces, minutes: int) -> None:
    """The bound itself is still near, in both directions; each side keeps its timestamp."""
    other = "(from spans | project trace, s=id, timestamp)"
    found = traces.rows(
        f"from errors | join {other} on trace within {minutes}min | project id, s, timestamp, at=timestamp.right"
    )
    assert pairs(found) == near(traces, minutes)
    most = dt.timedelta(minutes=minutes)
    assert all(abs(r["timestamp"] - r["at"]) <= most for r in found)
    kept = {e for e, _ in near(traces, minutes)}
    semi = traces.rows(f"from errors | join semi (from spans) on trace within {minutes}min | project id")
    anti = traces.rows(f"from errors | join anti (from spans) on trace within {minutes}min | project id")
    left = traces.rows(f"from errors | join left {other} on trace within {minutes}min | project id, s")
    everyone = {number_of(e) for e in traces.errors}
    assert sorted(int(r["id"], 16) for r in semi) == sorted(kept)
    assert sorted(int(r["id"], 16) for r in anti) == sorted(everyone - kept)
    assert pairs(left) == sorted([*near(traces, minutes), *((n, None) for n in everyone - kept)], key=str)


def test_within_needs_a_timestamp_on_both_sides(traces: Traces) -> None:
    """The error says on which side it is missing."""
    with pytest.raises(QueryError, match="none on the other side"):
        traces.rows("from errors | join (from spans | project trace) on trace within 5min")
    with pytest.raises(QueryError, match="none before the join"):
        traces.rows("from errors | project trace | join (from spans) on trace within 5min")


def test_columns_of_the_other_side_get_an_ending_where_the_name_is_taken(traces: Traces) -> None:
    """Shown are the rows' own columns, then the other side's; an equal key stays once."""
    answer = traces.shop.ask(
        "from errors trace:b | project trace, id, timestamp | join (from spans | project trace, id, timestamp) on trace"
    )
    assert [c.name for c in answer.columns] == ["trace", "id", "timestamp", "id.right", "timestamp.right"]
    (row,) = answer.table.to_pylist()
    assert (int(row["id"], 16), int(row["id.right"], 16)) == (3, 4)
    assert row["timestamp"] != row["timestamp.right"]


def test_the_next_stage_knows_fields_of_both_sides(traces: Traces) -> None:
    """Raw rows keep all their fields, tags included; fields of the other side are named as they are, when free."""
    found = traces.rows(
        'from errors tags[region]:eu | join (from spans span.op:db) on trace | where span.duration > 2ms and tags["region"] = "eu"'
        " | summarize n=count(), longest=max(span.duration) by title"
    )
    assert found == [{"title": "Fehler № 1 😀", "n": 1, "longest": 3_000_000}]


def test_two_names_are_compared_where_they_differ(traces: Traces) -> None:
    """`a = b`: a of the rows so far, b of the other side, which stays a column."""
    found = traces.rows(
        "from errors | join (from spans | summarize n=count() by t=trace) on trace = t | project id, n, t"
    )
    counts = Counter(s["trace_id"] for s in traces.spans)
    wanted = {number_of(e): counts[e["trace_id"]] for e in traces.errors if e["trace_id"] in counts and e["trace_id"]}
    assert {int(r["id"], 16): r["n"] for r in found} == wanted
    assert {r["t"] for r in found} == {"a", "b"}


def test_several_keys_must_all_be_equal(traces: Traces) -> None:
    """Here the project is one of them, by its number."""
    found = traces.rows(
        "from errors | join (from spans | project trace, project, s=id) on trace, project | project id, s, project"
    )
    project = {number_of(r): r["project_id"] for r in traces.errors}
    of_span = {number_of(r): r["project_id"] for r in traces.spans}
    assert pairs(found) == [(e, s) for e, s in partners(traces) if project[e] == of_span[s]]
    assert {r["project"] for r in found} == {"web", "api"}


def test_issues_are_keys_by_number_and_shown_by_short_id(shop: Shop) -> None:
    """Groups join groups; a group only one side has is missing on the other."""
    found = shop.rows(
        "from errors | summarize n=count() by issue"
        " | join left (from errors level:fatal | summarize fatal=count() by issue) on issue | sort n desc"
    )
    counts = Counter(shop.short_id(r) for r in shop.seen_errors)
    fatal = Counter(shop.short_id(r) for r in shop.seen_errors if r["level"] == "fatal")
    assert {r["issue"]: (r["n"], r["fatal"]) for r in found} == {k: (n, fatal.get(k)) for k, n in counts.items()}
    assert [r["n"] for r in found] == sorted(counts.values(), reverse=True)


def test_an_issue_matches_its_number(shop: Shop) -> None:
    """`issue = number`, since the number is what the other side can compute."""
    first = shop.seen_errors[0]
    number = default_issue_id(first["project_id"], first["fingerprint"])
    found = shop.rows(
        f"from errors | join semi (from errors | summarize k=any(issue.id) by issue.id | where k = {number}) on issue = k | summarize n=count() by issue"
    )
    wanted = Counter(shop.short_id(r) for r in shop.seen_errors)
    assert found == [{"issue": shop.short_id(first), "n": wanted[shop.short_id(first)]}]


def test_null_equals_no_null(traces: Traces) -> None:
    """A tag that is absent on both sides is no common value; an empty one that was sent is."""
    text = 'from errors | project id, r=tags["region"] | join {} (from errors | project s=id, r=tags["region"]) on r'
    present = [e for e in traces.errors if "tags" in e]
    same = sorted((number_of(a), number_of(b)) for a in present for b in present if a["tags"] == b["tags"])
    assert pairs(traces.rows(text.format("inner"))) == same
    kept = traces.rows(text.format("anti"))
    assert {int(r["id"], 16) for r in kept} == {number_of(e) for e in traces.errors if "tags" not in e}


def test_whole_numbers_of_64_bits_and_fractions_are_keys(traces: Traces) -> None:
    """No sign is lost above 2^63, and 3 equals 3.0."""
    big = f"from errors trace:a | extend k = {HUGE} | project id, k"
    small = f"from spans trace:b | extend k = {HUGE} | project s=id, k"
    assert len(traces.rows(f"{big} | join ({small}) on k")) == 2
    negative = small.replace(str(HUGE), str(HUGE - 2**64))
    assert traces.rows(f"{big} | join ({negative}) on k") == []
    mixed = "from spans trace:b | extend k = 3.0 | project s=id, k"
    whole = "from errors trace:b | extend k = 3 | project id, k"
    assert pairs(traces.rows(f"{whole} | join ({mixed}) on k | project id, s")) == [(3, 4)]
    assert len(traces.rows(f"{whole} | join semi ({mixed}) on k")) == 1


def test_nan_equals_nothing(traces: Traces) -> None:
    """As IEEE 754 has it; on both kinds of statement."""
    nan = 'extend k = tofloat("nan") | project id, k'
    for kind in ("inner", "semi"):
        assert traces.rows(f"from errors | {nan} | join {kind} (from spans | {nan}) on k") == []


def test_times_of_different_precision_are_compared_exactly(traces: Traces) -> None:
    """A whole hour equals itself, not every time within it."""
    hours = "(from spans | summarize n=count() by h=bin(timestamp, 1h))"
    starts = {s["timestamp"].replace(minute=0, second=0, microsecond=0) for s in traces.spans}
    for kind in ("inner", "semi"):
        found = traces.rows(f"from errors | join {kind} {hours} on timestamp = h | project id")
        assert {int(r["id"], 16) for r in found} == {number_of(e) for e in traces.errors if e["timestamp"] in starts}


def test_each_side_has_its_own_time_range_or_the_outer_one(traces: Traces) -> None:
    """The error of trace c is 30 hours old, the span of trace d 26 hours."""
    both = traces.rows("from errors last 2d | join (from spans | project trace, s=id) on trace | project id, s")
    assert pairs(both) == [*partners(traces), (5, 8), (6, 5)]
    outer = traces.rows(
        "from errors last 2d trace:[c, d] | join (from spans last 1d | project trace, s=id) on trace | project id, s"
    )
    assert pairs(outer) == [(6, 5)]
    inner = traces.rows(
        "from errors trace:d | join (from spans last 2d | project trace, s=id) on trace | project id, s"
    )
    assert pairs(inner) == [(5, 8)]


def test_the_plan_reads_each_side_over_its_own_range(traces: Traces) -> None:
    """The whole range of the plan holds both."""
    made = plan("from errors last 1h | join (from errors last 3h) on trace", traces.shop.context)
    (step,) = made.steps
    assert isinstance(step, SqlStep)
    lengths = sorted(read.end - read.start for read in step.reads if read.start and read.end)
    assert lengths == [dt.timedelta(hours=1), dt.timedelta(hours=3)]
    assert made.time_range == (NOW - dt.timedelta(hours=3), NOW)


def test_names_bound_by_let_and_data_sets_can_be_joined(traces: Traces) -> None:
    """A bound pipeline without a range takes the outer one, too."""
    let = "let s = from spans | project trace, s=id;"
    found = traces.rows(f"{let} from errors last 2d | join s on trace | project id, s")
    assert pairs(found) == [*partners(traces), (5, 8), (6, 5)]
    assert len(traces.rows("from errors | join spans on trace")) == len(partners(traces))


def test_nobody_sees_rows_of_a_stranger_through_a_join(traces: Traces) -> None:
    """Both sides are cut to the request's projects: neither the stranger's error nor its span is there."""
    alone = replace(traces.shop.context, projects={traces.shop.stranger: "other"})
    found = traces.shop.runner.run(
        "from errors | join left (from spans | project trace, s=id) on trace | project id, s", alone
    )
    assert pairs(found.table.to_pylist()) == [(7, None)]


def test_a_cut_side_joins_what_is_left_of_it(traces: Traces) -> None:
    """`limit` and `top` come before the join on the side that has them."""
    found = traces.rows("from errors | sort timestamp | limit 4 | join (from spans | top 1 by span.duration) on trace")
    assert found == []
    found = traces.rows(
        "from errors | join (from spans trace:a | top 1 by span.duration | project trace, s=id) on trace | project id, s"
    )
    assert pairs(found) == [(1, 3), (2, 3)]


def test_a_series_can_be_joined_by_time(traces: Traces) -> None:
    """Empty buckets are rows of both sides."""
    found = traces.rows(
        "from errors last 1h | make-series n=count() every 10min"
        " | join (from spans | make-series m=count() every 10min) on timestamp | project timestamp, n, m"
    )
    assert len(found) == len({r["timestamp"] for r in found}) in {6, 7}
    hour = NOW - dt.timedelta(hours=1)
    assert sum(r["n"] for r in found) == sum(e["timestamp"] >= hour for e in traces.errors)
    assert sum(r["m"] for r in found) == sum(s["timestamp"] >= hour for s in traces.spans)


def test_an_empty_side_leaves_what_its_kind_says(traces: Traces) -> None:
    """Nothing of an inner or semi join, everything of a left or anti one."""
    none = "(from spans span.op:nothing | project trace, s=id)"
    counts = {k: len(traces.rows(f"from errors | join {k} {none} on trace")) for k in ("inner", "semi", "left", "anti")}
    assert counts == {"inner": 0, "semi": 0, "left": len(traces.errors), "anti": len(traces.errors)}
    assert traces.rows("from errors level:nothing | join left (from spans) on trace") == []


def test_two_joins_after_each_other(traces: Traces) -> None:
    """The second sees the columns of the first; names taken twice are numbered."""
    other = "(from spans | summarize id=max(id) by trace)"
    answer = traces.shop.ask(f"from errors trace:b | project id, trace | join {other} on trace | join {other} on trace")
    assert [c.name for c in answer.columns] == ["id", "trace", "id.right", "id.right2"]


def test_raw_rows_stay_newest_first(traces: Traces) -> None:
    """The order of the rows so far is kept."""
    found = traces.rows("from errors | join left (from spans | summarize n=count() by trace) on trace")
    assert [r["timestamp"] for r in found] == sorted((e["timestamp"] for e in traces.errors), reverse=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from errors | join (from spans | project trace) on span.op", "no column called span.op"),
        ("from errors | join (from spans) on trace = span.duration", "do not go together"),
        ("from errors | join (from spans) on tags", "single values"),
        ("from errors | join nothing on trace", "no dataset called nothing"),
        ("from errors | join (from spans count():>3) on trace", "chooses groups"),
        ("from errors | join (from errors | project i=title) on issue = i", "joined by their number"),
    ],
)
def test_what_cannot_be_joined_says_what_to_do(traces: Traces, text: str, message: str) -> None:
    """Errors name the key or the side."""
    with pytest.raises(QueryError, match=message):
        traces.rows(text)


def test_counts_per_pair_agree_with_a_plain_join(shop: Shop) -> None:
    """Three thousand errors with those of the same release and environment, by level."""
    found = shop.rows(
        "from errors | join (from errors level:fatal | summarize fatal=count() by release, environment) on release, environment"
        " | summarize n=count(), f=sum(fatal) by level"
    )
    fatal: Counter[tuple[str, str]] = Counter(
        (r["release"], r["environment"]) for r in shop.seen_errors if r["level"] == "fatal"
    )
    wanted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in shop.seen_errors:
        key = (row["release"], row["environment"])
        if all(key) and key in fatal:
            wanted[row["level"]][0] += 1
            wanted[row["level"]][1] += fatal[key]
    assert {r["level"]: [r["n"], r["f"]] for r in found} == dict(wanted)
