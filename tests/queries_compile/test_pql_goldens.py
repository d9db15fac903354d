"""The 46 cases of a public pipe language (../shared/data/pql-goldens, Apache-2.0), asked in Discover.

Their tables are no data sets of Amber, and Discover reads nothing else. So each row of a table becomes an error event:
the name of the table is its transaction, its columns are tags (a map is the contexts), and the first row is the newest.
`PRELUDE` gives every table back under its name and with its types: a `let` that reads the events, and converts the tags.
Every case is therefore one text that goes through the whole compiler and the engine, and its result is compared as data.

`CASES` says for each case how it is asked:

* same: the same stages in the same order, with Discover's words (`=` for `==`, `limit` for `take`, `sort x desc` for
  `sort by x`, `if` for `iff`, and so on);
* translated: another stage or expression has to say it, and `how` says which;
* outside: the language does not have it, and `how` says why.
"""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.plan import PlanContext
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

GOLDENS = Path(__file__).parents[3] / "shared" / "data" / "pql-goldens" / "testdata"

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="The cases (../shared/data/pql-goldens) are missing")

SAME, TRANSLATED, OUTSIDE = "same", "translated", "outside"
LEAST = 38
"""Cases whose results must be equal."""


@dataclass(frozen=True)
class Case:
    """How a case is asked: the text behind the prelude, what was changed or why it cannot be asked, other column names."""

    kind: str
    text: str = ""
    how: str = ""
    names: dict[str, str] = field(default_factory=dict)
    params: dict[str, object] = field(default_factory=dict)


TABLES: dict[str, dict[str, type]] = {
    "StormEvents": {"EventId": int, "State": str, "EventType": str, "DamageProperty": int},
    "Storm Events": {"State": str, "EventType": str, "DamageProperty": int},
    "Tokens": {"Kind": int, "TokenConstant": str},
    "LexResults": {"Kind": int, "SpanStart": int, "SpanEnd": int, "Value": str},
    "SourceFiles": {"Directory": str, "FileName": str, "LineCount": int},
    "StateCapitals": {"State": str, "StateCapital": str},
    "MyLogTable": {"EventId": int, "EventType": str, "TargetType": str, "TargetId": int},
    "MapTable": {"id": int},
}

_UNIQUE = "the default join takes each row of the left side once, which `distinct` says"
_LOWER = "compared in lower case, as Discover's =~ is a regular expression"

CASES = {
    "As": Case(
        TRANSLATED,
        'let T = from MyLogTable | where TargetType = "X"; from T | where EventType = "Start"'
        ' | join left (from T | where EventType = "Stop" | project TargetId, StopEventId = EventId) on TargetId'
        " | project TargetId, StartEventId = EventId, StopEventId = coalesce(StopEventId, -1) | sort StartEventId",
        "`as` names the rows so far; `let` names them before",
    ),
    "Count": Case(TRANSLATED, "from StormEvents | summarize count()", "`count` is summarize count()"),
    "DoubleCount": Case(TRANSLATED, "from StormEvents | summarize count() | summarize count()", "as Count, twice"),
    "Extend": Case(SAME, "from StormEvents | project State, EventType, DamageProperty | extend foo = 1"),
    "ExtendExprOnly": Case(
        TRANSLATED,
        "from StormEvents | project State, EventType, DamageProperty | extend n = 42",
        "a new column has a name",
        {"42": "n"},
    ),
    "If": Case(
        SAME,
        'from SourceFiles | sort LineCount desc, FileName | project FileName, Size = if(LineCount >= 1000, "Large", "Smol")',
    ),
    "In": Case(SAME, 'from StormEvents | where State in ["GEORGIA", "MISSISSIPPI"]'),
    "InAnd": Case(SAME, 'from StormEvents | where State in ["GEORGIA", "MISSISSIPPI"] and DamageProperty > 10000'),
    "Join": Case(
        TRANSLATED,
        "from LexResults | distinct | join (from Tokens) on Kind | sort SpanStart | project TokenConstant, Value",
        _UNIQUE,
    ),
    "JoinExplicit": Case(
        TRANSLATED,
        "from LexResults | distinct | join (from Tokens) on Kind = Kind | sort SpanStart | project TokenConstant, Value",
        _UNIQUE,
    ),
    "JoinExtraCond": Case(
        TRANSLATED,
        'from LexResults | distinct | join (from Tokens) on Kind | where Value != "bar" | sort SpanStart | project TokenConstant, Value',
        f"a join compares columns, further conditions stand in a where; {_UNIQUE}",
    ),
    "JoinInner": Case(
        TRANSLATED,
        "from StormEvents | project State | join inner (from StateCapitals | project Upper = upper(State), StateCapital) on State = Upper | sort State",
        "equal keys of one name stay one column; a second one has its own name",
        {"$right.State": "Upper"},
    ),
    "JoinInnerUnique": Case(
        TRANSLATED,
        "from StormEvents | project State | distinct | join inner (from StateCapitals | project Upper = upper(State), StateCapital) on State = Upper | sort State",
        _UNIQUE,
        {"$right.State": "Upper"},
    ),
    "Let": Case(TRANSLATED, "from StateCapitals | top 3 by State asc", "the number of rows of `top` is written out"),
    "Limit": Case(SAME, "from StormEvents | limit 3"),
    "MapKey": Case(
        TRANSLATED,
        'from MapTable | where toint(a["key2"]) > 10 | sort id | project Key1 = a["key1"], Key2 = a["key2"]',
        "maps of events hold texts, which are converted",
    ),
    "OpParens": Case(SAME, "from Tokens | where Kind - 3 > 0 | sort Kind"),
    "Params": Case(SAME, "from Tokens | where Kind = $desiredKind", params={"desiredKind": 1}),
    "Project": Case(SAME, "from StormEvents | project State, EventType, DamageProperty"),
    "ProjectAfterTake": Case(
        SAME, "from StormEvents | sort EventId | limit 3 | project State, EventType, DamageProperty"
    ),
    "ProjectAssignment": Case(SAME, "from StormEvents | project Id = EventId, DamagePropertyK = DamageProperty / 1000"),
    "ProjectNow": Case(OUTSIDE, how="the case has no result: it is the time of its run"),
    "ProjectStrcat": Case(SAME, 'from StormEvents | project Description = concat(EventType, " in ", State)'),
    "QuotedTableName": Case(TRANSLATED, "from Storm_Events", "a name bound by `let` has no blanks"),
    "Render": Case(OUTSIDE, how="how a result is drawn is chosen on the page, and is no column of it"),
    "Sort": Case(SAME, "from StormEvents | sort DamageProperty desc, State"),
    "SortLimit": Case(SAME, "from StormEvents | sort DamageProperty desc, State | limit 3"),
    "Summarize": Case(
        SAME,
        'from SourceFiles | summarize TotalLines = sum(LineCount) by Directory, IsTest = endswith(FileName, "_test.go") | sort Directory, IsTest',
    ),
    "SummarizeBy": Case(
        TRANSLATED, "from SourceFiles | distinct Directory", "groups without an aggregate are `distinct`"
    ),
    "SummarizeCount": Case(
        SAME,
        'from SourceFiles | summarize Files = count() by Directory, IsTest = endswith(FileName, "_test.go") | sort Directory, IsTest',
    ),
    "SummarizeCountIf": Case(
        SAME,
        'from SourceFiles | summarize NonTestFiles = count_if(not endswith(FileName, "_test.go")) by Directory | sort Directory',
    ),
    "SummarizeMinMax": Case(SAME, "from SourceFiles | summarize Min = min(LineCount), Max = max(LineCount)"),
    "SummarizeMinMaxUnnamed": Case(SAME, "from SourceFiles | summarize min(LineCount), max(LineCount)"),
    "Table": Case(SAME, "from StormEvents"),
    "Top": Case(SAME, "from SourceFiles | top 3 by LineCount"),
    "Where": Case(SAME, 'from StormEvents | where DamageProperty > 5000 and EventType = "Thunderstorm Wind"'),
    "WhereCaseInsensitiveEq": Case(TRANSLATED, 'from StormEvents | where lower(State) = "georgia"', _LOWER),
    "WhereCaseInsensitiveNE": Case(TRANSLATED, 'from StormEvents | where lower(State) != "georgia"', _LOWER),
    "WhereFunc": Case(SAME, "from Tokens | where abs(Kind) = 1"),
    "WhereIsNotNull": Case(SAME, "from Tokens | where Kind != null"),
    "WhereIsNull": Case(SAME, "from Tokens | where Kind = null"),
    "WhereNot": Case(SAME, "from Tokens | where not (Kind > 0)"),
    "WhereNotEqualsNegative": Case(SAME, "from Tokens | where Kind != -1"),
    "WhereToLower": Case(SAME, 'from StormEvents | where lower(EventType) = "tornado"'),
    "WhereToUpper": Case(SAME, 'from StormEvents | where upper(EventType) = "TORNADO"'),
    "WhereTrue": Case(SAME, "from StormEvents | where true"),
}


def prelude() -> str:
    """Return a `let` for each table."""
    lets = []
    for table, columns in TABLES.items():
        made = [
            f'{name} = toint(tags["{name}"])' if kind is int else f'{name} = tags["{name}"]'
            for name, kind in columns.items()
        ]
        more = ["a = contexts"] if table == "MapTable" else []
        events = f'from errors transaction:"{table}" | sort timestamp desc'
        lets.append(f"let {table.replace(' ', '_')} = {events} | project {', '.join([*made, *more])};")
    return " ".join(lets)


def rows_of_table(table: str) -> list[dict[str, Any]]:
    """Return the rows of a table as texts; maps as they are."""
    path = GOLDENS / "Tables" / table
    if path.with_suffix(".json").exists():
        return list(json.loads(path.with_suffix(".json").read_text())["data"])
    with path.with_suffix(".csv").open(newline="") as file:
        return list(csv.DictReader(file))


def as_event(project: int, table: str, number: int, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a table as an event."""
    return {
        "project_id": project,
        "event_id": f"{number:032x}",
        "timestamp": NOW - dt.timedelta(seconds=1 + number),
        "fingerprint": 1,
        "transaction": table,
        "tags": [(name, str(value)) for name, value in row.items() if not isinstance(value, dict)],
        "contexts": [(k, str(v)) for value in row.values() if isinstance(value, dict) for k, v in value.items()],
        "payload": "{}",
    }


@pytest.fixture(scope="module")
def tables(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """The tables of the cases as events."""
    project = new_project_id()
    events = [
        as_event(project, table, number, row) for table in TABLES for number, row in enumerate(rows_of_table(table))
    ]
    event_store.insert_rows("errors", rows_of("errors", events))
    projects = {project: "goldens"}
    return Shop(Runner(event_store, FixedClock(NOW)), PlanContext(now=NOW, projects=projects), projects, 0, events)


def expected(name: str) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and the rows of a case's result."""
    with (GOLDENS / "Goldens" / name / "output.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    return header, [[plain(value) for value in row] for row in rows]


def plain(value: Any) -> Any:
    """Return a value as CSV can tell it: numbers as such, booleans as 0 and 1, no value as the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(value)
    except ValueError:
        return value


def found(shop: Shop, case: Case) -> tuple[list[str], list[list[Any]]]:
    """Ask a case."""
    context = replace(shop.context, params=case.params)
    answer = shop.runner.run(f"{prelude()} {case.text}", context)
    back = {ours: theirs for theirs, ours in case.names.items()}
    header = [back.get(column.name, column.name) for column in answer.columns]
    return header, [[plain(value) for value in row.values()] for row in answer.table.to_pylist()]


ASKED = sorted(name for name, case in CASES.items() if case.kind != OUTSIDE)


@pytest.mark.parametrize("name", ASKED)
def test_a_case_has_the_same_result(tables: Shop, name: str) -> None:
    """Columns, rows, and their order where the case has one."""
    wanted_header, wanted = expected(name)
    header, rows = found(tables, CASES[name])
    if (GOLDENS / "Goldens" / name / "unordered").exists():
        rows, wanted = sorted(rows, key=str), sorted(wanted, key=str)
    assert header == wanted_header
    assert rows == wanted


def test_every_case_stands_in_the_table() -> None:
    """None is left out; who is translated or outside says how or why; enough can be asked."""
    assert sorted(CASES) == sorted(path.name for path in (GOLDENS / "Goldens").iterdir() if path.is_dir())
    assert len(CASES) == 46
    assert all(bool(case.how) == (case.kind != SAME) for case in CASES.values())
    assert len(ASKED) >= LEAST


def test_the_tables_come_back_whole(tables: Shop) -> None:
    """Through events, tags and conversions, every table is what its file says."""
    for table, columns in TABLES.items():
        answer = tables.rows(f"{prelude()} from {table.replace(' ', '_')}")
        names = list(columns)
        assert [[plain(r[n]) for n in names] for r in answer] == [
            [plain(r[n]) for n in names] for r in rows_of_table(table)
        ]
