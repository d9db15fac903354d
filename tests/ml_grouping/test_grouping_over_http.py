"""How a project groups, over the API: shown, set, tried on real events, upgraded; and why an event is in its issue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.api import build_api

EVENT_ID = "ae" * 16
FRAMES = [
    {"module": "shop.wsgi", "function": "application", "in_app": True},
    {"module": "shop.web", "function": "checkout", "in_app": True},
    {"module": "shop.prices", "function": "check_price", "in_app": True},
    {"module": "urllib3", "function": "urlopen", "in_app": False},
]
ERROR = {"type": "KeyError", "value": "'EUR'", "stacktrace": {"frames": FRAMES}}
EVENT = {"event_id": EVENT_ID, "platform": "python", "exception": {"values": [ERROR]}}


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """An application with one stored event."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("grouping"), 787_000)
    built.add_errors(built.a.id, [{"event_id": EVENT_ID, "fingerprint": 1, "payload": json.dumps(EVENT)}])
    yield built
    built.close()


def path(api: Any, rest: str = "") -> str:
    """The path of grouping of project A."""
    return f"projects/{api.a.slug}/grouping{rest}"


def test_an_event_is_tried_with_its_reasons(api) -> None:
    """Which parts were hashed, and what became of every frame; nothing is changed."""
    found = api.send("POST", path(api, "/test"), {"event_id": EVENT_ID})
    assert (found["version"], found["source"]) == ("v2", "exception")
    assert found["parts"] == ["type KeyError", "frame shop.prices check_price", "frame shop.web checkout"]
    assert [(one["key"], one["counts"]) for one in found["frames"]] == [
        ("urllib3 urlopen", False),
        ("shop.prices check_price", True),
        ("shop.web checkout", True),
        ("shop.wsgi application", False),
    ]
    assert found["frames"][0]["why"] == "is not the project's own code"
    ruled = {"event": EVENT, "fingerprint_rules": 'error.type:Key* -> keys title="Keys of {{ function }}"'}
    found = api.send("POST", path(api, "/test"), ruled)
    assert (found["source"], found["parts"], found["title"]) == ("rule", ["keys"], "Keys of check_price")
    assert found["rule_line"] == 1
    assert api.get(path(api))["fingerprint_rules"] == ""


def test_wrong_rules_are_answered_with_their_places_and_never_saved(api) -> None:
    """A trial lists them for an editor; saving is refused with the member of the form."""
    found = api.send("POST", path(api, "/test"), {"fingerprint_rules": "x:y -> z", "event_id": EVENT_ID})
    assert [(p["line"], p["start"], p["end"]) for p in found["problems"]] == [(1, 1, 4)]
    assert api.send("PUT", path(api), {"fingerprint_rules": "x:y -> z"}, status=400)["code"] == "grouping-rules-invalid"
    assert api.send("PUT", path(api), {"version": "v9"}, status=400)["code"] == "unknown-grouping-version"
    assert api.send("PUT", path(api), {}, status=400)["code"] == "nothing-chosen"


def test_a_project_moves_to_the_newest_version_with_a_window(api) -> None:
    """New projects have it; one that is on an older version is moved once, by those who may change it."""
    assert (api.get(path(api))["version"], api.get(path(api))["newest"]) == ("v2", "v2")
    assert api.send("POST", path(api, "/upgrade"), {}, status=409)["code"] == "grouping-is-newest"
    api.send("PUT", path(api), {"version": "v1", "stack_rules": "module:x -app"})
    found = api.send("POST", path(api, "/upgrade"), {"days": 7})
    assert (found["version"], found["before"], found["stack_rules"]) == ("v2", "v1", "module:x -app")
    tried = api.send("POST", path(api, "/test"), {"event": EVENT})
    assert tried["fingerprint_before"] not in {"", tried["fingerprint"]}
    api.send("PUT", path(api), {"stack_rules": ""}, who="nobody", status=404)


def test_why_an_event_is_in_its_issue(api) -> None:
    """By the rules as they are now, for the page of the issue."""
    issue = api.get("issues")["items"][0]["id"]
    found = api.get(f"issues/{issue}/events/latest/grouping")
    assert found["parts"][0] == "type KeyError"
    assert api.get(f"issues/{issue}/events/{EVENT_ID}/grouping") == found
