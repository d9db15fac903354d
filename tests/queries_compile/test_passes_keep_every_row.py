"""Passes that look up indexes or choose groups first give the rows of the plain statement: none lost, none more."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.eventstore import EventStore
from queries import passes
from queries.plan import PlanContext, SqlStep, plan
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

SIGNS = "sk\u017f\u212aKSéÉ aB1_-.,%\\*\n\u3042"
"""Letters that fold, to ASCII and from it; ends of words and what only looks like them; signs of patterns."""


def without(name: str) -> Any:
    kept = tuple(step for step in passes.PASSES if step.run.__name__ != name)
    assert len(kept) == len(passes.PASSES) - 1
    return mock.patch.object(passes, "PASSES", kept)


@dataclasses.dataclass
class Texts:
    """A project, its rows and a way to ask."""

    runner: Runner
    context: PlanContext
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def texts(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Texts:
    """A project whose messages and titles are words of awkward signs, in several parts of the table."""
    project = new_project_id()
    words = [
        "ask",
        "a\u017fk",
        "as\u212a",
        "ASK",
        "kas",
        "sk",
        "s",
        "é",
        "éa",
        "b1",
        "B1",
        "a_b",
        "a",
        "aa",
        "\u3042",
        "",
    ]
    joints = [" ", "_", "-", ".", "é", "\u3042", "%", "\\", "", "\n"]
    lines = [f"{a}{j}{b}" for a in words for j in joints for b in words]
    rows = [
        {
            "project_id": project,
            "event_id": f"{n:032x}",
            "timestamp": NOW - dt.timedelta(minutes=1 + n % 500),
            "message": line,
            "title": lines[-n] if n % 3 else "",
        }
        for n, line in enumerate(lines)
    ]
    for part in range(4):
        event_store.insert_rows("errors", rows_of("errors", rows[part::4]))
    context = PlanContext(now=NOW, projects={project: "texts"}, limit=10_000)
    return Texts(Runner(event_store), context, rows)


def found(texts: Texts, text: str) -> list[Any]:
    return sorted(row["id"] for row in texts.runner.run(text, texts.context).table.to_pylist())


def more_projects(texts: Texts, others: int) -> Texts:
    """Return the texts asked for beside other projects, which hold nothing: from several on the dictionary is read."""
    projects = {**texts.context.projects, **{10**9 + n: f"other-{n}" for n in range(others)}}
    return dataclasses.replace(texts, context=dataclasses.replace(texts.context, projects=projects))


PATTERNS = st.text(SIGNS.replace("*", ""), min_size=1, max_size=7)
CONTAINED = st.text([sign for sign in SIGNS if sign.isascii() and sign not in "*\\"], min_size=1, max_size=7)
FORMS = st.sampled_from(['message:"{}*"', 'message:"*{}"', 'message:"{}"', '!message:"*{}*b"', 'message:"*{}*a*"'])
KEYS = st.sampled_from(["message", "title", "free", "!message"])


def quoted(pattern: str) -> str:
    """Return a pattern as it is written in quotes: a backslash is a sign like others but before a quote."""
    return re.sub(r'(\\*)"', r'\1\1\\"', pattern)


def ascii_lower(text: str) -> str:
    return text.encode().lower().decode()


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern with `*`: letters of ASCII fold; all do beside one beyond ASCII with cases."""
    if "*" not in pattern:
        return pattern == text
    if any(not sign.isascii() and sign.lower() != sign.upper() for sign in pattern):
        parts = (re.escape(part) for part in pattern.split("*"))
        return re.fullmatch(".*".join(parts), text, re.IGNORECASE | re.DOTALL) is not None
    parts = (re.escape(ascii_lower(part)) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), ascii_lower(text), re.DOTALL) is not None


@settings(max_examples=60, deadline=None)
@given(FORMS, PATTERNS, st.sampled_from([0, 8]))
@example('message:"{}*"', "ask", 0)
@example('message:"{}"', "ask a*b1 b1", 0)
@example('message:"{}*"', "as k", 8)
@example('message:"*{}*a*"', "\u212a", 0)
@example('message:"*{}"', "s\u3042*K", 0)
def test_a_pattern_finds_exactly_the_rows_it_matches(texts: Texts, form: str, pattern: str, others: int) -> None:
    """Compared with plain Python, with letters that fold and signs at the ends of words.

    The engine's own ILIKE finds `ask*` beside the Kelvin sign or not, as the rows happen to lie.
    """
    assume(not pattern.endswith("\\"))  # it would take the star or the quote behind it for a sign
    asked = form.replace("{}", quoted(pattern))
    wanted = form.split('"')[1].replace("{}", pattern)
    if not wanted.strip("*"):
        return  # the question whether there is a text
    has = {row["event_id"] for row in texts.rows if matches(wanted, row["message"])}
    rows = {row["event_id"] for row in texts.rows} - has if asked.startswith("!") else has
    assert found(more_projects(texts, others), f"from errors {asked} | project id") == sorted(rows)


@settings(max_examples=60, deadline=None)
@given(KEYS, CONTAINED)
@example("message", "ask")
@example("free", "kas a aa")
@example("message", " ask ")
@example("!message", "SK")
def test_a_text_contained_anywhere_finds_exactly_the_rows_with_it(texts: Texts, key: str, word: str) -> None:
    """Compared with plain Python. The engine's own ILIKE finds a row too many beside the Kelvin sign."""
    wanted = ascii_lower(word)
    if not wanted.strip():
        return
    search = {"free": f'"{quoted(word)}"'}.get(key, f'{key}:"*{quoted(word)}*"')
    columns = {"free": ("message", "title")}.get(key, (key.removeprefix("!"),))
    has = {row["event_id"] for row in texts.rows if any(wanted in ascii_lower(row[column]) for column in columns)}
    rows = {row["event_id"] for row in texts.rows} - has if key.startswith("!") else has
    assert found(texts, f"from errors {search} | project id") == sorted(rows)


@pytest.mark.parametrize("others", [0, 8])
def test_words_are_looked_up_in_the_index(texts: Texts, others: int) -> None:
    """Whole words are, always; a text contained anywhere only where several projects are read."""
    many = more_projects(texts, others)
    context = many.context
    made = plan("from errors as b1 aa | summarize count()", context)
    (step,) = (s for s in made.steps if isinstance(s, SqlStep))
    assert "hasAllTokens(lower(" in step.sql
    assert "ILIKE" not in step.sql
    assert (" LIKE " in step.sql) == (others > 0)
    assert ["b1"] in step.parameters.values()
    for text in ("from errors as b1 aa | project id", 'from errors !message:"*SK*" | project id'):
        assert found(many, text) == found(texts, text)


@pytest.mark.parametrize(
    "text",
    [
        "from errors | summarize n=count(), u=count_unique(user) by issue | sort n desc | limit 3",
        "from errors | summarize n=count(), u=count_unique(user), l=last_seen() by release | sort l desc | limit 2",
        "from errors | summarize n=count(), t=topk(user, 2) by error.type | having n > 100 | sort n | limit 2",
        "from errors is:unresolved | summarize n=count(), u=count_unique(user) by issue | sort n desc | limit 1",
        "from errors | summarize n=count(), u=count_unique(user) by issue, project | sort n desc | limit 4",
    ],
)
@pytest.mark.parametrize("environments", [(), ("production",)])
def test_the_groups_shown_and_their_numbers_are_those_of_all_rows(
    shop: Shop, text: str, environments: tuple[str, ...]
) -> None:
    """Choosing the groups first changes nothing; where a roll-up can choose them it is used."""
    context = dataclasses.replace(shop.context, environments=environments)
    with without("top_groups"):
        plain = shop.runner.run(text, context).table.to_pylist()
    assert shop.runner.run(text, context).table.to_pylist() == plain
    assert plain
    (step,) = (s for s in plan(text, context).steps if isinstance(s, SqlStep))
    assert ("hourly" in step.sql) == (not environments)


@pytest.mark.parametrize(
    "text",
    [
        "summarize n=count(), m=max(http.status_code), f=first_seen() by transaction | compare to 1d ago",
        "level:error | summarize n=count_unique(user), p=p95(http.status_code) by release | compare to `level:fatal`",
        "where level = 'error' | summarize s=sum(http.status_code) by user | sort s | compare to `transaction:/c*`",
        "level:fatal | summarize f=count_if(`transaction:/cart`) by environment | sort f | compare to `!level:fatal`",
        "summarize n=count(), l=last_seen(), u=any(user) by server_name, release | compare to release shop@1.2.0",
        "last 6h | summarize n=count(), x=max(http.status_code) - min(http.status_code) by level | compare to 2h ago",
    ],
)
def test_a_comparison_in_one_scan_gives_the_rows_of_two(shop: Shop, text: str) -> None:
    """Whichever groups are missing on a side, and however the ranges of time overlap."""
    asked = f"from errors {text}" if text.startswith(("last", "level")) else f"from errors last 1d | {text}"
    with without("two_sides"):
        plain = shop.runner.run(asked, shop.context)
    found = shop.runner.run(asked, shop.context)
    assert plain.sql[0].count('FROM "errors"') == 2
    assert found.sql[0].count('FROM "errors"') == 1
    assert found.table.to_pylist() == plain.table.to_pylist()
    assert plain.table.num_rows
