"""Keyset cursors: page after page, every raw row once, whatever arrives meanwhile."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.eventstore import EventStore
from queries.cursor import Cursor, fingerprint, read_cursor
from queries.errors import QueryError
from queries.plan import PlanContext, SqlStep, plan
from queries.result import Result
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

ROWS = 400
RETENTION = 20_000


@dataclasses.dataclass
class Crowd:
    """Two projects with many rows of few times."""

    runner: Runner
    context: PlanContext
    errors: list[dict[str, Any]]
    spans: list[dict[str, Any]]

    def pages(self, text: str, size: int, context: PlanContext | None = None) -> list[Result]:
        """Return all pages of a text."""
        asked = dataclasses.replace(context or self.context, limit=size, paging=True)
        found = [self.runner.run(text, asked)]
        while found[-1].next is not None:
            assert len(found) <= ROWS
            after = read_cursor(found[-1].next)
            later = dataclasses.replace(asked, now=after.now, time_range=after.time_range, after=after)
            found.append(self.runner.run(text, later))
        return found


@pytest.fixture(scope="module")
def crowd(
    event_store: EventStore, shop: Shop, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]
) -> Crowd:
    """Rows whose times are mostly the same, in nanoseconds and microseconds."""
    dice = random.Random(7)
    projects = {new_project_id(): "one", new_project_id(): "two"}
    ids = list(projects)
    errors = [
        {
            "project_id": dice.choice(ids),
            "event_id": f"{dice.randrange(16**8):08x}{n:024x}",
            "timestamp": NOW - dt.timedelta(hours=1 + dice.randrange(5), microseconds=dice.randrange(2)),
            "fingerprint": n % 3,
            "level": dice.choice(["error", "fatal"]),
            "message": f"m{n}",
            "title": f"m{n}",
        }
        for n in range(ROWS)
    ]
    base = int((NOW - dt.timedelta(hours=3)).timestamp()) * 10**9
    spans = [
        {
            "project_id": dice.choice(ids),
            "trace_id": f"{n // 7:032x}",
            "span_id": f"{n:016x}",
            "timestamp": base + dice.randrange(3),
            "op": "db",
        }
        for n in range(ROWS)
    ]
    event_store.insert_rows("errors", rows_of("errors", errors))
    event_store.insert_rows("spans", rows_of("spans", spans))
    context = PlanContext(now=NOW, projects=projects)
    return Crowd(Runner(event_store, shop.runner.clock), context, errors, spans)


@pytest.mark.parametrize(
    "text",
    [
        "from errors",
        "from errors last 30d",
        "from errors | sort timestamp",
        "from errors | sort timestamp desc | project m=message",
        "from errors last 3d | project issue, m=message",
    ],
)
@pytest.mark.parametrize("size", [37, ROWS, ROWS + 1])
def test_pages_hold_every_row_once(crowd: Crowd, text: str, size: int) -> None:
    """In the order of time, ties by a key, both ways; the last page says that there is no more."""
    found = crowd.pages(text, size)
    column = "m" if "m=" in text else "title"
    seen = [value for page in found for value in page.table.column(column).to_pylist()]
    assert len(seen) == ROWS
    assert len(set(seen)) == ROWS
    assert [page.truncated for page in found] == [True] * (len(found) - 1) + [False]
    times = {row["message"]: row["timestamp"] for row in crowd.errors}
    ordered = [times[value] for value in seen]
    assert ordered == sorted(ordered, reverse="sort timestamp" not in text or "desc" in text)
    assert {page.table.num_rows for page in found[:-1]} <= {size}


@pytest.mark.parametrize("order", ["timestamp", "timestamp desc"])
def test_nanoseconds_tell_rows_apart(crowd: Crowd, order: str) -> None:
    """The range of the next page is cut in microseconds, and no row of the same one is lost."""
    found = crowd.pages(f"from spans | sort {order} | project timestamp, id", 41)
    seen: list[Any] = [value for page in found for value in page.table.column("id").to_pylist()]
    assert sorted(seen) == [f"{n:016x}" for n in range(ROWS)]


def test_pages_stay_the_same_when_rows_arrive_meanwhile(
    crowd: Crowd, event_store: EventStore, rows_of: Callable[..., pa.Table], new_project_id: Callable[[], int]
) -> None:
    """The first page pins what `last 24h` means; a row that came at the front moves nothing."""
    project = new_project_id()
    rows = [
        {"project_id": project, "event_id": f"{n:032x}", "timestamp": NOW - dt.timedelta(minutes=n + 1)}
        for n in range(6)
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    context = PlanContext(now=NOW, projects={project: "late"}, limit=2, paging=True)
    text = "from errors last 24h | project id"
    first = crowd.runner.run(text, context)
    new = {"project_id": project, "event_id": "f" * 32, "timestamp": NOW - dt.timedelta(seconds=1)}
    event_store.insert_rows("errors", rows_of("errors", [new]))
    assert first.next is not None
    after = read_cursor(first.next)
    assert after.now == NOW
    second = crowd.runner.run(text, dataclasses.replace(context, now=after.now, after=after))
    seen = [*first.table.column("id").to_pylist(), *second.table.column("id").to_pylist()]
    assert seen == [f"{n:032x}" for n in range(4)]


def test_a_page_deep_in_the_range_reads_from_the_cursor_on(crowd: Crowd) -> None:
    """The scan ends where the page before it ended; the range that is told stays the whole one."""
    found = crowd.pages("from errors last 24h", 100)
    assert found[0].next is not None
    after = read_cursor(found[0].next)
    context = dataclasses.replace(crowd.context, paging=True, after=after)
    made = plan("from errors last 24h", context)
    (step,) = made.steps
    assert isinstance(step, SqlStep)
    end = dt.datetime.fromtimestamp(after.at_ns // 10**9, dt.UTC)
    assert step.reads[0].end is not None
    assert end <= step.reads[0].end <= end + dt.timedelta(seconds=1)
    assert made.time_range == (NOW - dt.timedelta(hours=24), NOW)


@pytest.mark.parametrize(
    "text",
    [
        "from errors | limit 3",
        "from errors | sort message",
        "from errors | sort timestamp, message",
        "from errors | summarize n=count() by message",
        "from errors, spans",
        "from errors | make-series n=count() every 1h fill linear",
    ],
)
def test_other_answers_have_no_pages(crowd: Crowd, text: str) -> None:
    """They have no order of time alone, or an end of their own; a cursor is refused."""
    asked = dataclasses.replace(crowd.context, limit=2, paging=True)
    assert crowd.runner.run(text, asked).next is None
    cursor = Cursor(fingerprint(text), NOW, None, 1, (1, "x"))
    with pytest.raises(QueryError) as caught:
        crowd.runner.run(text, dataclasses.replace(asked, after=cursor))
    assert caught.value.code == "cursor-invalid"


def test_keys_are_no_columns_of_the_answer(crowd: Crowd) -> None:
    """Neither of its table nor of its description."""
    (page,) = crowd.pages("from errors | project message", ROWS + 1)
    assert page.table.column_names == ["message"]
    assert [column.name for column in page.columns] == ["message"]


def test_a_cursor_belongs_to_its_query(crowd: Crowd) -> None:
    """One of another text, or a text that is none, is refused by name."""
    first = crowd.pages("from errors level:fatal", 5)[0]
    assert first.next is not None
    cursor = read_cursor(first.next)
    asked = dataclasses.replace(crowd.context, after=cursor)
    with pytest.raises(QueryError, match="another query"):
        crowd.runner.run("from errors level:error", asked)
    some = dict(list(crowd.context.projects.items())[:1])
    for other in ({"projects": some}, {"environments": ("x",)}, {"params": {"l": "fatal"}}):
        with pytest.raises(QueryError, match="other projects, environments or parameters"):
            crowd.runner.run("from errors level:fatal", dataclasses.replace(asked, **other))
    assert cursor.text() == first.next
    version, digest, *facts = json.loads(base64.urlsafe_b64decode(first.next + "=="))
    moved = json.dumps([version, digest, *facts[:2], facts[2] + 1, *facts[3:]]).encode()
    with pytest.raises(QueryError, match="not the `next` of an answer"):
        read_cursor(base64.urlsafe_b64encode(moved).rstrip(b"=").decode())
    wrong = dataclasses.replace(cursor, keys=("x", 1))
    with pytest.raises(QueryError):
        crowd.runner.run("from errors level:fatal", dataclasses.replace(crowd.context, after=wrong))
    for text in ("", "é", "AAAA", first.next[:-3], first.next * 40, "W10", "bnVsbA", "WzEsIngiLFtdLDEsMV0"):
        with pytest.raises(QueryError) as caught:
            read_cursor(text)
        assert caught.value.code == "cursor-invalid"


def test_a_cursor_with_moments_or_keys_out_of_reach_is_refused(crowd: Crowd) -> None:
    """Nothing is computed from such, and nothing of it reaches the engine."""
    first = crowd.pages("from errors level:fatal", 5)[0]
    assert first.next is not None
    sound = read_cursor(first.next)
    year = {number: dt.datetime(number, 1, 1, tzinfo=dt.UTC) for number in (1, 1969, 1970, 2025, 2105, 2107, 9999)}
    changes: list[dict[str, Any]] = [
        {"now": year[1]},
        {"now": year[1969]},
        {"now": year[2107]},
        {"now": year[9999]},
        {"time_range": (year[1], year[2025])},
        {"time_range": (year[2025], year[9999])},
        {"keys": (2, "\ud800")},
        {"keys": ("a\udfffb",)},
    ]
    for change in changes:
        with pytest.raises(QueryError) as caught:
            read_cursor(dataclasses.replace(sound, **change).text())
        assert caught.value.code == "cursor-invalid"
    kept = dataclasses.replace(sound, time_range=(year[1970], year[2105]), keys=(1, "a\x00é\U0001f600"))
    assert read_cursor(kept.text()) == kept
