"""`/api/v1/dashboards` and `/api/v1/views`: what is kept, who sees it, what is refused, and the JSON in between."""

from __future__ import annotations

import itertools
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server

from server.boards.checks import faults_of, file_faults
from server.boards.document import Board, BoardFile, exported, imported, read, written
from server.boards.starting import NAMES, starters
from tests.server.api import build_api
from tests.server.processes import run_here

COUNT = "from errors | summarize n=count()"
PANEL = {"id": "a", "title": "Errors", "picture": "number", "text": COUNT, "x": 0, "y": 0, "w": 3, "h": 3}
SOON = [{"name": "slow", "type": "duration", "value": "soon"}]
_NUMBERS = itertools.count()

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
NAMED = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
PANELS = st.builds(
    lambda place, words, picture, box, own: {
        "id": f"p{place}", "title": words, "picture": picture, "text": "from errors", "x": box[0], "y": box[1],
        "w": min(box[2], 12 - box[0]), "h": box[3], "range": own,
    },
    st.integers(0, 10**6), WORDS, st.sampled_from(["series", "bar", "table", "number", "top", "heatmap"]),
    st.tuples(st.integers(0, 11), st.integers(0, 999), st.integers(1, 12), st.integers(1, 40)),
    st.none() | st.sampled_from(["15m", "24h", "7d"]),
)  # fmt: skip
VARIABLES = st.builds(
    lambda name, words, values, default: {"name": name, "label": words, "values": values, "default": default},
    NAMED, WORDS,
    st.none() | st.builds(lambda v: {"kind": "list", "values": v}, st.lists(WORDS, max_size=3))
    | st.just({"kind": "field", "dataset": "errors", "field": "environment"}),
    st.none() | WORDS,
)  # fmt: skip
BOARDS = st.builds(
    lambda panels, variables, refresh: Board.model_validate(
        {"panels": panels, "variables": variables, "refresh_s": refresh}
    ),
    st.lists(PANELS, max_size=4, unique_by=lambda one: one["id"]),
    st.lists(VARIABLES, max_size=3, unique_by=lambda one: one["name"]),
    st.integers(0, 86_400),
)


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application; nothing is asked of its store."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("boards"), 791_000)
    yield built
    built.close()


@pytest.fixture
def name() -> str:
    """A name nobody has used."""
    return f"board {next(_NUMBERS)}"


def make(api, name: str, who: str = "owner", **more):
    """Save a dashboard of one panel."""
    return api.send("POST", "dashboards", {"name": name, "content": {"panels": [PANEL]}, **more}, who, 201)


@given(BOARDS)
def test_a_dashboard_survives_being_kept_and_being_exported(board):
    """Word by word, and equal dashboards are equal texts."""
    assert read(written(board)) == board
    assert written(read(written(board))) == written(board)
    file = BoardFile.model_validate_json(json.dumps(exported("x", "", board)), strict=True)
    assert imported(file) == board
    assert faults_of(board) == []


@pytest.mark.parametrize("key", NAMES)
def test_a_starter_is_a_file_like_any_other(api, key):
    """It can be imported as it is, and nothing is wrong with it."""
    file = starters()[key]
    assert (file_faults(file), faults_of(imported(file))) == ([], [])
    made = api.send("POST", "dashboards/import", {"file": file.model_dump(mode="json")}, "member", 201)
    assert len(made["content"]["panels"]) == len(file.panels)
    assert api.get(f"dashboards/{made['id']}/export", "member") == file.model_dump(mode="json")
    assert [one["key"] for one in api.get("dashboards/starters")["items"]] == list(NAMES)


@pytest.mark.parametrize("key", NAMES)
def test_every_question_of_a_starter_has_an_answer(api, key):
    """Asked as the page asks, with the variables' defaults, over a store that holds next to nothing."""
    file = starters()[key]
    given = {one.name: {"type": one.type, "value": one.default} for one in file.variables}
    for panel in file.panels:
        used = {name: value for name, value in given.items() if f"${name}" in panel.text}
        path = "query/series" if panel.picture == "series" else "query"
        answer = api.send("POST", path, {"query": panel.text, "range": "1h", "params": used}, "member")
        assert answer["columns"], (key, panel.id)


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"text": "from errors | sumarize n=count()"}, "content.panels.0.text", "cannot be read (Errors)"),
        ({"text": "from errors | where level = $level"}, "content.panels.0.text", "uses $level"),
        ({"x": 10}, "content.panels.0.w", "12 columns"),
        ({"picture": "pie"}, "content.panels.0.picture", "heatmap"),
        ({"parameters": SOON}, "content.panels.0.parameters.0.value", "takes a duration"),
        ({"colour": "red"}, "content.panels.0.colour", "not known"),
    ],
)  # fmt: skip
def test_what_a_panel_cannot_be_is_refused_by_its_place(api, name, change, field, said):
    """So that a file written by hand can be mended."""
    body = {"name": name, "content": {"panels": [{**PANEL, **change}]}}
    refused = api.send("POST", "dashboards", body, status=400)
    assert [(one["field"], said in one["detail"]) for one in refused["errors"]] == [(field, True)]


def test_everything_wrong_with_a_file_is_said_at_once(api):
    """Its version first: what a newer Amber means by the rest nobody knows."""
    head = {"format": "amber-dashboard", "version": 1, "name": "x"}
    twice = [{"name": "v"}, {"name": "v", "type": "number", "default": "many"}]
    lost = {"name": "w", "values": {"kind": "field", "dataset": "nowhere", "field": "x"}}
    file = {**head, "panels": [PANEL, PANEL], "variables": [*twice, lost]}
    refused = api.send("POST", "dashboards/import", {"file": file}, status=400)
    assert {one["field"] for one in refused["errors"]} == {
        "file.variables.1.name", "file.variables.1.default", "file.variables.2.values.dataset", "file.panels.1.id",
    }  # fmt: skip
    newer = api.send("POST", "dashboards/import", {"file": {**head, "version": 2}}, status=400)
    assert "update Amber" in newer["detail"]


def test_somebody_elses_version_is_not_written_over(api, name):
    """Who saves an older one is told to look again; old versions can be restored."""
    made = make(api, name)
    path = f"dashboards/{made['id']}"
    renamed = api.send("PATCH", path, {"name": f"{name}!"}, **{"If-Match": '"1"'})
    assert (renamed["version"], renamed["content"]) == (2, made["content"])
    refused = api.send("PATCH", path, {"content": {}}, status=412, **{"If-Match": '"1"'})
    assert (refused["code"], "Read it again" in refused["hint"]) == ("changed-meanwhile", True)
    api.send("PATCH", path, {"content": {}}, **{"If-Match": '"2"'})
    assert [one["panels"] for one in api.get(f"{path}/versions")["items"]] == [0, 1, 1]
    back = api.send("POST", f"{path}/versions/1/restore", {})
    assert (back["version"], back["name"], len(back["content"]["panels"])) == (4, name, 1)


def test_a_dashboard_is_seen_by_whom_it_is_shared_with(api, name):
    """Like a saved query; and it is none: neither list holds the other, numbers of the other kind are unknown."""
    made = make(api, name, "member")
    path = f"/api/v1/dashboards/{made['id']}"
    assert api.call("owner", "GET", path).status_code == 404
    api.send("PATCH", f"dashboards/{made['id']}", {"sharing": "organisation"}, "member")
    seen = api.get(f"dashboards/{made['id']}", "viewer")
    assert (seen["may_change"], seen["own"], seen["owner"]) == (False, False, "member@example.org")
    assert api.call("viewer", "PATCH", path, {"name": "x"}).status_code == 403
    assert api.call("member", "GET", f"/api/v1/saved-queries/{made['id']}").status_code == 404
    assert name not in [one["name"] for one in api.get("saved-queries?limit=500", "member")["items"]]
    query = api.send("POST", "saved-queries", {"name": name, "text": "from errors"}, "member", 201)
    assert api.call("member", "GET", f"/api/v1/dashboards/{query['id']}").status_code == 404
    assert api.call("viewer", "PUT", f"{path}/star").status_code == 204
    assert [one["id"] for one in api.get("dashboards?starred=true", "viewer")["items"]] == [made["id"]]


def test_a_deleted_dashboard_comes_back_as_it_was(api, name):
    """Its name is free meanwhile; when somebody took it, that is said. Others cannot bring it back."""
    made = make(api, name, "member")
    path = f"/api/v1/dashboards/{made['id']}"
    assert api.call("member", "PUT", f"{path}/star").status_code == 204
    assert api.call("member", "DELETE", path).status_code == 204
    assert api.call("member", "GET", path).status_code == 404
    other = make(api, name, "member")
    assert api.send("POST", f"dashboards/{made['id']}/bring-back", {}, "member", 400)["code"] == "name-taken"
    assert api.call("member", "DELETE", f"/api/v1/dashboards/{other['id']}").status_code == 204
    assert api.call("viewer", "POST", f"{path}/bring-back", {}).status_code == 404
    back = api.send("POST", f"dashboards/{made['id']}/bring-back", {}, "member")
    assert (back["id"], back["content"], back["version"]) == (made["id"], made["content"], 1)
    assert api.get(f"dashboards/{made['id']}", "member")["starred"]
    assert api.call("member", "POST", f"{path}/bring-back", {}).status_code == 404
    said = [(one["action"], one["target"]) for one in api.get("audit?limit=20&action=dashboard.bring_back")["items"]]
    assert [action for action, target in said if name in target] == ["dashboard.bring_back"]


def test_pages_of_dashboards_follow_each_other(api):
    """By name; a cursor of another list is refused."""
    names = [f"page {letter}" for letter in "abc"]
    for one in names:
        make(api, one, "team-member")
    first = api.get("dashboards?limit=2&search=page%20", "team-member")
    rest = api.get(f"dashboards?limit=2&search=page%20&cursor={first['next']}", "team-member")
    assert [one["name"] for one in first["items"] + rest["items"]] == names
    assert rest["next"] is None
    assert api.call("owner", "GET", f"/api/v1/saved-queries?cursor={first['next']}").status_code == 400


def view(api, name: str, who: str = "owner", page: str = "issues", **more):
    """Save a view."""
    return api.send("POST", "views", {"name": name, "page": page, "search": "q=level%3Aerror", **more}, who, 201)


def opens(api, who: str, project: str = "") -> int | None:
    """The view the page of issues begins with."""
    found: int | None = api.get(f"views?page=issues{f'&project={project}' if project else ''}", who)["opens"]
    return found


def test_a_view_is_the_state_of_one_page(api, name):
    """In one form, under a name that another page may have too."""
    made = view(api, name, search="?sort=users&q=a b&q2=")
    assert (made["search"], made["page"]) == ("sort=users&q=a%20b&q2=", "issues")
    view(api, name, page="discover")
    again = {"name": name.upper(), "page": "issues", "search": ""}
    assert api.send("POST", "views", again, status=400)["code"] == "name-taken"
    assert made["id"] in [one["id"] for one in api.get("views?page=issues")["items"]]
    assert made["id"] not in [one["id"] for one in api.get("views?page=discover")["items"]]
    bad = {"name": f"{name}?", "page": "issues", "search": "q=1#javascript:alert(1)"}
    assert api.send("POST", "views", bad, status=400)["code"] == "view-invalid"
    assert api.call("owner", "GET", f"/api/v1/dashboards/{made['id']}").status_code == 404


def test_a_page_begins_with_ones_own_default_before_everybodys(api, name):
    """And with that of the project before that of all; a private view is nobody else's default."""
    mine, shared = view(api, name, "member"), view(api, f"{name} all", "member", sharing="organisation")
    path = f"/api/v1/views/{shared['id']}/default"
    body = {"project": "shop", "everybody": True}
    assert api.call("member", "PUT", path, body).status_code == 403
    assert api.call("admin", "PUT", path, body).status_code == 204
    assert (opens(api, "viewer", "shop"), opens(api, "viewer")) == (shared["id"], None)
    own = f"/api/v1/views/{mine['id']}/default"
    assert api.call("member", "PUT", own, {}).status_code == 204
    assert (opens(api, "member", "shop"), opens(api, "member"), opens(api, "viewer")) == (mine["id"], mine["id"], None)
    assert api.call("admin", "PUT", own, {"everybody": True}).status_code == 404
    assert api.call("member", "PUT", own, {"everybody": True}).status_code == 400
    assert api.call("member", "DELETE", own).status_code == 204
    assert opens(api, "member", "shop") == shared["id"]
    assert api.call("member", "DELETE", f"/api/v1/views/{shared['id']}").status_code == 204
    assert opens(api, "viewer", "shop") is None
    api.send("POST", f"views/{shared['id']}/bring-back", {}, "member")
    assert opens(api, "viewer", "shop") == shared["id"]


def test_a_default_of_a_project_one_does_not_see_is_refused(api, name):
    """And a token of a machine has no defaults of its own."""
    made = view(api, name, "owner", sharing="organisation")
    path = f"/api/v1/views/{made['id']}/default"
    assert api.call("project-viewer", "PUT", path, {"project": "vault"}).status_code == 404
    assert api.call("local", "GET", "/api/v1/views?page=issues").status_code in {200, 401}


def test_a_saved_query_that_was_deleted_comes_back(api, name):
    """By the same mechanism."""
    made = api.send("POST", "saved-queries", {"name": name, "text": "from errors"}, "member", 201)
    assert api.call("member", "DELETE", f"/api/v1/saved-queries/{made['id']}").status_code == 204
    assert api.send("POST", f"saved-queries/{made['id']}/bring-back", {}, "member")["text"] == "from errors"


@pytest.fixture
def amber(api):
    """The command line on the application, served; it returns status and what was said."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    where = ("--url", f"http://127.0.0.1:{server.server_port}", "--token", api.tokens["all"])

    def run(*arguments, given=""):
        code, said, complained = run_here([*arguments, *where], given)
        return code, said + complained

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


def told(said: str):
    """What a verb printed as JSON: the last line, for the application logs its requests in the same process."""
    return json.loads(said.strip().splitlines()[-1])


def test_dashboards_are_listed_exported_and_imported_at_the_terminal(amber, tmp_path):
    """A file written by one installation is read by another; what is wrong with it is said by its place."""
    code, said = amber("dashboards", "import", "--starter", "latency", "--name", "At the terminal", "--json")
    number = told(said)["id"]
    assert (code, told(said)["panels"]) == (0, 8)
    path = tmp_path / "file.json"
    assert amber("dashboards", "export", "at the TERMINAL", "-o", str(path))[0] == 0
    file = json.loads(path.read_text())
    assert (file["format"], file["version"], file["name"]) == ("amber-dashboard", 1, "At the terminal")
    again = json.dumps({**file, "name": "Again"})
    assert "Again is saved with 8 panels" in amber("dashboards", "import", "-", given=again)[1]
    found = told(amber("dashboards", "list", "terminal", "--json")[1])
    assert [(one["id"], one["panels"], one["sharing"]) for one in found] == [(number, 8, "private")]
    file["panels"][0]["text"] = "from errors level:$nobody"
    code, said = amber("dashboards", "import", "-", given=json.dumps(file))
    assert (code, "file.panels.0.text" in said) == (2, True)
    assert "no JSON file" in amber("dashboards", "import", "-", given="{")[1]
    assert "no dashboard called" in amber("dashboards", "export", "nothing")[1]
    assert amber("dashboards", "delete", "At the terminal")[0] == 0
    assert "is back" in amber("dashboards", "bring-back", str(number))[1]


def test_views_are_saved_and_listed_at_the_terminal(amber):
    """By the query string of their page."""
    code, said = amber("views", "save", "issues", "From here", "q=is%3Aunresolved&sort=users", "--share", "--json")
    number = told(said)["id"]
    assert (code, told(said)["sharing"]) == (0, "organisation")
    assert number in [one["id"] for one in told(amber("views", "list", "issues", "--json")[1])]
    assert "is no page with views" in amber("views", "list", "people")[1]
    assert amber("views", "delete", str(number))[0] == 0
    assert "From here is back." in amber("views", "bring-back", str(number))[1]
