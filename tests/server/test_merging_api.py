"""Merging, splitting and undo over HTTP: what lists, counts, pages and the activity say before and after."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from engine.metadata import Author, NewSuggestion
from tests.server.api import build_api

NOW = datetime.now(UTC).replace(microsecond=0)
_projects = itertools.count(9_150_000, 10)


def event(fingerprint: int, number: int, **more):
    """A row of an event; user `id:0` has met every fingerprint."""
    return {
        "event_id": f"{fingerprint:016x}{number:016x}",
        "fingerprint": fingerprint,
        "timestamp": NOW - timedelta(minutes=fingerprint * 10 + number),
        "title": f"Error {fingerprint}",
        "level": "error",
        "user": f"id:{number}",
        **more,
    }


@pytest.fixture
def api(event_store, rows_of, tmp_path):
    """Three issues in project A, SHOP-k with k events, and one in B."""
    built = build_api(event_store, rows_of, tmp_path, next(_projects))
    built.add_errors(built.a.id, [event(k, n) for k in (1, 2, 3) for n in range(k)])
    built.add_errors(built.b.id, [event(9, 0)])
    yield built
    built.close()


def listed(api) -> dict[str, tuple[int, int]]:
    """Issue -> (events, users) in the list of project A."""
    page = api.get("issues?project=shop&query=is:unresolved&limit=100&total=true")
    assert page["meta"]["total"] == len(page["items"])
    return {item["id"]: (item["events"], item["users"]) for item in page["items"]}


def counted(api) -> int:
    """Issues of project A as Discover counts them, in its own language and in SQL."""
    texts = {
        "query": "from issues project:shop | summarize n=count()",
        "sql": f"SELECT count() AS n FROM issues WHERE project_id = {api.a.id}",
    }
    [(found,)] = {tuple(api.send("POST", "query", {name: text})["rows"][0]) for name, text in texts.items()}
    return found


BEFORE = {"SHOP-1": (1, 1), "SHOP-2": (2, 2), "SHOP-3": (3, 3)}


def test_a_merge_adds_the_counts_and_undo_gives_back_what_was(api) -> None:
    """Events, users and times of all come together; the others lead to the target; undo restores every issue."""
    assert listed(api) == BEFORE
    was = api.get("issues/SHOP-2")
    decision = api.send("POST", "issues/merge", {"ids": ["SHOP-3", "SHOP-2"]})
    assert (decision["kind"], decision["author"]) == ("merge", "user:owner@example.org")
    assert {(move["from"], move["to"]) for move in decision["moves"]} == {("SHOP-3", "SHOP-2")}
    assert listed(api) == {"SHOP-1": (1, 1), "SHOP-2": (5, 3)}
    assert counted(api) == 2
    merged = api.get("issues/SHOP-2")
    assert merged["created_at"] < was["created_at"]
    assert [entry["text"] for entry in merged["activity"]] == ["merged SHOP-3 into this"]
    moved = api.call("owner", "GET", "/api/v1/issues/SHOP-3?range=24h")
    assert moved.status_code == 307
    assert moved.headers["Location"] == "/api/v1/issues/SHOP-2?range=24h"
    assert moved.json == {"id": "SHOP-3", "merged_into": "SHOP-2"}
    held = api.get("issues/SHOP-2/fingerprints")
    assert [(one["fingerprint"], one["own"], one["events"]) for one in held["items"]] == [
        ("3", False, 3),
        ("2", True, 2),
    ]
    api.send("POST", f"decisions/{decision['id']}/undo", None)
    assert listed(api) == BEFORE
    assert counted(api) == 3
    again = api.get("issues/SHOP-2")
    assert (again["created_at"], again["events"]) == (was["created_at"], was["events"])
    assert api.get("issues/SHOP-3")["events"] == 3


def test_fingerprints_leave_an_issue_together_or_each_for_itself(api) -> None:
    """A split makes one issue of a set, an unmerge sends each home; the issue's own fingerprint stays."""
    api.send("POST", "issues/merge", {"ids": ["SHOP-2", "SHOP-3"], "into": "SHOP-1"})
    split = api.send("POST", "issues/SHOP-1/split", {"fingerprints": ["2", "3"]})
    assert split["kind"] == "split"
    assert listed(api) == {"SHOP-1": (1, 1), "SHOP-2": (5, 3)}
    api.send("POST", f"decisions/{split['id']}/undo", None)
    assert listed(api) == {"SHOP-1": (6, 3)}
    api.send("POST", "issues/SHOP-1/unmerge", {"fingerprints": ["2", "3"]})
    assert listed(api) == BEFORE
    own = api.send("POST", "issues/SHOP-1/split", {"fingerprints": ["1"]}, status=400)
    assert own["code"] == "fingerprint-own"
    api.send("POST", "issues/SHOP-1/split", {"fingerprints": ["77"]}, status=404)


REFUSED = (
    ("owner", ["SHOP-1"], 400),
    ("owner", ["SHOP-1", "shop-1"], 400),
    ("owner", ["SHOP-1", "VAULT-1"], 400),
    ("owner", ["SHOP-1", "SHOP-99"], 404),
    ("viewer", ["SHOP-1", "SHOP-2"], 403),
    ("token:b", ["SHOP-1", "SHOP-2"], 404),
)


def test_a_merge_that_may_not_be_changes_nothing(api) -> None:
    """One issue, issues of two projects, unknown ones, and people who may not write or see."""
    for who, ids, status in REFUSED:
        api.send("POST", "issues/merge", {"ids": ids}, who, status)
    assert listed(api) == BEFORE


def test_an_overtaken_decision_names_what_to_undo_first(api) -> None:
    """Undo in the wrong order would lose the later decision; twice is refused as well; strangers see no decision."""
    first = api.send("POST", "issues/merge", {"ids": ["SHOP-2", "SHOP-3"]})["id"]
    second = api.send("POST", "issues/merge", {"ids": ["SHOP-1", "SHOP-2"]})["id"]
    refused = api.call("owner", "POST", f"/api/v1/decisions/{first}/undo")
    assert refused.status_code in {409, 412}
    assert (refused.json["code"], str(second) in refused.json["hint"]) == ("decision-overtaken", True)
    api.send("POST", f"decisions/{second}/undo", None, "token:b", 404)
    api.send("POST", f"decisions/{second}/undo", None, "viewer", 403)
    api.send("POST", f"decisions/{second}/undo", None)
    api.send("POST", f"decisions/{second}/undo", None, status=400)
    api.send("POST", f"decisions/{first}/undo", None)
    assert listed(api) == BEFORE


STACK = {
    "error_type": "shop.PaymentDeclined",
    "error_types": ["shop.PaymentDeclined"],
    "error_value": "card was declined by the bank",
    "error_values": ["card was declined by the bank"],
}


def stack(*functions: str) -> dict:
    """Columns of a stack of the program's own frames, the oldest first."""
    return {
        "stack_functions": list(functions),
        "stack_modules": [f"shop.payments.{name}" for name in functions],
        "stack_filenames": ["pay.py"] * len(functions),
        "stack_in_app": [True] * len(functions),
    }


@pytest.fixture
def alike(api):
    """Issues SHOP-4 and SHOP-5, the same stack but for the outermost call, among forty others."""
    deep = [f"step{n}" for n in range(12)]
    rows = [event(20 + k, 0, **STACK, **stack(f"entry{k}", *deep)) for k in (0, 1)]
    others = [event(40 + k, 0, error_type=f"E{k}", **stack(*(f"f{k}_{n}" for n in range(6)))) for k in range(40)]
    api.add_errors(api.a.id, [*rows, *others])
    return api


def test_reclustering_merges_what_is_alike_once_and_leaves_what_people_parted(alike) -> None:
    """A dry run only tells; the merge has evidence and the model's version; after an unmerge it is never made again."""
    dry = alike.send("POST", "recluster", {"project": "shop", "dry_run": True})
    assert [(one["issue"], one["into"]) for one in dry["merged"]] == [("SHOP-5", "SHOP-4")]
    assert "SHOP-5" in listed(alike)
    done = alike.send("POST", "recluster", {"project": "shop"})
    assert done["merged"] == dry["merged"]
    assert "SHOP-5" not in listed(alike)
    assert alike.send("POST", "recluster", {"project": "shop"})["looked_at"] == 0
    (decision,) = alike.get("issues/SHOP-4/fingerprints")["decisions"]
    assert (decision["kind"], decision["author"], decision["model_version"]) == ("recluster", "model:recluster", "1")
    assert decision["evidence"]["shared_frames"]
    alike.send("POST", "issues/SHOP-4/unmerge", {"fingerprints": ["21"]})
    alike.metadata.advance_cluster_cursor(alike.a.id, 0, "1")
    again = alike.send("POST", "recluster", {"project": "shop"})
    assert again["merged"] == again["suggested"] == []
    assert "SHOP-5" in listed(alike)


def test_a_suggestion_is_accepted_as_ones_own_merge_or_rejected_for_good(alike) -> None:
    """Accepting merges under one's name; what was answered cannot be answered again; viewers may only look."""
    ids = {row.short_id: row.issue_id for row in alike.metadata.issue_page() if row.project_id == alike.a.id}
    pairs = [("SHOP-1", "SHOP-2"), ("SHOP-1", "SHOP-3")]
    new = [NewSuggestion(alike.a.id, "merge", ids[a], ids[b], (), 0.8, "1", {"shared_frames": ["f"]}) for a, b in pairs]
    alike.metadata.suggest(new)
    first = alike.get("suggestions?limit=1")
    second = alike.get(f"suggestions?limit=1&cursor={first['next']}")
    found = [*first["items"], *second["items"]]
    assert [(one["issue"], one["other"]) for one in found] == [("SHOP-1", "SHOP-3"), ("SHOP-1", "SHOP-2")]
    assert alike.get("suggestions", "token:b")["items"] == []
    alike.send("POST", f"suggestions/{found[0]['id']}/accept", None, "viewer", 403)
    assert alike.send("POST", f"suggestions/{found[0]['id']}/reject", None)["status"] == "rejected"
    alike.metadata.suggest(new)
    assert [one["id"] for one in alike.get("suggestions")["items"]] == [found[1]["id"]]
    alike.send("POST", f"suggestions/{found[1]['id']}/accept", None)
    alike.send("POST", f"suggestions/{found[1]['id']}/reject", None, status=400)
    assert "SHOP-2" not in listed(alike)
    (decision,) = alike.get("issues/SHOP-1/fingerprints")["decisions"]
    assert (decision["kind"], decision["author"]) == ("merge", "user:owner@example.org")
    assert alike.metadata.merged_into([]) == {}
    with pytest.raises(Exception, match="parted"):
        alike.metadata.merge_issues(alike.a.id, ids["SHOP-1"], [ids["SHOP-3"]], Author("model:recluster", "1"))
