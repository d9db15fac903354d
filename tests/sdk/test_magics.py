"""Cells of Discover and SQL in IPython: results, pictures, variables, completion and errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import amber


@pytest.fixture
def answers(fake: Any) -> Any:
    """The module whose answers the fake gives."""
    return sys.modules[type(fake).__module__]


@pytest.fixture
def shell(fake: Any) -> Iterator[Any]:
    """A shell with the extension, asking the fake."""
    found = InteractiveShell.instance(config=None)
    found.history_manager.enabled = False
    found.extension_manager.load_extension("amber")
    found.run_line_magic("amber", f"{fake.url} --token t")
    yield found
    found.extension_manager.loaded.discard("amber")
    found.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_a_cell_is_a_question_and_can_be_kept_drawn_and_given_variables(shell: Any, fake: Any) -> None:
    shell.user_ns["level"] = "error"
    text = "from errors | where level = $level"
    assert len(shell.run_cell_magic("amber", "--as found --limit 5 --project shop", text + "\n")) == 2
    assert isinstance(shell.user_ns["found"], amber.Result)
    asked = fake.queries()[-1].body
    assert {"query": text, "limit": 5, "project": ["shop"], "params": {"level": "error"}}.items() <= asked.items()
    assert shell.run_cell_magic("amber", "--plot", text).data[0].type == "bar"
    shell.run_cell_magic("ambersql", "", "SELECT 1")
    assert fake.queries()[-1].body["sql"] == "SELECT 1"


def test_a_refused_text_shows_its_place_and_not_our_calls(shell: Any, fake: Any, answers: Any) -> None:
    fake.script.append(
        answers.problem(400, "query-syntax", detail="`sumarize` is no stage", span={"start": 14, "end": 22})
    )
    with pytest.raises(UsageError) as raised:
        shell.run_cell_magic("amber", "", "from errors | sumarize n=count()")
    assert "^^^^^^^^" in str(raised.value)
    with pytest.raises(UsageError, match="no name"):
        shell.run_cell_magic("amber", "--as 1x", "from errors")
    with pytest.raises(UsageError, match="unrecognized"):
        shell.run_cell_magic("amber", "--plott", "from errors")


def test_completion_is_that_of_the_discover_page_in_our_cells_alone(shell: Any, fake: Any, answers: Any) -> None:
    items = [{"label": "summarize", "insert": "summarize", "kind": "stage"}]
    answer = answers.Answer(200, json.dumps({"from": 14, "to": 18, "items": items}).encode(), "application/json")
    fake.script.append(answer)
    cell = "%%amber --plot\nfrom errors | summ"
    with provisionalcompleter():
        found = list(shell.Completer.completions(cell, len(cell)))
    assert [(one.text, cell[one.start : one.end]) for one in found] == [("summarize", "summ")]
    assert fake.queries()[-1].body == {
        "query": "from errors | summ", "cursor": 18, "language": "discover", "values": True,
    }  # fmt: skip
    before = len(fake.queries())
    with provisionalcompleter():
        list(shell.Completer.completions("imp", 3))
    assert len(fake.queries()) == before
