"""The fake's dashboards and saved views: in memory, with versions, as the real API keeps them.

A name that holds `taken` is taken; the search `broken` fails; the dashboard 9 was changed by somebody else meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, request

from server.boards.starting import starters
from tests.dashboards.fake import problem
from tests.dashboards.hostile import STRINGS

CHANGED_AT: Final = "2026-02-20T10:00:00Z"
_TOP: Final = "from errors | summarize n=count() by error.type | sort n desc"
LEVELS: Final = {
    "name": "level",
    "label": "Level",
    "type": "string",
    "values": {"kind": "list", "values": ["error", "fatal", '<b>"x"</b>']},
    "default": "error",
}
TYPES: Final = {
    "name": "environments",
    "label": "Environment",
    "type": "strings",
    "values": {"kind": "field", "dataset": "errors", "field": "environment"},
    "default": None,
}


def panel(name: str, picture: str, text: str, box: tuple[int, int, int, int], **more: Any) -> dict[str, Any]:
    """Return a panel at a column and row, so wide and so high."""
    place = dict(zip("xywh", box, strict=True))
    plain: dict[str, Any] = {"title": name.title(), "description": "", "parameters": [], "range": None}
    return {"id": name, "picture": picture, "text": text, **plain, **place, **more}


def content(*panels: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what a dashboard shows."""
    return {"range": None, "refresh_s": 0, "variables": [], "panels": list(panels), **more}


EVERY: Final = content(
    panel("number", "number", "from errors | where level = $level | summarize n=count()", (0, 0, 3, 3)),
    panel("top", "top", _TOP, (3, 0, 4, 6)),
    panel("series", "series", "from errors | make-series n=count() by error.type", (7, 0, 5, 6), range="7d"),
    panel("bar", "bar", _TOP, (0, 3, 3, 6)),
    panel("heat", "heatmap", "from transactions | heatmap transaction.duration", (3, 6, 4, 6)),
    panel("table", "table", "from errors", (7, 6, 5, 6)),
    panel("wrong", "table", "from errors | sumarize n=count()", (0, 9, 3, 5)),
    variables=[LEVELS, TYPES],
)
HOSTILE: Final = content(
    *(
        panel(f"p{place}", "top", _TOP, (0, 4 * place, 6, 4), title=text.encode("utf-8", "replace").decode()[:200])
        for place, text in enumerate(STRINGS)
    )
)


def _kept(number: int, version: int, members: dict[str, Any]) -> dict[str, Any]:
    plain = {
        "description": "",
        "sharing": "private",
        "owner": "ada@example.org",
        "own": True,
        "may_change": True,
        "starred": False,
        "author": "user:ada@example.org",
        "created_at": CHANGED_AT,
        "changed_at": CHANGED_AT,
    }
    return plain | members | {"id": number, "version": version, "newest": version}


class _Store:
    """What is kept: the versions by number, oldest first; and what was deleted."""

    def __init__(self, first: dict[int, dict[str, Any]]) -> None:
        self.versions = {number: [_kept(number, 1, members)] for number, members in first.items()}
        self.gone: dict[int, list[dict[str, Any]]] = {}

    def one(self, number: int) -> Any:
        if number not in self.versions:
            return problem(404, "saved-query-unknown", "There is no such saved query.")
        return self.versions[number][-1]

    def add(self, body: dict[str, Any]) -> Any:
        if "taken" in body["name"]:
            return problem(400, "name-taken", f"There is already a dashboard called '{body['name']}'.")
        if refused := _refusal(body):
            return refused
        number = max((*self.versions, *self.gone), default=0) + 1
        self.versions[number] = [_kept(number, 1, body)]
        return self.versions[number][-1], 201

    def change(self, number: int) -> Any:
        body = request.get_json()
        mine = self.versions[number]
        if request.headers.get("If-Match") != f'"{len(mine)}"':
            return problem(412, "changed-meanwhile", "It was changed meanwhile.", hint="Read it again.")
        if refused := _refusal(body):
            return refused
        mine.append(_kept(number, len(mine) + 1, {**mine[-1], **body}))
        return mine[-1]

    def drop(self, number: int) -> Any:
        self.gone[number] = self.versions.pop(number)
        return Response(status=204)

    def back(self, number: int) -> Any:
        self.versions[number] = self.gone.pop(number)
        return self.versions[number][-1]

    def star(self, number: int) -> Any:
        self.versions[number][-1]["starred"] = request.method == "PUT"
        return Response(status=204)

    def listed(self) -> list[dict[str, Any]]:
        search = request.args.get("search", "").lower()
        newest = [versions[-1] for versions in self.versions.values()]
        found = [one for one in newest if search in one["name"].lower()]
        return [one for one in found if one["starred"] or "starred" not in request.args]


def _refusal(body: dict[str, Any]) -> Any:
    for place, one in enumerate(body.get("content", {}).get("panels", [])):
        if "refuse" in one["text"]:
            fault = {"field": f"content.panels.{place}.text", "detail": "cannot be read: there is no stage `refuse`"}
            return problem(400, "dashboard-invalid", "Refused.", errors=[fault])
    return None


class _Boards(_Store):
    """Dashboards."""

    def __init__(self) -> None:
        super().__init__(
            {
                1: {"name": "Every picture", "content": EVERY, "sharing": "organisation"},
                2: {"name": "Empty one", "content": content()},
                3: {"name": "<img src=x onerror=window.hacked=1>", "content": HOSTILE, "may_change": False},
            }
        )

    def page(self) -> Any:
        if "broken" in request.args.get("search", ""):
            return problem(503, "metadata-unavailable", "The metadata database does not answer.")
        return {"items": [self.summary(one) for one in self.listed()], "next": None}

    def summary(self, one: dict[str, Any]) -> dict[str, Any]:
        return {
            **{name: value for name, value in one.items() if name != "content"},
            "panels": len(one["content"]["panels"]),
        }

    def make(self) -> Any:
        body = request.get_json()
        return self.add({"content": content(), **body})

    def history(self, number: int) -> Any:
        return {"items": [self.summary(one) for one in reversed(self.versions[number])], "next": None}

    def restore(self, number: int, version: int) -> Any:
        mine = self.versions[number]
        mine.append(_kept(number, len(mine) + 1, mine[version - 1]))
        return mine[-1]

    def export(self, number: int) -> Any:
        one = self.versions[number][-1]
        head = {"format": "amber-dashboard", "version": 1, "name": one["name"], "description": one["description"]}
        return {**head, **one["content"]}

    def bring(self) -> Any:
        body = request.get_json()
        file = body["file"]
        if file.get("version") != 1:
            fault = {"field": "file.version", "detail": "is 2, and this Amber reads up to 1: update Amber"}
            return problem(400, "dashboard-invalid", "Refused.", errors=[fault])
        shown = {name: file[name] for name in ("range", "refresh_s", "variables", "panels") if name in file}
        return self.add({"name": body.get("name") or file["name"], "content": {**content(), **shown}})

    def starters(self) -> Any:
        return {"items": [{"key": key, "file": file.model_dump(mode="json")} for key, file in starters().items()]}


class _Views(_Store):
    """Views."""

    def __init__(self) -> None:
        plain = {"default": "", "page": "issues"}
        groups = "q=from%20errors%20%7C%20summarize%20n%3Dcount()%20by%20error.type"
        shared = {"search": "q=is%3Aunresolved&sort=users", "sharing": "organisation"}
        super().__init__(
            {
                1: {**plain, **shared, "name": "Whom it hits"},
                2: {**plain, "name": "By type", "page": "discover", "search": groups},
                3: {**plain, "name": "<b>x</b>\u202e", "search": "q=x", "may_change": False},
            }
        )

    def page(self) -> Any:
        found = [one for one in self.listed() if one["page"] == request.args["page"]]
        opens = next((one["id"] for one in found if one["default"] == "mine"), None)
        return {"items": found, "opens": opens, "next": None}

    def make(self) -> Any:
        return self.add({"default": "", **request.get_json()})

    def begin(self, number: int) -> Any:
        self.versions[number][-1]["default"] = "mine" if request.method == "PUT" else ""
        return Response(status=204)


def routes() -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("fake_boards", __name__, url_prefix="/api/v1")
    boards, views = _Boards(), _Views()
    rules: list[tuple[str, str, Callable[..., Any]]] = [
        ("GET", "/dashboards/starters", boards.starters),
        ("POST", "/dashboards/import", boards.bring),
        ("GET", "/dashboards/<int:number>/versions", boards.history),
        ("POST", "/dashboards/<int:number>/versions/<int:version>/restore", boards.restore),
        ("GET", "/dashboards/<int:number>/export", boards.export),
        ("PUT", "/views/<int:number>/default", views.begin),
        ("DELETE", "/views/<int:number>/default", views.begin),
    ]
    for path, store in (("/dashboards", boards), ("/views", views)):
        rules += [
            ("GET", path, store.page),
            ("POST", path, store.make),
            ("GET", f"{path}/<int:number>", store.one),
            ("PATCH", f"{path}/<int:number>", store.change),
            ("DELETE", f"{path}/<int:number>", store.drop),
            ("POST", f"{path}/<int:number>/bring-back", store.back),
            ("PUT", f"{path}/<int:number>/star", store.star),
            ("DELETE", f"{path}/<int:number>/star", store.star),
        ]
    for method, rule, answer in rules:
        blueprint.add_url_rule(rule, f"{method}{rule}".replace("/", "_"), answer, methods=[method])
    return blueprint
