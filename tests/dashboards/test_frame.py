"""The frame of the pages: routing, what is shown when something is wrong, and what the document carries."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from flask import Flask

from dashboards.app import PAGES, mount
from dashboards.components import AmberComponent, declared_components
from dashboards.discover.examples import EXAMPLES
from dashboards.discover.page import render
from dashboards.pages import Page, PageRequest, PageTable, PageView
from dashboards.shell import layout, not_found, problem
from engine.errors import AccessError, NotFound
from queries.parser import parse
from tests.dashboards.fake import FakePorts, fake_app
from tests.dashboards.trees import plain


@pytest.fixture(scope="module")
def app() -> Flask:
    """The pages on the fake API."""
    return fake_app()[0]


def test_an_address_means_the_page_that_declares_it() -> None:
    """With the variable parts of its path; one that nobody declares means none."""
    table = PageTable([Page("a", ("/", "/a"), "A", render), Page("b", ("/b/<one>/c/<two>",), "B", render)])
    found = table.find("/app/b/x%20y/c/z")
    assert found is not None
    assert (found.page.name, dict(found.parts)) == ("b", {"one": "x y", "two": "z"})
    assert table.find("/app/").page.name == "a"  # type: ignore[union-attr]
    assert table.find("/app/a/").page.name == "a"  # type: ignore[union-attr]
    assert table.find("/app/nowhere") is None
    assert table.find("//evil.example/app/a") is None


def test_no_two_pages_share_a_name_or_an_address() -> None:
    """The rail and the address bar find one page each."""
    names = [page.name for page in PAGES]
    paths = [path for page in PAGES for path in page.paths]
    assert len(names) == len(set(names))
    assert len(paths) == len(set(paths))


def test_the_frame_shows_who_is_signed_in_and_only_pages_that_exist(app: Flask) -> None:
    """The rail has no entry for a page that is not there."""
    kind, props = plain(layout(FakePorts(app), ["discover"]))
    assert kind == "Shell"
    assert [entry["name"] for entry in props["nav"]] == ["discover"]
    assert props["me"] == {
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "role": "owner",
        "organisation": "Example Shop",
    }
    assert props["projects"][0] == {"slug": "shop", "name": "Shop"}
    assert props["children"] == [("Div", {"children": None, "id": "page"})]


def test_an_unknown_address_and_a_problem_say_what_to_do() -> None:
    """Message, hint and the code to quote; what does not exist is called that in the title."""
    assert not_found().title == "Not found"
    assert problem(NotFound("There is no issue X-1.", code="issue-unknown")).title == "Not found"
    view = problem(AccessError("You may not see this.", code="forbidden", hint="Ask an admin."))
    assert view.title == "Problem"
    assert plain(view.body) == (
        "Div",
        {
            "className": "notice",
            "role": "alert",
            "children": [
                ("H1", {"children": "You may not see this."}),
                ("P", {"children": "Ask an admin."}),
                ("Code", {"children": "forbidden", "className": "notice-code"}),
            ],
        },
    )


def _show(app: Flask, pathname: str, search: str = "") -> dict[str, Any]:
    location = {"pathname": pathname, "search": search}
    body = {
        "output": "..page.children...shell.shown..",
        "outputs": [{"id": "page", "property": "children"}, {"id": "shell", "property": "shown"}],
        "inputs": [{"id": "shell", "property": "location", "value": location}],
        "changedPropIds": ["shell.location"],
        "state": [],
    }
    answer = app.test_client().post("/app/_dash-update-component", json=body)
    assert answer.status_code == 200
    response: dict[str, Any] = answer.get_json()["response"]
    return response


def test_the_server_answers_an_address_with_the_page_and_its_title(app: Flask) -> None:
    """`shown` tells the frame what it has, so that late answers can be told from the newest."""
    response = _show(app, "/app/discover", "?q=from%20spans")
    assert response["page"]["children"]["type"] == "Discover"
    assert response["shell"]["shown"] == {
        "pathname": "/app/discover",
        "search": "?q=from%20spans",
        "name": "discover",
        "title": "Discover",
        "reads_search": False,
    }
    assert _show(app, "/app/nowhere")["shell"]["shown"]["title"] == "Not found"


def test_a_page_that_fails_on_purpose_is_a_page_with_the_reason() -> None:
    """An error of the API becomes the page; the frame stays."""

    def refuse(_request: PageRequest) -> PageView:
        raise AccessError("You may not see this.", code="forbidden")

    app = Flask("failing", static_folder=None)
    with app.app_context():
        mount(app, FakePorts(app), [Page("x", ("/x",), "X", refuse)])
    shown = _show(app, "/app/x")
    assert shown["shell"]["shown"]["title"] == "Problem"
    assert "You may not see this." in str(shown["page"])


def test_mounting_asks_nobody_before_a_request_comes() -> None:
    """Dash validates its layout in the first request of anybody; that must not need someone signed in."""

    class Nobody(FakePorts):
        def read(self, path: str, **query: Any) -> dict[str, Any]:
            raise AccessError("Nobody is signed in.")

    app = Flask("closed", static_folder=None)
    mount(app, Nobody(app))
    app.add_url_rule("/open", view_func=lambda: "open")
    assert app.test_client().get("/open").status_code == 200


def test_the_document_has_no_inline_script_but_those_the_policy_names() -> None:
    """Scripts come from files; Dash's one start line is covered by its hash."""
    app, mounted = fake_app()
    document = app.test_client().get("/app/").get_data(as_text=True)
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>(.*?)</script>", document, re.DOTALL)
    executable = [text for attributes, text in inline if "application/json" not in attributes]
    assert len(executable) == 1
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in executable}
    assert hashes <= set(mounted.csp_hashes())
    assert not re.findall(r"\son[a-z]+=", document)
    assert "http://" not in document.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in document


def test_the_theme_one_chose_is_in_the_document_and_nothing_else_from_the_cookie_is(app: Flask) -> None:
    """So that a dark page does not flash white; a forged cookie writes nothing."""
    client = app.test_client()
    client.set_cookie("amber_theme", "dark")
    assert '<html lang="en" data-theme="dark">' in client.get("/app/").get_data(as_text=True)
    client.set_cookie("amber_theme", '"><script>')
    assert '<html lang="en">' in client.get("/app/").get_data(as_text=True)


def test_components_are_declared_with_their_properties() -> None:
    """A property nobody declared is refused, so that a typing error does not vanish on the way to the browser."""
    assert {"Shell", "Discover"} <= {component.__name__ for component in declared_components()}
    shell = next(component for component in declared_components() if component.__name__ == "Shell")
    with pytest.raises(TypeError, match="unexpected keyword"):
        shell(colour="red")
    assert issubclass(shell, AmberComponent)


def test_discover_teaches_with_questions_that_parse() -> None:
    """An example that is an error would teach the wrong thing."""
    for example in EXAMPLES:
        parse(example.text)
    kind, props = plain(render(PageRequest(FakePorts(Flask("x")))).body)
    assert (kind, props["id"]) == ("Discover", "discover")
    assert [example["text"] for example in props["examples"]] == [example.text for example in EXAMPLES]
    assert "errors" in [dataset["name"] for dataset in props["datasets"]]
