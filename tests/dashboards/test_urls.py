"""Addresses: what is written is what is read, in Python and in the browser alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.urls import (
    UrlState,
    discover_url,
    format_search,
    issue_url,
    page_url,
    parse_search,
    trace_url,
)

FRONTEND = Path(__file__).parents[2] / "dashboards" / "frontend"
BAR = {"project", "env", "range", "start", "end"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = TEXTS.filter(lambda name: name not in BAR)


@st.composite
def states(draw: st.DrawFn) -> UrlState:
    """States as pages have them: a relative range, an absolute one, or none."""
    start, end, relative = draw(
        st.one_of(
            st.just(("", "", "")),
            st.tuples(st.just(""), st.just(""), st.sampled_from(["15m", "24h", "7d"])),
            st.just(("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "")),
        )
    )
    return UrlState(
        tuple(draw(st.lists(TEXTS, max_size=3))),
        tuple(draw(st.lists(TEXTS, max_size=3))),
        relative,
        start,
        end,
        draw(st.dictionaries(NAMES, TEXTS, max_size=4)),
    )


@given(states())
def test_a_state_survives_the_address(state: UrlState) -> None:
    """Whatever characters projects, environments and the query hold."""
    assert parse_search(format_search(state)) == state


@settings(max_examples=1, deadline=None)
@given(st.lists(states(), min_size=40, max_size=40))
def test_the_browser_reads_what_python_writes(batch: list[UrlState]) -> None:
    """`core/search.ts` parses Python's addresses to the same state, and writes one that Python reads."""
    script = (
        f'import {{ parseSearch, formatSearch }} from "{(FRONTEND / "src/core/search.ts").as_posix()}";'
        "const texts = JSON.parse(await new Response(process.stdin).text());"
        "console.log(JSON.stringify(texts.map((t) => [parseSearch(t), formatSearch(parseSearch(t))])));"
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        input=json.dumps([format_search(state) for state in batch]),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
        cwd=FRONTEND,
        timeout=240,
    )
    for state, (parsed, written) in zip(batch, json.loads(done.stdout), strict=True):
        assert (
            UrlState(
                tuple(parsed["projects"]),
                tuple(parsed["environments"]),
                parsed["range"],
                parsed["start"],
                parsed["end"],
                parsed["page"],
            )
            == state
        )
        assert parse_search(written) == state


def test_an_absolute_range_beats_a_relative_one() -> None:
    """And half of an absolute range counts for nothing."""
    assert parse_search("?range=1h&start=a&end=b") == UrlState(start="a", end="b")
    assert parse_search("?range=1h&start=a") == UrlState(range="1h")


def test_the_api_is_asked_for_the_last_day_unless_told_otherwise() -> None:
    """The parameters every reading route takes."""
    assert UrlState().api_query() == {"range": "24h"}
    state = UrlState(("shop",), ("prod",), start="a", end="b")
    assert state.api_query() == {"project": ["shop"], "environment": ["prod"], "start": "a", "end": "b"}


def test_links_keep_the_bar_and_leave_the_page_behind() -> None:
    """Projects and time go along, the parameters of the page one leaves do not."""
    state = UrlState(("shop",), range="7d", page={"q": "from errors", "sort": "n"})
    assert discover_url("from spans", state) == "/app/discover?project=shop&range=7d&q=from%20spans"
    assert issue_url("SHOP-1", state, event="ab/c") == "/app/issues/SHOP-1/events/ab%2Fc?project=shop&range=7d"
    assert trace_url("t", state, span="s") == "/app/traces/t?project=shop&range=7d&span=s"
    assert page_url("settings") == "/app/settings"
