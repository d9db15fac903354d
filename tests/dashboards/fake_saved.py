"""Answers for saved queries: a few of them in memory, with versions, as the real API keeps them.

A name that holds `taken` is taken, one that holds `gone` is missing; the search `broken` fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, request

from tests.dashboards.fake import problem

CHANGED_AT: Final = "2026-02-20T10:00:00Z"
SENTRY_TEXT: Final = "from errors last 7d | summarize count=count() by title | sort count desc"


def _first() -> dict[int, list[dict[str, Any]]]:
    worst = {
        "name": "Worst issues",
        "text": "from errors | summarize n=count() by error.type",
        "sharing": "organisation",
    }
    older = {**worst, "text": "from errors | summarize n=count() by environment | sort n desc | limit 100"}
    by_level = {
        "name": "By level",
        "text": "from errors | where level = $level",
        "parameters": [{"name": "level", "type": "string", "default": None, "description": "Level of the event"}],
    }
    as_sql = {"name": "In SQL", "text": "SELECT count() AS n FROM errors", "language": "sql", "starred": True}
    filter_ = {"name": "<img src=x onerror=alert(1)>", "text": "level:error", "kind": "filter", "may_change": False}
    return {
        1: [_document(1, 1, older), _document(1, 2, worst)],
        2: [_document(2, 1, by_level)],
        3: [_document(3, 1, as_sql)],
        4: [_document(4, 1, filter_)],
    }


def _document(number: int, version: int, members: dict[str, Any]) -> dict[str, Any]:
    plain = {
        "description": "",
        "kind": "query",
        "language": "discover",
        "parameters": [],
        "sharing": "private",
        "owner": "ada@example.org",
        "owner_id": 1,
        "own": True,
        "may_change": True,
        "starred": False,
        "author": "user:ada@example.org",
        "created_at": CHANGED_AT,
        "changed_at": CHANGED_AT,
    }
    return plain | members | {"id": number, "version": version, "newest": version}


class _Saved:
    """What is saved: the versions by number, oldest first."""

    def __init__(self) -> None:
        self.versions = _first()

    def newest(self, number: int) -> dict[str, Any]:
        return self.versions[number][-1]

    def page(self) -> Any:
        search = request.args.get("search", "")
        if "broken" in search:
            return problem(503, "metadata-unavailable", "The metadata database does not answer.")
        found = [
            self.newest(number) for number in self.versions if search.lower() in self.newest(number)["name"].lower()
        ]
        starred = [one for one in found if one["starred"] or "starred" not in request.args]
        return {"items": sorted(starred, key=lambda one: one["name"].lower()), "next": None}

    def one(self, number: int) -> Any:
        return self.newest(number) if number in self.versions else _gone()

    def version(self, number: int, version: int) -> Any:
        return {**self.versions[number][version - 1], "newest": len(self.versions[number])}

    def history(self, number: int) -> Any:
        items = [self.version(number, one["version"]) for one in reversed(self.versions[number])]
        return {"items": items, "next": None}

    def add(self) -> Any:
        body = request.get_json()
        if refusal := _refusal(body):
            return refusal
        number = max(self.versions, default=0) + 1
        self.versions[number] = [_document(number, 1, body)]
        return self.newest(number), 201

    def change(self, number: int) -> Any:
        body = request.get_json()
        if request.headers.get("If-Match") != f'"{len(self.versions[number])}"':
            return problem(412, "changed-meanwhile", "The saved query was changed meanwhile.")
        if refusal := _refusal(body):
            return refusal
        return self._next(number, body)

    def restore(self, number: int, version: int) -> Any:
        return self._next(number, self.versions[number][version - 1])

    def _next(self, number: int, members: dict[str, Any]) -> dict[str, Any]:
        made = _document(number, len(self.versions[number]) + 1, {**self.newest(number), **members})
        self.versions[number].append(made)
        return made

    def star(self, number: int) -> Any:
        self.newest(number)["starred"] = request.method == "PUT"
        return Response(status=204)

    def drop(self, number: int) -> Any:
        del self.versions[number]
        return Response(status=204)


def _refusal(body: dict[str, Any]) -> Any:
    if "taken" in body["name"]:
        return problem(400, "name-taken", f"There is already a saved query called '{body['name']}'.")
    if "sumarize" in body["text"]:
        return problem(400, "query-syntax", "There is no stage `sumarize`.", hint="Did you mean summarize?")
    return None


def _gone() -> Any:
    return problem(404, "saved-query-unknown", "There is no such saved query.")


def _imported() -> Any:
    if "nonsense" in request.get_json()["source"]:
        return problem(400, "sentry-url-unknown", "This is no URL of a query of Sentry.")
    warnings = ["The column frobnicate() is left out: there is nothing like it."]
    return {"items": [{"name": "", "text": SENTRY_TEXT, "chart": "", "warnings": warnings}], "next": None}


def routes() -> Blueprint:
    """Return the routes of saved queries."""
    blueprint = Blueprint("fake_saved", __name__, url_prefix="/api/v1/saved-queries")
    saved = _Saved()
    rules: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("GET", "", saved.page),
        ("POST", "", saved.add),
        ("POST", "/import", _imported),
        ("GET", "/<int:number>", saved.one),
        ("PATCH", "/<int:number>", saved.change),
        ("DELETE", "/<int:number>", saved.drop),
        ("GET", "/<int:number>/versions", saved.history),
        ("GET", "/<int:number>/versions/<int:version>", saved.version),
        ("POST", "/<int:number>/versions/<int:version>/restore", saved.restore),
        ("PUT", "/<int:number>/star", saved.star),
        ("DELETE", "/<int:number>/star", saved.star),
    )
    for method, rule, answer in rules:
        blueprint.add_url_rule(rule, f"{method}{rule}".replace("/", "_"), answer, methods=[method])
    return blueprint
