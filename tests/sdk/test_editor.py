"""Help with writing texts, as notebooks ask for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import amber
from tests.sdk.conftest import Answer, problem


def says(document: dict[str, Any]) -> Answer:
    """An answer of one of the routes."""
    return Answer(200, json.dumps(document).encode(), "application/json")


def test_each_kind_of_help_asks_its_route(fake: Any) -> None:
    """With the token, the text and where the cursor is: at the end unless told otherwise."""
    item = {"label": "level", "insert": "level", "kind": "field"}
    wrong = {"severity": "error", "message": "no"}
    for document in (
        {"from": 0, "to": 2, "items": [item]},
        {"hover": None},
        {"diagnostics": [wrong], "english": None},
        {"diagnostics": [], "english": "Reads errors."},
        {"query": "from errors"},
    ):
        fake.script.append(says(document))
    with amber.connect(fake.url, "secret") as client:
        editor = client.editor
        assert editor.complete("le") == [item]
        assert editor.hover("level:error", 3) is None
        assert editor.check("from nowhere") == [wrong]
        assert editor.english("from errors") == "Reads errors."
        assert editor.format("from  errors") == "from errors"
    asked = fake.queries()
    assert [one.path for one in asked] == [
        f"/api/v1/query/{verb}" for verb in ("complete", "hover", "check", "check", "format")
    ]
    assert asked[0].body == {"query": "le", "cursor": 2, "language": "discover", "values": True}
    assert asked[1].body == {"query": "level:error", "cursor": 3}
    assert {one.headers["Authorization"] for one in asked} == {"Bearer secret"}


def test_a_text_that_cannot_be_formatted_is_refused_with_its_place(fake: Any) -> None:
    """As a query that cannot be run."""
    fake.script.append(problem(400, "query-syntax", detail="no", span={"start": 2, "end": 4}))
    with amber.connect(fake.url) as client, pytest.raises(amber.QueryError) as caught:
        client.editor.format("a (((")
    assert (caught.value.code, caught.value.span) == ("query-syntax", (2, 4))


def test_a_transport_without_help_says_so() -> None:
    """Instead of failing somewhere within."""

    class Plain:
        query = progress = cancel = close = None

    with pytest.raises(amber.AmberError) as caught:
        _ = amber.Client(Plain()).editor  # type: ignore[arg-type]
    assert caught.value.code == "editor-unsupported"
