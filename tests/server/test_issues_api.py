"""Issues over HTTP: pages, one issue, its events and tags, changes, bulk and undo."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from engine.ids import default_issue_id
from tests.server.api import build_api

NOW = datetime.now(UTC).replace(microsecond=0)
ISSUES = 12


def event(fingerprint: int, number: int, minutes: float, **more):
    """A row of an event of the issue of a fingerprint."""
    return {
        "event_id": f"{fingerprint:016x}{number:016x}",
        "fingerprint": fingerprint,
        "timestamp": NOW - timedelta(minutes=minutes),
        "title": f"Error {fingerprint}",
        "level": "error" if fingerprint % 2 else "warning",
        "user": f"id:{number % (fingerprint + 1)}",
        "environment": "prod" if number % 2 else "dev",
        "tags": [("region", "eu" if number % 3 else "us")],
        **more,
    }


def build(event_store, rows_of, root, first_project):
    """Twelve issues in project A, the k-th with k events, and one issue in B."""
    built = build_api(event_store, rows_of, root, first_project)
    rows = [event(k, n, minutes=k * 10 + n) for k in range(1, ISSUES + 1) for n in range(k)]
    built.add_errors(built.a.id, rows)
    built.add_errors(built.b.id, [event(99, 0, 3, title="secret")])
    return built


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The issues for tests that only read."""
    built = build(event_store, rows_of, tmp_path_factory.mktemp("issues"), 773_000)
    yield built
    built.close()


_projects = itertools.count(773_010, 10)


@pytest.fixture
def own(event_store, rows_of, tmp_path):
    """The issues for one test that writes."""
    built = build(event_store, rows_of, tmp_path, next(_projects))
    yield built
    built.close()


def ids(page) -> list[str]:
    """Short ids of a page."""
    return [item["id"] for item in page["items"]]


def walk(api, path: str, who: str = "owner", between=lambda: None) -> list[dict]:
    """Every item of a list, page by page; `between` runs between pages."""
    found, following = [], ""
    while following is not None:
        page = api.get(f"{path}{f'&cursor={following}' if following else ''}", who)
        found += page["items"]
        following = page["next"]
        between()
    return found


def test_a_page_of_issues_says_what_their_events_in_the_range_say(api):
    """Counts, users, first and last seen, a trend whose sum is the count, the state."""
    page = api.get("issues?limit=50&project=shop")
    assert len(page["items"]) == ISSUES
    top = page["items"][0]
    assert (top["id"], top["title"], top["events"], top["users"]) == ("SHOP-1", "Error 1", 1, 1)
    last = next(item for item in page["items"] if item["title"] == "Error 7")
    assert (last["events"], last["users"], sum(last["trend"])) == (7, 7, 7)
    assert last["last_seen"] == (NOW - timedelta(minutes=70)).isoformat().replace("+00:00", "Z")
    assert last["first_seen"] == (NOW - timedelta(minutes=76)).isoformat().replace("+00:00", "Z")
    assert len(last["trend"]) == 24
    assert (last["status"], last["project"], last["version"]) == ("unresolved", "shop", 1)
    assert page["meta"]["total"] == ISSUES
    assert page["meta"]["query"].startswith("from errors is:unresolved | summarize")


@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "events", "users", "priority", "trend"])
def test_pages_lose_and_repeat_nothing_while_events_arrive(own, sort):
    """Whatever the order: each issue once, in that order, though their numbers change between the pages."""
    once = ids(own.get(f"issues?limit=100&project=shop&sort={sort}"))

    def arrive():
        now = datetime.now(UTC)
        rows = [event(k, 1000 + arrive.count, 0, timestamp=now) for k in range(1, ISSUES + 1)]
        own.add_errors(own.a.id, rows)
        arrive.count += 1

    arrive.count = 0
    paged = [item["id"] for item in walk(own, f"issues?limit=5&project=shop&sort={sort}", between=arrive)]
    assert paged == once
    assert arrive.count == 3


def test_orders_put_the_largest_and_newest_first(own):
    """Each order by its own column."""
    for sort, column in (("events", "events"), ("users", "users"), ("last_seen", "last_seen")):
        values = [item[column] for item in own.get(f"issues?sort={sort}&limit=100")["items"]]
        assert values == sorted(values, reverse=True)
    trends = [item["trend"] for item in own.get("issues?sort=trend&limit=100")["items"]]
    rises = [sum(trend[12:]) - sum(trend[:12]) for trend in trends]
    assert rises == sorted(rises, reverse=True)
    own.send("POST", "issues/bulk", {"ids": ["SHOP-3"], "set": {"priority": "low"}})
    ranks = [item["priority"] for item in own.get("issues?sort=priority&limit=100")["items"]]
    assert ranks == sorted(ranks, key=["high", "medium", "low"].index)
    assert ranks[-1] == "low"


def test_the_search_the_range_and_the_environment_narrow_the_list(api):
    """Discover's search, filters on counts included; the range; the environment."""
    assert len(api.get("issues?query=level:warning&limit=100")["items"]) == ISSUES // 2
    assert len(api.get("issues?query=count():>10&limit=100")["items"]) == 2
    newest = (NOW - timedelta(minutes=15)).isoformat().replace("+00:00", "Z")
    assert ids(api.get(f"issues?start={newest}&project=shop")) == ["SHOP-1"]
    assert len(api.get("issues?range=7d&project=shop&limit=100")["items"]) == ISSUES
    dev = api.get("issues?environment=dev&project=shop&limit=100")["items"]
    assert next(item for item in dev if item["title"] == "Error 4")["events"] == 2
    assert api.get("issues?environment=prod&environment=dev&limit=1&total=true")["meta"]["total"] == ISSUES + 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from errors | summarize count()", "search-only"),
        ("level:error | limit 1", "search-only"),
        ("let x = 5; level:error", "search-only"),
        ("is:nonsense", "query-unknown-name"),
    ],
)
def test_a_list_takes_a_search_and_nothing_else(api, query, code):
    """A pipeline is refused with a place in the text."""
    response = api.call("owner", "GET", f"/api/v1/issues?query={query}")
    assert (response.status_code, response.json["code"]) == (400, code)
    assert response.json["span"] is not None


def test_nothing_of_another_project_is_seen(api):
    """Neither in the list, nor by name, nor by event id; a project one may not see reads as unknown."""
    assert ids(api.get("issues?limit=100", "token:b")) == ["VAULT-1"]
    assert all(not name.startswith("VAULT") for name in ids(api.get("issues?limit=100", "team-viewer")))
    for path in ("issues/VAULT-1", "issues/VAULT-1/events", "issues/VAULT-1/events/latest", "issues/VAULT-1/tags"):
        hidden = api.call("team-viewer", "GET", f"/api/v1/{path}").json
        unknown = api.call("team-viewer", "GET", f"/api/v1/{path.replace('VAULT-1', 'NONE-1')}").json
        assert (hidden["status"], hidden["code"]) == (unknown["status"], unknown["code"]) == (404, "issue-unknown")
        assert hidden["detail"].replace("VAULT", "NONE") == unknown["detail"]
    secret = event(99, 0, 3)["event_id"]
    assert api.call("team-viewer", "GET", f"/api/v1/events/{secret}").status_code == 404
    assert api.call("team-viewer", "GET", "/api/v1/issues?project=vault").json["code"] == "query-unknown-project"


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJpc3N1ZXM6ZXZlbnRzIl0", "%F0%9F%92%A5", "a" * 500])
def test_a_cursor_that_is_none_is_wrong_input(api, cursor):
    """400 with its code, for every list."""
    for path in ("issues?", "issues/SHOP-1/events?", "audit?"):
        response = api.call("owner", "GET", f"/api/v1/{path}cursor={cursor}")
        assert (response.status_code, response.json["code"]) == (400, "cursor-invalid")


def test_a_cursor_of_one_order_is_refused_in_another(api):
    """It would skip or repeat."""
    following = api.get("issues?limit=2&sort=events")["next"]
    assert api.call("owner", "GET", f"/api/v1/issues?sort=users&cursor={following}").json["code"] == "cursor-invalid"


def test_a_merged_issue_counts_the_events_of_both(own):
    """The store maps fingerprints to issues; the list and the events follow it."""
    own.metadata.map_fingerprint(own.a.id, 2, default_issue_id(own.a.id, 3), "user:test")
    own.mirror.sync()
    merged = next(item for item in own.get("issues?limit=100&project=shop")["items"] if item["title"] == "Error 3")
    assert merged["events"] == 5
    assert own.get(f"issues/{merged['id']}/events/latest")["count"] == 5


def test_one_issue_has_its_numbers_its_history_and_its_etag(api):
    """Numbers of the range; null times when there is no event in it; the texts to go on from."""
    response = api.call("owner", "GET", "/api/v1/issues/shop-3")
    found = response.json
    assert (found["id"], found["events"], sum(found["trend"])) == ("SHOP-3", 3, 3)
    assert response.headers["ETag"] == '"1"'
    assert found["events_query"] == "from errors issue:SHOP-3"
    assert {"assignee": "team:web", "name": "Web"} in found["possible_assignees"]
    empty = api.get("issues/SHOP-3?range=1m")
    assert (empty["events"], empty["first_seen"], empty["last_seen"]) == (0, None, None)
    rows = api.send("POST", "query", {"query": f"{found['events_query']} | summarize n=count()"})["rows"]
    assert rows == [[3]]


def test_changes_are_seen_at_once_by_queries_and_remembered(own):
    """`is:resolved` holds in the very next request; the activity says who did what."""
    changed = own.send(
        "PATCH", "issues/SHOP-3", {"status": "resolved", "assignee": "user:viewer@example.org"}, "member"
    )
    assert (changed["status"], changed["assignee"], changed["version"]) == ("resolved", "user:viewer@example.org", 2)
    assert ids(own.get("issues?query=is:resolved")) == ["SHOP-3"]
    assert "SHOP-3" not in ids(own.get("issues?limit=100"))
    activity = own.get("issues/SHOP-3")["activity"]
    assert (activity[0]["actor"], activity[0]["action"]) == ("user:member@example.org", "issue.change")
    assert activity[0]["details"]["after"]["status"] == "resolved"


def test_who_sees_a_project_only_learns_of_its_people_only(own):
    """Neither from the list of who may be given an issue, nor from what a change of the assignee answers."""
    own.metadata.create_team("hidden", "Hidden")
    found = {one["assignee"] for one in own.get("issues/SHOP-3", "project-member")["possible_assignees"]}
    assert {"user:project-viewer@example.org", "user:owner@example.org", "user:team-member@example.org"} <= found
    assert "team:web" in found
    assert not {"user:nobody@example.org", "team:hidden"} & found
    for unseen in ("user:nobody@example.org", "user:unknown@example.org", "team:hidden"):
        refused = own.send("PATCH", "issues/SHOP-3", {"assignee": unseen}, "project-member", 400)
        assert (refused["code"], refused["detail"]) == ("assignee-unknown", f"There is nobody called {unseen!r}.")
    own.send("PATCH", "issues/SHOP-3", {"assignee": "user:owner@example.org"}, "project-member")
    everybody = {one["assignee"] for one in own.get("issues/SHOP-3", "viewer")["possible_assignees"]}
    assert {"user:nobody@example.org", "team:hidden"} <= everybody


def test_of_two_who_change_the_same_version_the_second_is_told(own):
    """412 and nothing changed; without If-Match the last one wins; with the new ETag it works."""
    tag = own.call("owner", "GET", "/api/v1/issues/SHOP-2").headers["ETag"]
    own.send("PATCH", "issues/SHOP-2", {"status": "ignored"}, **{"If-Match": tag})
    late = own.call("owner", "PATCH", "/api/v1/issues/SHOP-2", {"status": "resolved"}, **{"If-Match": tag})
    assert (late.status_code, late.json["code"]) == (412, "changed-meanwhile")
    assert own.get("issues/SHOP-2")["status"] == "ignored"
    for nonsense in ('"x"', 'W/"2"', "abc"):
        odd = own.call("owner", "PATCH", "/api/v1/issues/SHOP-2", {"status": "resolved"}, **{"If-Match": nonsense})
        assert odd.status_code == 412
    new = own.call("owner", "GET", "/api/v1/issues/SHOP-2").headers["ETag"]
    own.send("PATCH", "issues/SHOP-2", {"status": "resolved"}, **{"If-Match": new})
    own.send("PATCH", "issues/SHOP-2", {"status": "unresolved"}, **{"If-Match": "*"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "body-invalid"),
        ({"status": "gone"}, 400, "body-invalid"),
        ({"priority": "highest"}, 400, "body-invalid"),
        ({"assignee": "user:stranger@example.org"}, 400, "assignee-unknown"),
        ({"assignee": "somebody"}, 400, "assignee-unknown"),
        ({"substatus": "new"}, 400, "body-invalid"),
        ({"archive": {"until": "date", "date": "9999-12-31T23:59:59-23:59"}}, 400, "time-invalid"),
        ({"archive": {"until": "date", "date": "0001-01-01T00:00:00+23:00"}}, 400, "time-invalid"),
        ({"archive": {"until": "users", "count": 1, "window_s": 10**30}}, 400, "window-long"),
    ],
)
def test_a_change_that_cannot_be_is_refused(api, body, status, code):
    """With the code, and with the member where one is meant."""
    response = api.call("owner", "PATCH", "/api/v1/issues/SHOP-1", body)
    assert (response.status_code, response.json["code"]) == (status, code)


def test_bulk_by_ids_and_undo_restore_every_state(own):
    """The answer of a bulk change is what takes it back, whatever the states were."""
    own.send("PATCH", "issues/SHOP-1", {"status": "ignored", "priority": "low"})
    own.send("PATCH", "issues/SHOP-2", {"assignee": "team:web"})
    before = {item["id"]: item for item in own.get("issues?query=&limit=100&project=shop")["items"]}
    done = own.send("POST", "issues/bulk", {"ids": ["SHOP-1", "SHOP-2", "SHOP-3"], "set": {"status": "resolved"}})
    assert done["changed"] == 3
    assert set(ids(own.get("issues?query=is:resolved"))) == {"SHOP-1", "SHOP-2", "SHOP-3"}
    undone = own.send("POST", "issues/bulk", {"restore": done["before"]})
    assert undone["changed"] == 3
    after = {item["id"]: item for item in own.get("issues?query=&limit=100&project=shop")["items"]}
    for name in ("SHOP-1", "SHOP-2", "SHOP-3"):
        for member in ("status", "substatus", "assignee", "priority"):
            assert after[name][member] == before[name][member]


@pytest.mark.parametrize(
    ("status", "substatus", "condition", "code"),
    [
        ("ignored", "until_condition_met", {"in": "release", "release": "1.0"}, "state-unknown"),
        ("ignored", "until_condition_met", {"until": "events"}, "state-unknown"),
        ("ignored", "until_condition_met", {"until": "date", "date": "2026-01-01T00:00:00"}, "time-invalid"),
        ("resolved", "", {"until": "events", "count": 1}, "state-unknown"),
        ("resolved", "", {"in": "commit"}, "state-unknown"),
        ("unresolved", "new", {"in": "next_release"}, "state-unknown"),
    ],
)
def test_a_condition_of_another_state_cannot_be_restored(api, status, substatus, condition, code):
    """Whoever may write one issue would otherwise stop the job that looks at the conditions of all."""
    state = {"id": "SHOP-1", "status": status, "substatus": substatus, "assignee": "", "priority": "low"}
    response = api.call("owner", "POST", "/api/v1/issues/bulk", {"restore": [{**state, "condition": condition}]})
    assert (response.status_code, response.json["code"]) == (400, code)


def test_bulk_by_match_changes_what_the_search_finds_and_no_more(own):
    """All that match in the range, of writable projects only."""
    done = own.send(
        "POST", "issues/bulk", {"match": {"query": "level:warning", "range": "24h"}, "set": {"status": "ignored"}}
    )
    assert done["changed"] == ISSUES // 2
    assert len(own.get("issues?query=is:ignored&limit=100")["items"]) == ISSUES // 2
    mine = own.send("POST", "issues/bulk", {"match": {"query": ""}, "set": {"priority": "low"}}, "team-member")
    assert mine["changed"] == ISSUES
    assert own.get("issues/VAULT-1")["priority"] == "high"


def test_bulk_is_all_or_nothing(api):
    """One issue that is unknown, or not one's to change, and nothing changes."""
    for who, names, status in (
        ("owner", ["SHOP-1", "NONE-1"], 404),
        ("team-member", ["SHOP-1", "VAULT-1"], 404),
        ("viewer", ["SHOP-1"], 403),
        ("token:event:read", ["SHOP-1"], 403),
    ):
        body = {"ids": names, "set": {"status": "resolved"}}
        assert api.call(who, "POST", "/api/v1/issues/bulk", body).status_code == status
    assert api.get("issues/SHOP-1")["status"] == "unresolved"


@pytest.mark.parametrize(
    "body",
    [
        {"set": {"status": "resolved"}},
        {"ids": ["SHOP-1"]},
        {"ids": ["SHOP-1"], "match": {}, "set": {"status": "resolved"}},
        {"restore": [], "set": {"status": "resolved"}},
        {"ids": ["SHOP-1"], "set": {}},
        {"ids": ["X-1"] * 10_001, "set": {"status": "resolved"}},
    ],
)
def test_a_bulk_change_that_says_not_what_is_refused(api, body):
    """400, before anything is looked up."""
    assert api.call("owner", "POST", "/api/v1/issues/bulk", body).json["code"] == "body-invalid"


def test_events_are_paged_newest_first_without_loss(own):
    """Each event once; equal times are told apart by id."""
    own.add_errors(own.a.id, [event(12, 100 + n, 1) for n in range(5)])
    found = walk(own, "issues/SHOP-12/events?limit=4")
    assert len(found) == 17
    assert len({item["event_id"] for item in found}) == 17
    assert [item["timestamp"] for item in found] == sorted((item["timestamp"] for item in found), reverse=True)
    searched = own.get("issues/SHOP-12/events?query=environment:prod&limit=100")["items"]
    assert {item["environment"] for item in searched} == {"prod"}


def test_the_pager_walks_through_every_event_and_back(own):
    """From the latest over `previous` to the oldest, index by index, also through equal times; and back by `next`."""
    own.add_errors(own.a.id, [event(12, 100 + n, 1) for n in range(3)])
    at = own.get("issues/SHOP-12/events/latest")
    assert (at["index"], at["count"], at["next"]) == (1, 15, None)
    seen = [at["event_id"]]
    while at["previous"]:
        at = own.get(f"issues/SHOP-12/events/{at['previous']}")
        assert at["next"] == seen[-1]
        seen.append(at["event_id"])
        assert at["index"] == len(seen)
    assert len(set(seen)) == 15
    assert own.get("issues/SHOP-12/events/oldest")["event_id"] == seen[-1]


def test_an_event_is_found_by_its_id_in_any_spelling_and_only_in_its_issue(api):
    """Dashes and capitals do not matter; an event of another issue is unknown; nonsense is wrong input."""
    one = event(3, 1, 0)["event_id"]
    dashed = f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}".upper()
    assert api.get(f"issues/SHOP-3/events/{dashed}")["event_id"] == one
    assert api.call("owner", "GET", f"/api/v1/issues/SHOP-4/events/{one}").json["code"] == "event-unknown"
    assert api.call("owner", "GET", "/api/v1/issues/SHOP-4/events/xyz").json["code"] == "event-id-invalid"


def test_tags_are_distributions_of_one_issues_events(api):
    """Fields and tags with totals, numbers of values, and shares that sum to one when all values are shown."""
    tags = {entry["key"]: entry for entry in api.get("issues/SHOP-12/tags")["tags"]}
    region = tags["region"]
    assert (region["total"], region["distinct"]) == (12, 2)
    assert {value["value"]: value["count"] for value in region["top"]} == {"eu": 8, "us": 4}
    assert sum(value["share"] for value in tags["environment"]["top"]) == pytest.approx(1.0)


def test_a_page_asks_the_store_at_most_three_times(api, monkeypatch):
    """The page and its trends; the total when it is wanted."""
    asked = []
    answer = api.services.queries.answer
    monkeypatch.setattr(api.services.queries, "answer", lambda q, p: asked.append(q.text) or answer(q, p))
    api.get("issues?limit=5")
    assert len(asked) == 2
    asked.clear()
    assert api.get("issues?limit=5&total=true")["meta"]["total"] == ISSUES + 1
    assert len(asked) == 3
