"""Scrub rules over the API and on the command line: shown, set, tried on real events before they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.snapshot import SnapshotReader
from tests.server.api import build_api
from tests.server.test_manage import Place

EVENT_ID = "ab" * 16
EVENT = {
    "event_id": EVENT_ID,
    "user": {"id": "77", "email": "ann@example.org", "ip_address": "203.0.113.9"},
    "message": "CUST-12 called",
    "extra": {"password": "hunter2", "n": 1.50},
}


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """An application with one stored event, of a client whose project had no rules yet."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("scrub"), 786_000)
    built.add_errors(built.a.id, [{"event_id": EVENT_ID, "fingerprint": 1, "payload": json.dumps(EVENT)}])
    yield built
    built.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An initialised directory without a server."""
    made = Place(tmp_path_factory.mktemp("scrubbed") / "data")
    yield made
    made.metadata.close()


def path(api: Any) -> str:
    """The path of the trial for project A."""
    return f"projects/{api.a.slug}/scrub/test"


def test_a_draft_is_tried_on_a_stored_event(api) -> None:
    """Before and after of it as a diff, and which rules did it; nothing is changed."""
    draft = {"scrub_rules": 'replace "[c]" //CUST-\\d+// from message', "scrub_ip": "mask", "event_id": EVENT_ID}
    found = api.send("POST", path(api), draft)
    assert found["changed"] is True
    assert found["remarks"] == ["scrubbed:member", "scrubbed:ip", "scrubbed:rule"]
    assert json.loads(found["before"]) == EVENT
    after = json.loads(found["after"])
    assert after["message"] == "[c] called"
    assert after["extra"] == {"password": "[Filtered]", "n": 1.5}
    assert after["user"]["ip_address"] == "203.0.113.0"
    assert '-  "message": "CUST-12 called",' in found["diff"]
    assert '+  "message": "[c] called",' in found["diff"]
    assert not api.get(f"projects/{api.a.slug}")["options"].keys() & draft.keys()
    off = api.send("POST", path(api), {"scrub_defaults": False, "event_id": EVENT_ID})
    assert (off["changed"], off["diff"]) == (False, [])


def test_an_event_may_be_sent_along_and_the_rules_in_force_are_the_default(api) -> None:
    """Rules that were set hold for the trial; who may not see the project learns nothing of it."""
    slug = api.a.slug
    api.send("PATCH", f"projects/{slug}", {"options": {"scrub_rules": "mask from logs:body", "scrub_email": "mask"}})
    sent = {"event": {"body": "Ann", "m": "ann@example.org"}, "dataset": "logs"}
    assert json.loads(api.send("POST", path(api), sent)["after"]) == {"body": "***", "m": "***@example.org"}
    errors = {**sent, "dataset": "errors"}
    assert json.loads(api.send("POST", path(api), errors)["after"])["body"] == "Ann"
    api.send("PATCH", f"projects/{slug}", {"options": {"scrub_rules": "", "scrub_email": "keep"}})
    api.send("POST", path(api), sent, who="nobody", status=404)


def test_a_trial_cannot_be_used_to_look_up_hashes(api) -> None:
    """Two trials hash the same value differently, and neither as what arrives is hashed."""
    draft = {"scrub_email": "hash", "event": {"m": "ann@example.org"}}
    once, again = (json.loads(api.send("POST", path(api), draft)["after"])["m"] for _ in range(2))
    assert once.endswith("@hash.invalid")
    assert once != again


def test_wrong_rules_are_answered_with_their_places_and_never_saved(api) -> None:
    """A trial lists the problems for an editor; saving is refused with the member of the form."""
    found = api.send("POST", path(api), {"scrub_rules": "# x\nhide email from user", "event_id": EVENT_ID})
    assert [(p["line"], p["start"], p["end"]) for p in found["problems"]] == [(2, 1, 5)]
    assert found["problems"][0]["hint"].startswith("Begin with mask, hash, remove, replace or keep")
    slug = api.a.slug
    refused = api.send("PATCH", f"projects/{slug}", {"options": {"scrub_rules": "hide email"}}, status=400)
    assert refused["errors"][0]["field"] == "options.scrub_rules"
    refused = api.send("PATCH", f"projects/{slug}", {"options": {"in_app_rules": "stack.module:x"}}, status=400)
    assert refused["errors"][0]["field"] == "options.in_app_rules"
    refused = api.send("PATCH", f"projects/{slug}", {"options": {"scrub_ip": "burn"}}, status=400)
    assert refused["errors"][0]["field"] == "options.scrub_ip"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "event-missing"),
        ({"event": {}, "event_id": EVENT_ID}, 400, "event-missing"),
        ({"event_id": "cd" * 16}, 404, "event-unknown"),
        ({"event": {}, "dataset": "bugs"}, 400, "dataset-unknown"),
    ],
)
def test_what_cannot_be_tried(api, body, status, code) -> None:
    """With a code and what to do."""
    assert api.send("POST", path(api), body, status=status)["code"] == code


def test_the_command_line_shows_sets_and_tests_rules(place, tmp_path) -> None:
    """What is set is published, and is what a test goes by; a test may try other rules."""
    assert place.json("scrub", "show", "default")["scrub_rules"] == ""
    rules = tmp_path / "rules.txt"
    rules.write_text("mask from customer\n")
    place.run("scrub", "set", "default", "--rules", str(rules), "--ip", "hash")
    shown = place.run("scrub", "show", "default")
    assert "mask from customer" in shown
    assert "IP addresses: hash" in shown
    published = SnapshotReader(next(place.data.rglob("run/config.json"))).current()
    assert [p.scrub_rules for p in published.projects.values()] == ["mask from customer\n"]
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT | {"customer": "Ann"}))
    said = place.run("scrub", "test", str(event))
    assert "event.json #1 (errors): member, ip, rule" in said
    assert '-    "password": "hunter2",' in said
    assert '+  "customer": "***"' in said
    tried = place.json("scrub", "test", str(event), "--rules", "/dev/null", "--no-defaults", "--ip", "keep")
    assert [(t["name"], t["changed"]) for t in tried] == [("event.json #1", False)]


def test_every_text_of_an_envelope_is_tried(place, tmp_path) -> None:
    """Each by its dataset; files in it are left out."""
    envelope = tmp_path / "two.envelope"
    items = [("session", b'{"session_id":"1","cookie":"c"}'), ("attachment", b"\x00\x01"), ("log", b'{"items":[]}')]
    lines = [b"{}"]
    for kind, payload in items:
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    envelope.write_bytes(b"\n".join(lines))
    tried = place.json("scrub", "test", str(envelope), "--ip", "keep")
    assert [(t["name"].split()[-1], t["remarks"]) for t in tried] == [("session", ["scrubbed:member"]), ("log", [])]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scrub", "test", "nowhere.json"), "no file and no event id"),
        (("scrub", "set", "default"), "Nothing to set"),
        (("scrub", "set", "default", "--ip", "burn"), "keep, mask, hash or remove"),
        (("scrub", "set", "default", "--rules", "-"), "line 1, column 1: 'hide' is no action."),
        (("project", "change", "default", "--option", "scrub_rules=hide x"), "'hide' is no action."),
    ],
)
def test_what_the_command_line_says_of_mistakes(place, arguments, said) -> None:
    """And what to do; nothing is saved."""
    assert said in place.run(*arguments, status=2, given="hide x")
