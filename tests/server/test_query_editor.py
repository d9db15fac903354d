"""The editor's routes: check, hover, format, completion with the organisation's own names."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import UserError
from iam import EMBEDDED
from server.editing import Editing
from tests.server.api import build_api


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application without events."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("editor"), 776_000)
    yield built
    built.close()


def test_a_text_is_checked_and_read_in_plain_english(api: Any) -> None:
    """Errors have places and a way out; a good text has its reading."""
    found = api.send("POST", "query/check", {"query": "from errors | sumarize n=count()"})
    assert found["english"] is None
    (wrong,) = found["diagnostics"]
    assert wrong["severity"] == "error"
    assert wrong["span"] == {"start": 14, "end": 22}
    assert "summarize" in wrong["suggestion"]
    found = api.send("POST", "query/check", {"query": "enviroment:x | summarize n=count() by level"})
    assert [item["severity"] for item in found["diagnostics"]] == ["warning"]
    assert (
        found["english"]
        == "Reads errors, then keeps rows where enviroment is x, then computes count() as n for each level."
    )
    assert api.send("POST", "query/check", {"query": "where level = $x"}) is not None
    text = "from errors | where level = $x"
    assert api.send("POST", "query/check", {"query": text})["diagnostics"][0]["severity"] == "error"
    assert api.send("POST", "query/check", {"query": text, "params": {"x": "fatal"}})["diagnostics"] == []


def test_a_check_knows_the_scope_only(api: Any) -> None:
    """A project that may not be seen is as unknown as one that does not exist."""
    for who, count in (("owner", 0), ("project-viewer", 1)):
        text = {"query": f"from errors project:{api.b.slug}"}
        assert len(api.send("POST", "query/check", text, who)["diagnostics"]) == count


def test_a_text_is_formatted_or_refused(api: Any) -> None:
    """As `amber query --format-text` prints it."""
    assert api.send("POST", "query/format", {"query": "from  errors|limit 5"}) == {"query": "from errors | limit 5"}
    refused = api.send("POST", "query/format", {"query": "from errors | where ("}, status=400)
    assert refused["code"] == "query-syntax"


def test_a_text_is_taken_apart_and_one_part_is_changed(api: Any) -> None:
    """For the builder of the page: parts and the whole text in one answer, a wrong part with what to write."""
    text = {"query": "from errors level:error | summarize n=count() by release"}
    found = api.send("POST", "query/outline", text)
    assert (found["terms"], found["stages"][0]["by"]) == (["level:error"], ["release"])
    change = {"kind": "key", "stage": 0, "place": 1, "value": "environment"}
    changed = api.send("POST", "query/outline", {**text, "change": change})
    assert changed["query"].endswith("by release, environment")
    wrong = {**text, "change": {**change, "value": "x | limit 1"}}
    refused = api.send("POST", "query/outline", wrong, status=400)
    assert refused["code"] == "query-edit-part"


def test_what_stands_under_the_cursor_is_explained(api: Any) -> None:
    """Fields of the catalogue, saved filters by what they say, and nothing where there is nothing."""
    found = api.send("POST", "query/hover", {"query": "level:error", "cursor": 2})["hover"]
    assert (found["kind"], found["title"], found["from"], found["to"]) == ("field", "level", 0, 5)
    api.send("POST", "saved-queries", {"name": "noise", "kind": "filter", "text": "level:info"}, status=201)
    found = api.send("POST", "query/hover", {"query": "saved:noise", "cursor": 8})["hover"]
    assert found["doc"] == "level:info"
    items = api.send("POST", "query/complete", {"query": "saved:", "cursor": 6})["items"]
    assert [item["label"] for item in items] == ["noise"]
    assert api.send("POST", "query/hover", {"query": "", "cursor": 0}) == {"hover": None}


def test_me_and_my_teams_are_those_who_ask(api: Any) -> None:
    """A person by the address, teams by the roles in them; a plain reading shows who is meant."""

    def canonical(who: str, text: str) -> str:
        return api.send("POST", "query/plan", {"query": text}, who)["canonical"]

    email = api.people["team-member"].email
    assert canonical("team-member", "assigned:me") == f'assigned:"user:{email}"'
    assert canonical("team-member", "assigned:my_teams") == f'assigned:"team:{api.team.slug}"'
    assert canonical("project-member", "assigned:my_teams") == 'assigned:"team:"'


def test_sql_is_completed_as_discover_is(api: Any) -> None:
    """The same route: data sets, columns of those that are read, and functions."""
    body = {"query": "SELECT lev FROM errors", "cursor": 10, "language": "sql"}
    found = api.send("POST", "query/complete", body)
    assert (found["from"], found["to"]) == (7, 10)
    assert found["items"][0]["label"] == "level"
    body = {"query": "SELECT level FROM err", "cursor": 21, "language": "sql", "values": False}
    assert api.send("POST", "query/complete", body)["items"][0]["insert"] == "errors "


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("complete", {"query": "from errors | summ", "cursor": 18}),
        ("complete", {"query": "SELECT level FROM err", "cursor": 21, "language": "sql"}),
        ("hover", {"query": "level:error", "cursor": 2}),
        ("check", {"query": "from errors | sumarize n=count()"}),
        ("check", {"query": "from errors | summarize n=count() by level"}),
        ("format", {"query": "from  errors|limit 5"}),
    ],
)
def test_a_directory_opened_by_this_process_helps_as_its_server_does(api: Any, verb: str, body: Any) -> None:
    """`amber.open(DIR).editor` gives the documents of the routes, which the page shows."""
    assert Editing(api.services.queries).answer(verb, body, EMBEDDED) == api.send("POST", f"query/{verb}", body)


def test_help_nobody_knows_is_refused(api: Any) -> None:
    """By its name."""
    with pytest.raises(UserError, match="rename"):
        Editing(api.services.queries).answer("rename", {"query": ""}, EMBEDDED)
