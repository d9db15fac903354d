"""`/api/v1/saved-queries`: versions, parameters, filters used in searches, and what may not be saved."""

from __future__ import annotations

import itertools

import pytest

from amber import AmberError, error_from_problem
from engine.metadata import SavedQueryText
from server.api_client import ApiClient
from server.cli.saved_places import ServerSaved
from tests.server.api import build_api

WORST = {
    "name": "Worst issues",
    "description": "By level",
    "text": "from errors | where level = $level | summarize n=count() by title | sort n desc | limit $most",
    "parameters": [
        {"name": "level", "type": "string"},
        {"name": "most", "type": "number", "default": 5, "description": "rows"},
    ],
}
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application with three events in project A and one in B."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("saved"), 783_000)
    rows = [("boom", "error"), ("boom", "error"), ("bang", "fatal")]
    built.add_errors(
        built.a.id,
        [
            {"event_id": f"{n:032x}", "fingerprint": len(title + level), "title": title, "level": level}
            for n, (title, level) in enumerate(rows)
        ],
    )
    built.add_errors(built.b.id, [{"event_id": "f" * 32, "fingerprint": 9, "title": "elsewhere", "level": "error"}])
    yield built
    built.close()


@pytest.fixture
def name() -> str:
    """A name nobody has used."""
    return f"query {next(_NUMBERS)}"


def save(api, name: str, text: str, who: str = "owner", **more):
    """Save a text of a name."""
    return api.send("POST", "saved-queries", {"name": name, "text": text, **more}, who, 201)


def run(api, saved: dict, params: dict, who: str = "owner", status: int = 200, **more):
    """Run a saved query."""
    return api.send("POST", f"saved-queries/{saved['id']}/run", {"params": params, **more}, who, status)


def test_a_saved_query_runs_with_values_for_its_parameters(api):
    """Bound: the canonical text keeps the name, the value cannot become part of the text."""
    text = WORST["text"].replace(" | limit $most", " | where n <= $most")
    saved = api.send("POST", "saved-queries", {**WORST, "text": text}, status=201)
    assert run(api, saved, {"level": "error"})["rows"] == [["boom", 2], ["elsewhere", 1]]
    assert run(api, saved, {"level": "error", "most": 1})["rows"] == [["elsewhere", 1]]
    assert run(api, saved, {"level": "error", "most": "1"}, project="shop")["rows"] == []
    assert run(api, saved, {"level": "error' or 1=1 | limit 1"})["rows"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "parameter-missing"),
        ({"level": 5}, "parameter-type"),
        ({"level": "error", "most": "many"}, "parameter-type"),
        ({"level": "error", "most": True}, "parameter-type"),
        ({"level": "error", "size": 5}, "parameter-unknown"),
    ],
)
def test_a_value_that_is_missing_unknown_or_of_another_type_is_refused_by_name(api, name, params, code):
    """Before anything runs."""
    text = "from errors | where level = $level and 1 <= $most"
    saved = save(api, name, text, parameters=WORST["parameters"])
    problem = run(api, saved, params, status=400)
    assert problem["code"] == code
    assert "$" in problem["detail"]


def test_durations_sizes_times_and_booleans_carry_their_units(api, name):
    """`5m` bound to a duration is five minutes, not a text and not five million."""
    text = (
        "from errors | where now() - timestamp < $ago and timestamp > $since and $yes = true "
        "and 1kb <= $size | summarize n=count()"
    )
    kinds = {"ago": "duration", "since": "time", "yes": "boolean", "size": "size"}
    declared = [{"name": one, "type": kind} for one, kind in kinds.items()]
    saved = save(api, name, text, parameters=declared)
    good = {"ago": "1h", "since": "2020-01-01T00:00:00Z", "yes": True, "size": "1mb"}
    assert run(api, saved, good)["rows"] == [[4]]
    for none in ({"ago": "1m"}, {"since": "2199-01-01"}, {"yes": False}, {"size": "5b"}):
        assert run(api, saved, {**good, **none})["rows"] == [[0]]
    for wrong in ({"ago": "5"}, {"size": "5m"}, {"ago": 5}, {"since": "yesterday"}, {"yes": "perhaps"}):
        assert run(api, saved, {**good, **wrong}, status=400)["code"] == "parameter-type"


def test_every_change_is_a_version_that_can_be_read_run_and_restored(api, name):
    """ETags are versions; a restore makes a new one."""
    saved = save(api, name, "from errors | limit 1")
    path = f"saved-queries/{saved['id']}"
    changed = api.send("PATCH", path, {"text": "from errors | limit 2"}, **{"If-Match": '"1"'})
    assert (changed["version"], changed["author"], changed["name"]) == (2, "user:owner@example.org", name)
    assert api.send("PATCH", path, {"text": "x"}, status=412, **{"If-Match": '"1"'})["code"] == "changed-meanwhile"
    assert api.call("owner", "GET", f"/api/v1/{path}").headers["ETag"] == '"2"'
    assert [one["text"] for one in api.get(f"{path}/versions")["items"]] == [
        "from errors | limit 2",
        "from errors | limit 1",
    ]
    assert len(run(api, saved, {}, version=1)["rows"]) == 1
    assert len(run(api, saved, {})["rows"]) == 2
    back = api.send("POST", f"{path}/versions/1/restore", {})
    assert (back["version"], back["text"]) == (3, "from errors | limit 1")
    assert api.send("POST", f"{path}/versions/9/restore", {}, status=404)["code"] == "saved-query-version-unknown"
    assert api.call("owner", "DELETE", f"/api/v1/{path}").status_code == 204
    assert api.call("owner", "GET", f"/api/v1/{path}").status_code == 404


def test_a_run_reads_only_what_the_one_who_asks_may_read(api, name):
    """The saver's rights are not lent: a team's viewer sees the team's project."""
    saved = save(api, name, "from errors | summarize n=count()", sharing="organisation")
    assert run(api, saved, {})["rows"] == [[4]]
    assert run(api, saved, {}, "team-viewer")["rows"] == [[3]]
    assert run(api, saved, {}, "nobody", 403)["code"] == "forbidden"
    assert run(api, saved, {}, "token:query:read", 403)["code"] == "forbidden"
    assert run(api, saved, {}, "token:event:read", 403)["code"] == "forbidden"
    private = save(api, name, "from errors")
    assert run(api, private, {}, "admin", 404)["code"] == "saved-query-unknown"


def test_a_saved_filter_stands_in_searches_by_its_name(api, name):
    """For those who may read it, wherever a text is asked; to others the name is unknown."""
    save(api, name, "level:fatal", "member", kind="filter", sharing="organisation")
    save(api, f"{name} own", "title:boom", "viewer", kind="filter")
    ask = {"query": f'from errors saved:"{name}" | summarize n=count()'}
    assert api.send("POST", "query", ask, "viewer")["rows"] == [[1]]
    own = {"query": f'from errors saved:"{name} own" | summarize n=count()'}
    assert api.send("POST", "query", own, "viewer")["rows"] == [[2]]
    assert "saved filter" in api.send("POST", "query", own, "owner", 400)["detail"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": "from errors | sumarize n=count()"}, "query-syntax"),
        ({"text": "from errors | where level = $level"}, "query-unknown-name"),
        ({"text": "from errors", "parameters": [{"name": "x", "type": "number"}]}, "query-unknown-name"),
        (
            {"text": "from errors | limit 1", "parameters": [{"name": "x", "type": "number", "default": "a"}]},
            "parameter-type",
        ),
        ({"text": "level:error | limit 5", "kind": "filter"}, "filter-not-search"),
        ({"text": "from errors level:error", "kind": "filter"}, "filter-not-search"),
        ({"text": " ", "kind": "filter"}, "filter-not-search"),
        ({"text": "saved:other", "kind": "filter"}, "filter-not-search"),
        ({"text": "level:error", "kind": "filter", "language": "sql"}, "saved-query-language"),
        ({"text": "SELECT * FROM system.tables", "language": "sql"}, "query-not-allowed"),
        ({"text": "DROP TABLE errors", "language": "sql"}, "query-syntax"),
        ({"text": "from errors\u0000"}, "query-invalid"),
        ({"text": "from errors", "colour": "red"}, "body-invalid"),
    ],
)
def test_what_could_never_run_is_not_saved(api, name, body, code):
    """With the place in the text when there is one."""
    problem = api.send("POST", "saved-queries", {"name": name, **body}, status=400)
    assert problem["code"] == code, problem
    if code == "query-syntax" and "sumarize" in body["text"]:
        start, end = problem["span"]["start"], problem["span"]["end"]
        assert body["text"][start:end] == "sumarize"


def test_sql_is_saved_and_run_in_the_scope_of_who_asks(api, name):
    """The same passes as for any SQL."""
    saved = save(api, name, "SELECT count() AS n FROM errors", language="sql", sharing="organisation")
    assert run(api, saved, {})["rows"] == [[4]]
    assert run(api, saved, {}, "team-viewer")["rows"] == [[3]]


def test_lists_are_paged_searched_and_starred(api):
    """By name in folded case; each page begins behind the last."""
    made = [save(api, f"paged {letter}", "from errors", "project-owner") for letter in "bCa"]
    seen, cursor = [], ""
    while True:
        page = api.get(f"saved-queries?search=PAGED&limit=2{cursor}", "project-owner")
        seen += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ["paged a", "paged b", "paged C"]
    path = f"/api/v1/saved-queries/{made[1]['id']}/star"
    assert api.call("project-owner", "PUT", path).status_code == 204
    starred = api.get("saved-queries?starred=true", "project-owner")["items"]
    assert [(one["name"], one["starred"], one["own"], one["may_change"]) for one in starred] == [
        ("paged C", True, True, True)
    ]
    assert api.call("project-owner", "DELETE", path).status_code == 204
    assert api.get("saved-queries?starred=true", "project-owner")["items"] == []
    assert api.get("saved-queries?search=paged", "project-viewer")["items"] == []
    assert api.call("owner", "GET", "/api/v1/saved-queries?cursor=abc").json["code"] == "cursor-invalid"


def test_queries_of_sentry_are_written_as_texts_and_nothing_is_saved(api):
    """A project of the one who asks is known by its slug; another is said."""
    source = (
        "https://acme.sentry.io/organizations/acme/discover/results/?field=title&field=count%28%29"
        "&project=shop&sort=-count&statsPeriod=7d&dataset=errors&name=Worst"
    )
    before = len(api.get("saved-queries?limit=500")["items"])
    (made,) = api.send("POST", "saved-queries/import", {"source": source})["items"]
    assert made == {
        "name": "Worst",
        "text": "from errors last 7d project:shop | summarize count=count() by title | sort count desc",
        "chart": "",
        "warnings": [],
    }
    (other,) = api.send("POST", "saved-queries/import", {"source": source}, "token:b")["items"]
    assert "project:shop" not in other["text"]
    assert "shop" in other["warnings"][0]
    assert len(api.get("saved-queries?limit=500")["items"]) == before
    problem = api.send("POST", "saved-queries/import", {"source": "https://example.org"}, status=400)
    assert problem["code"] == "sentry-url-unknown"


class _Calls(ApiClient):
    """Calls of the command line that end in the application itself."""

    def __init__(self, api, who: str) -> None:
        self._asked = api
        self._who = who

    def call(self, method, path, body=None, *, text=""):
        """Answer as the server would over the wire."""
        answer = self._asked.call(self._who, method, path, body)
        document = answer.json if answer.data else {}
        if answer.status_code >= 400:
            raise error_from_problem(document, status=answer.status_code, text=text)
        return document


def test_the_command_line_keeps_queries_on_a_server_as_in_a_directory(api, name):
    """`amber saved --url`: saved again is a new version, an old one comes back, a name is found in any case."""
    place = ServerSaved(_Calls(api, "owner"))
    first = place.saved(SavedQueryText(name, "from errors | limit 1"), "private")
    second = place.saved(SavedQueryText(name.upper(), "from errors | limit 2", "two"), "private")
    assert (first["version"], second["version"], first["id"]) == (1, 2, second["id"])
    assert place.found(name)["text"] == "from errors | limit 2"
    assert place.found(str(first["id"]), 1)["text"] == "from errors | limit 1"
    assert [one["version"] for one in place.versions(name)] == [2, 1]
    assert place.restored(name, 1)["text"] == "from errors | limit 1"
    assert [one["id"] for one in place.listed(name.upper())] == [first["id"]]
    assert place.deleted(name) == name
    with pytest.raises(AmberError, match="no saved query called"):
        place.found(name)


def test_a_token_sees_its_own_and_shared_queries_only(api, name):
    """What another keeps for themselves is not listed, and a text that cannot be read is refused with its place."""
    owner, viewer = ServerSaved(_Calls(api, "owner")), ServerSaved(_Calls(api, "project-viewer"))
    owner.saved(SavedQueryText(name, "level:error"), "private")
    assert viewer.listed(name) == []
    owner.saved(SavedQueryText(f"{name} shared", "level:error"), "organisation")
    assert [one["name"] for one in viewer.listed(name)] == [f"{name} shared"]
    with pytest.raises(AmberError, match="sumarize"):
        owner.saved(SavedQueryText(f"{name} odd", "from errors | sumarize n"), "private")


def test_sql_is_saved_with_declared_parameters_and_run_with_values(api, name):
    """As Discover texts are; a name that is not declared is refused."""
    text = "SELECT title, count() AS n FROM errors WHERE level = $level GROUP BY title ORDER BY title"
    refused = api.send("POST", "saved-queries", {"name": name, "text": text, "language": "sql"}, status=400)
    assert "$level" in refused["detail"]
    kept = save(api, name, text, language="sql", parameters=[{"name": "level", "type": "string", "default": "fatal"}])
    for params, titles in (({}, {"bang"}), ({"level": "error"}, {"boom", "elsewhere"})):
        found = api.send("POST", f"saved-queries/{kept['id']}/run", {"params": params})
        assert {row[0] for row in found["rows"]} == titles


def test_a_team_shares_queries_of_its_own(api, name):
    """Its people list, run and star them under the team's short name; others are told that there is no such query."""
    member, viewer, admin = "team-member", "team-viewer", "team-admin"
    saved = save(api, name, "from errors | summarize n=count()", member, sharing="team:web")
    assert (saved["sharing"], saved["own"], saved["may_change"]) == ("team:web", True, True)
    seen = api.get(f"saved-queries/{saved['id']}", viewer)
    assert (seen["sharing"], seen["own"], seen["may_change"]) == ("team:web", False, False)
    assert api.get(f"saved-queries/{saved['id']}", admin)["may_change"]
    assert run(api, saved, {}, viewer)["rows"] == [[3]]
    assert api.call(viewer, "PUT", f"/api/v1/saved-queries/{saved['id']}/star").status_code == 204
    kept = ServerSaved(_Calls(api, member)).saved(SavedQueryText(name, "from errors | limit 1"), "team:web")
    assert (kept["id"], kept["version"], kept["sharing"]) == (saved["id"], 2, "team:web")
    for other in ("owner", "project-member", "nobody"):
        assert api.call(other, "GET", f"/api/v1/saved-queries/{saved['id']}").status_code in {403, 404}
    assert save_refused(api, name, "owner", "team:web") == (403, "forbidden")
    assert save_refused(api, name, member, "team:nowhere") == (404, "team-unknown")
    assert save_refused(api, name, member, "team:")[0] == 400


def save_refused(api, name: str, who: str, sharing: str) -> tuple[int, str]:
    """What somebody is told who may not share so."""
    body = {"name": f"{name} refused", "text": "level:error", "sharing": sharing}
    answer = api.call(who, "POST", "/api/v1/saved-queries", body)
    return answer.status_code, answer.get_json()["code"]
